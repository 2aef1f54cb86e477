import { expect } from 'chai';
import { PayloadCheck } from '../../../embedded/media/stages/payload-check.ts';
import { arrival, remote } from './helpers.ts';

function take(payloadType: number, length: number, fields: Parameters<typeof remote>[0] = {}): boolean {
  const check = new PayloadCheck();
  check.arm(remote(fields));
  return check.take(arrival({ payloadType, payload: new Uint8Array(length) }));
}

describe('payload check', () => {
  it('lets pass what was negotiated, and comfort noise', () => {
    expect(take(0, 160)).to.equal(true);
    expect(take(101, 4)).to.equal(true);
    expect(take(13, 1)).to.equal(true);
    expect(take(19, 1, { comfortNoisePayloadType: 19 })).to.equal(true);
  });

  it('drops other payload types', () => {
    for (const payloadType of [8, 3, 9, 18, 96, 102, 127])
      expect(take(payloadType, 160), `${payloadType}`).to.equal(false);
    expect(take(101, 4, { telephoneEventPayloadType: undefined as unknown as number })).to.equal(false);
  });

  it('drops lengths that make no sense', () => {
    expect(take(0, 0)).to.equal(false);
    expect(take(0, 1600)).to.equal(true);
    expect(take(0, 1601)).to.equal(false);
    expect(take(101, 3)).to.equal(false);
    expect(take(13, 0)).to.equal(false);
  });

  it('drops everything before there is an SDP', () => {
    expect(new PayloadCheck().take(arrival())).to.equal(false);
  });
});
