import { expect } from 'chai';
import { joinRequest } from '../../../config/contract/index.ts';
import {
  digitsOf,
  groupDigits,
  telLink,
  toRequest,
  wayOf,
} from '../../../web-gateway/client/src/pages/join/join-form.ts';

const form = (code: string, name = 'Ada', personalCode = '') => ({ code, name, personalCode });

describe('the join page’s form', () => {
  it('takes codes as people write them', () => {
    for (const typed of ['123456789', '123 456 789', '123-456-789', '123.456.789#', ' 123\u00a0456 789 ']) {
      expect(digitsOf(typed), typed).to.equal('123456789');
    }
    expect(groupDigits('123456789')).to.equal('123 456 789');
    expect(groupDigits('12345678')).to.equal('123 456 78');
  });

  it('tells codes from invitations in the address', () => {
    expect(wayOf(undefined)).to.deep.equal({ code: '' });
    expect(wayOf('123-456-789')).to.deep.equal({ code: '123456789' });
    expect(wayOf('AAAAAAAAAAAAAAAAAAAAAA')).to.deep.equal({ invitation: 'AAAAAAAAAAAAAAAAAAAAAA' });
    expect(wayOf('<script>')).to.deep.equal({ code: '' });
  });

  it('sends only what the server’s schema takes', () => {
    const requests = [
      toRequest(form('123 456 789', '  Ada  '), undefined),
      toRequest(form('123456789', 'Ada', '98 76 54'), undefined),
      toRequest(form('', ''), 'AAAAAAAAAAAAAAAAAAAAAA'),
      toRequest(form('', 'Ada'), 'AAAAAAAAAAAAAAAAAAAAAA'),
    ].map((made) => ('request' in made ? made.request : null));
    expect(requests).to.deep.equal([
      { code: '123456789', name: 'Ada' },
      { code: '123456789', name: 'Ada', personalCode: '987654' },
      { invitation: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { invitation: 'AAAAAAAAAAAAAAAAAAAAAA', name: 'Ada' },
    ]);
    for (const request of requests) expect(joinRequest.safeParse(request).success).to.equal(true);
  });

  it('says what is missing or wrong, field by field', () => {
    const errors = (...parts: Parameters<typeof form>) => {
      const made = toRequest(form(...parts), undefined);
      return 'errors' in made ? Object.keys(made.errors) : [];
    };
    expect(errors('', '')).to.deep.equal(['code', 'name']);
    expect(errors('abc')).to.deep.equal(['code']);
    expect(errors('123')).to.deep.equal(['code']);
    expect(errors('123456789', ' ', 'x')).to.deep.equal(['name', 'personalCode']);
  });

  it('makes links by which a phone keys the code', () => {
    expect(telLink('+1 555-0100', '123456789')).to.equal('tel:+15550100,,123456789%23');
    expect(telLink('+15550100', undefined)).to.equal('tel:+15550100');
  });
});
