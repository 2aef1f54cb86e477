import { expect } from 'chai';
import {
  createConferenceRequest,
  errorCatalogue,
  PartylineError,
  terminationReasons,
} from '../../../config/contract/index.ts';

describe('contract', () => {
  it('gives each error a sentence and a status that fits its class', () => {
    for (const [code, entry] of Object.entries(errorCatalogue)) {
      expect(code, code).to.match(/^[a-z]+\/[a-z-]+$/);
      expect(entry.text, code).to.match(/\.$/);
      const status = 'http' in entry ? entry.http : undefined;
      if (status !== undefined && status < 500) expect(entry.fault, code).to.be.oneOf(['caller', 'us']);
    }
  });

  it('gives each way a call ends a class and a sentence', () => {
    for (const [reason, entry] of Object.entries(terminationReasons)) {
      expect(reason).to.match(/^[a-z]+(-[a-z]+)*$/);
      expect(entry.text).to.match(/\.$/);
    }
  });

  it('lets an error carry its detail without losing its sentence', () => {
    const error = new PartylineError('request/invalid', { detail: 'title is missing.' });
    expect(error.code).to.equal('request/invalid');
    expect(error.entry.http).to.equal(400);
    expect(error.message).to.equal('The request does not fit the schema. title is missing.');
  });

  it('takes names as text only', () => {
    expect(createConferenceRequest.safeParse({ title: 'Weekly <b>call</b>' }).success).to.equal(true);
    expect(createConferenceRequest.safeParse({ title: 'a\r\nb' }).success).to.equal(false);
    expect(createConferenceRequest.safeParse({ title: '   ' }).success).to.equal(false);
    expect(createConferenceRequest.safeParse({ title: 'x', extra: 1 }).success).to.equal(false);
  });
});
