/** The person's own microphone while they are in: another one when they choose it, or when this one goes. None after `close`. */

/** What is needed of a MediaStreamTrack here, so that it can be tested where there are none. */
export interface Track {
  stop(): void;
  addEventListener(type: 'ended', listener: () => void): void;
}

export interface OwnMicrophonePorts<T extends Track> {
  /** @throws MicrophoneUnavailable */
  readonly open: (deviceId?: string) => Promise<T>;
  /** Another one is sent from now on. */
  readonly onChange: (track: T) => Promise<void> | undefined;
}

export class OwnMicrophone<T extends Track> {
  readonly #ports: OwnMicrophonePorts<T>;
  #track: T;
  #closed = false;

  constructor(track: T, ports: OwnMicrophonePorts<T>) {
    this.#ports = ports;
    this.#track = track;
    this.#fallBackWhenItGoes();
  }

  get track(): T {
    return this.#track;
  }

  /** @throws MicrophoneUnavailable */
  async choose(deviceId?: string): Promise<void> {
    const track = await this.#ports.open(deviceId);
    // The browser may have asked the person first, who has left meanwhile.
    if (this.#closed) {
      track.stop();
      return;
    }
    this.#track.stop();
    this.#track = track;
    this.#fallBackWhenItGoes();
    await this.#ports.onChange(track);
  }

  close(): void {
    this.#closed = true;
    this.#track.stop();
  }

  /** A headset that was pulled out: the call goes on with whatever else there is. */
  #fallBackWhenItGoes(): void {
    const track = this.#track;
    track.addEventListener('ended', () => {
      if (this.#track === track && !this.#closed) void this.choose().catch(() => undefined);
    });
  }
}
