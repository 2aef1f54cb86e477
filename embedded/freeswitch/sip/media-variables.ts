/** Channel variables that tell of the negotiated media. */
import type { EslEventValue } from '../../wire/esl-event.ts';
import type { LocalMedia, Negotiated } from './negotiation.ts';

type Variable = readonly [string, EslEventValue | undefined];

/** What fsmrf reads as the endpoint's local and remote side, and the rest of what the real server tells. */
export function mediaVariables(
  local: LocalMedia,
  localSdp: string,
  remoteSdp: string | undefined,
  negotiated: Negotiated | undefined,
): Variable[] {
  const where: Variable[] = [
    ['local_media_ip', local.address],
    ['local_media_port', String(local.port)],
    ['advertised_media_ip', local.address],
    ['rtp_local_sdp_str', localSdp],
  ];
  if (!negotiated || remoteSdp === undefined) return where;
  const { codec, telephoneEvent, secure } = negotiated;
  return [
    ['switch_r_sdp', remoteSdp],
    ['ep_codec_string', `CORE_PCM_MODULE.${codec.name}@8000h@20i@64000b`],
    ['rtp_use_codec_string', 'PCMU,PCMA'],
    ['remote_video_media_flow', 'inactive'],
    ['remote_text_media_flow', 'inactive'],
    ['remote_audio_media_flow', negotiated.direction],
    ['audio_media_flow', negotiated.direction],
    ['rtp_audio_recv_pt', String(codec.payloadType)],
    ['rtp_use_codec_name', codec.name],
    ['rtp_use_codec_rate', '8000'],
    ['rtp_use_codec_ptime', String(negotiated.ptime)],
    ['rtp_use_codec_channels', '1'],
    ['rtp_last_audio_codec_string', `${codec.name}@8000h@${negotiated.ptime}i@1c`],
    ['read_codec', codec.name],
    ['original_read_codec', codec.name],
    ['read_rate', '8000'],
    ['original_read_rate', '8000'],
    ['write_codec', codec.name],
    ['write_rate', '8000'],
    ...(secure ? securedVariables(negotiated) : []),
    ['dtmf_type', telephoneEvent === undefined ? 'info' : 'rfc2833'],
    ...where.slice(0, 3),
    ['rtp_use_timer_name', 'soft'],
    ['rtp_use_pt', String(codec.payloadType)],
    ['rtp_use_ssrc', local.secure && String(local.secure.ssrc)],
    ['rtp_2833_send_payload', telephoneEvent === undefined ? undefined : String(telephoneEvent)],
    ['rtp_2833_recv_payload', telephoneEvent === undefined ? undefined : String(telephoneEvent)],
    ['remote_media_ip', negotiated.address],
    ['remote_media_port', String(negotiated.port)],
    ...where.slice(3),
  ];
}

/** Where the peer's candidate is; RTCP shares the port. */
function securedVariables({ address, port }: Negotiated): Variable[] {
  return [
    ['remote_audio_ip', address],
    ['remote_audio_port', String(port)],
    ['remote_audio_rtcp_ip', address],
    ['remote_audio_rtcp_port', String(port)],
  ];
}

/** Told once the handshake is done. */
export const CRYPTO_VARIABLE: Variable = ['rtp_has_crypto', 'srtp:dtls:AES_CM_128_HMAC_SHA1_80'];
