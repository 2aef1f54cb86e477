import type { RtpPacket } from '../../wire/rtp.ts';

/** One RTP packet that came in, on its way through the receiving stages. */
export interface Arrival {
  readonly packet: RtpPacket;
  readonly address: string;
  readonly port: number;
  /** Engine clock, milliseconds. */
  readonly atMs: number;
}

/** One job of the receiving side: hands the packet on, or keeps (or drops) it by answering false. */
export interface ReceiveStage {
  take(arrival: Arrival): boolean;
}
