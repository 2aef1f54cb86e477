import { expect } from 'chai';
import { createLogger, redactText, REDACTED_FIELDS } from '../../../config/index.ts';

const captured = () => {
  const lines: string[] = [];
  const logger = createLogger({ logLevel: 'trace' }, { write: (line) => lines.push(line) });
  return { logger, text: () => lines.join('') };
};

describe('logger', () => {
  it('redacts every secret field at the top and two levels down, in children too', () => {
    for (const field of REDACTED_FIELDS) {
      const { logger, text } = captured();
      logger.info({ [field]: 's3cret-a', outer: { [field]: 's3cret-b', inner: { [field]: 's3cret-c' } } }, 'said');
      logger.child({ callId: 'x', [field]: 's3cret-d' }).warn({ [field]: 's3cret-e' }, 'said again');
      expect(text(), field).not.to.contain('s3cret');
    }
  });

  it('keeps digest answers out of errors that carry a SIP message', () => {
    const { logger, text } = captured();
    const message = 'rejected:\r\nAuthorization: Digest username="a", response="d1ge5t"\r\nVia: x';
    logger.error({ err: new Error(message) }, 'failed');
    expect(text()).not.to.contain('d1ge5t');
    expect(text()).to.contain('Via: x');
    expect(redactText('Proxy-Authorization: Digest response="x"')).to.equal('Proxy-Authorization: [redacted]');
  });

  it('writes one JSON line per event with an ISO time and the level', () => {
    const { logger, text } = captured();
    logger.info({ callId: 'abc' }, 'call ended');
    const line = JSON.parse(text()) as Record<string, unknown>;
    expect(line).to.include({ callId: 'abc', msg: 'call ended', level: 30 });
    expect(line['time']).to.match(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('keeps the stable code of an error', () => {
    const { logger, text } = captured();
    logger.warn({ err: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) }, 'failed');
    expect(text()).to.contain('ECONNREFUSED');
  });
});
