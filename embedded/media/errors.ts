/** Why the media engine could not do what it was asked. */
export type MediaErrorCode =
  | 'media/no-free-port'
  | 'media/engine-stopped'
  | 'media/engine-failed'
  | 'media/unknown-port'
  | 'media/unknown-room'
  | 'media/unknown-member'
  | 'media/member-exists'
  | 'media/cannot-record'
  | 'media/not-recording';

export class MediaError extends Error {
  override readonly name = 'MediaError';
  readonly code: MediaErrorCode;
  readonly detail: string;

  constructor(code: MediaErrorCode, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.detail = detail;
  }
}
