import { expect } from 'chai';
import fc from 'fast-check';
import { errorCatalogue, PartylineError, type ErrorCode } from '../../../config/contract/index.ts';
import { depthExceeds } from '../../../web-gateway/server/api-router.ts';
import { maskNumber } from '../../../web-gateway/server/room-view.ts';
import { html } from '../../../web-gateway/server/pages/html.ts';
import { problemOf, toPartylineError } from '../../../web-gateway/server/problems.ts';

describe('web gateway: small pieces', () => {
  it('masks all but the last digits of a number', () => {
    expect(maskNumber('+49 30 901820')).to.equal('•••••••820');
    expect(maskNumber('201')).to.equal('•01');
    expect(maskNumber('7')).to.equal('•');
    expect(maskNumber('anonymous')).to.equal('');
  });

  it('never shows more than three digits, nor half of a short number', () => {
    fc.assert(
      fc.property(fc.string(), (number) => {
        const shown = maskNumber(number).replace(/•/g, '');
        const digits = number.replace(/\D/g, '');
        expect(shown.length).to.be.at.most(3);
        if (digits !== '') expect(shown.length).to.be.lessThan(digits.length);
      }),
    );
  });

  it('escapes everything that is put into a page', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const inside = html`<p title="${text}">${text}</p>`.html.slice('<p title="'.length, -'</p>'.length);
        expect(inside.replace('">', '')).not.to.match(/[<>"']/);
      }),
    );
  });

  it('measures depth without using up the stack', () => {
    const deep = JSON.parse(`${'[{"a":'.repeat(10_000)}1${'}]'.repeat(10_000)}`) as unknown;
    expect(depthExceeds(deep, 16)).to.equal(true);
    expect(depthExceeds({ a: [{ b: 1 }] }, 3)).to.equal(false);
    expect(depthExceeds(undefined, 1)).to.equal(false);
  });

  it('makes a problem of every error of the catalogue, and of none a secret', () => {
    for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
      const shown = problemOf(new PartylineError(code));
      expect(shown).to.include({ code, title: errorCatalogue[code].text });
      expect(shown.status).to.be.within(400, 599);
    }
    const unexpected = problemOf(toPartylineError(new Error('password hunter2')));
    expect(JSON.stringify(unexpected)).not.to.contain('hunter2');
    expect(unexpected.code).to.equal('internal/unexpected');
  });
});
