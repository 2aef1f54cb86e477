import { expect } from 'chai';
import { plainOnly, refuseSecure } from '../../../bridge/media/plain-offer.ts';

const SESSION = 'v=0\r\no=FreeSWITCH 1 1 IN IP4 127.0.0.1\r\ns=FreeSWITCH\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
const SECURE = 'm=audio 30000 RTP/SAVP 0 8 101\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\na=ptime:20\r\n';
const PLAIN = 'm=audio 30000 RTP/AVP 0 8 101\r\na=ptime:20\r\n';

describe('the offer of a media server', () => {
  it('is acknowledged without its encrypted stream', () => {
    expect(refuseSecure(SESSION + SECURE + PLAIN)).to.equal(`${SESSION}m=audio 0 RTP/SAVP 0 8 101\r\n${PLAIN}`);
  });

  it('goes to telephones without it', () => {
    expect(plainOnly(SESSION + SECURE + PLAIN)).to.equal(SESSION + PLAIN);
  });

  it('stays as it is when there is one stream only', () => {
    for (const sdp of [SESSION + PLAIN, SESSION + SECURE, SESSION, '']) {
      expect(refuseSecure(sdp)).to.equal(sdp);
      expect(plainOnly(sdp)).to.equal(sdp);
    }
  });
});
