/** A connected application, as the SIP side of the server sees it. */
export interface ClientPort {
  /** False once its connection is gone: nothing reaches it any more. */
  readonly connected: boolean;
  /** Sends a frame; its id is added. Without effect when the client is gone. */
  send(tokens: readonly string[], sip?: Buffer): void;
}
