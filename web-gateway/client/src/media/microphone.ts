/** The microphone: asking for it, why it was not given, and silence in its place. */

/** refused: by the person or by policy. none: there is no such device. in-use: another program has it. insecure: not over https. */
export type MicrophoneTrouble = 'refused' | 'none' | 'in-use' | 'insecure' | 'unknown';

export class MicrophoneUnavailable extends Error {
  override readonly name = 'MicrophoneUnavailable';
  readonly trouble: MicrophoneTrouble;

  constructor(trouble: MicrophoneTrouble, cause?: unknown) {
    super(`no microphone: ${trouble}`, { cause });
    this.trouble = trouble;
  }
}

const TROUBLES: Readonly<Record<string, MicrophoneTrouble>> = {
  NotAllowedError: 'refused',
  SecurityError: 'refused',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'in-use',
  AbortError: 'in-use',
};

export const troubleOf = (error: unknown): MicrophoneTrouble =>
  (error instanceof Error ? TROUBLES[error.name] : undefined) ?? 'unknown';

/** Browsers give microphones to https pages and to this machine's own only. */
export const canUseMicrophone = (): boolean => 'mediaDevices' in navigator && window.isSecureContext;

/**
 * @param deviceId the one that was chosen before; when it is not there any more, any other will do
 * @throws MicrophoneUnavailable
 */
export async function openMicrophone(deviceId?: string): Promise<MediaStreamTrack> {
  if (!canUseMicrophone()) throw new MicrophoneUnavailable('insecure');
  try {
    return await open(deviceId);
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble !== 'none' || deviceId === undefined) throw new MicrophoneUnavailable(trouble, error);
  }
  try {
    return await open();
  } catch (error) {
    throw new MicrophoneUnavailable(troubleOf(error), error);
  }
}

async function open(deviceId?: string): Promise<MediaStreamTrack> {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: false,
    audio: {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
    },
  });
  const [track] = stream.getAudioTracks();
  if (track === undefined) throw new MicrophoneUnavailable('none');
  return track;
}

/** For those who only listen: the call is the same, and a microphone may be plugged in later. */
export function silence(): MediaStreamTrack {
  const context = new AudioContext();
  // After a reload the browser wants a click first; until then the context stands still and sends nothing.
  if (context.state === 'suspended')
    document.addEventListener('pointerdown', () => void context.resume(), { once: true });
  const [track] = context.createMediaStreamDestination().stream.getAudioTracks();
  if (track === undefined) throw new MicrophoneUnavailable('unknown');
  return track;
}
