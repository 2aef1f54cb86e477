/** What is heard: one audio element, on the speaker that was chosen. */
import { canChooseSpeaker } from './devices.ts';

const TEST_TONES_HZ = [523.25, 659.25, 783.99];
const TEST_TONE_SECONDS = 0.18;

export class Player {
  readonly #element = new Audio();
  readonly #listeners = new Set<() => void>();
  #blocked = false;
  #speakerId: string | undefined;

  constructor(speakerId?: string) {
    this.#element.autoplay = true;
    if (speakerId !== undefined) void this.choose(speakerId);
  }

  /** The browser wants a click before it plays anything. */
  get blocked(): boolean {
    return this.#blocked;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  play(stream: MediaStream): void {
    this.#element.srcObject = stream;
    this.resume();
  }

  /** To be called from a click when it is blocked. */
  resume(): void {
    this.#element.play().then(
      () => this.#setBlocked(false),
      (error: unknown) => this.#setBlocked(error instanceof Error && error.name === 'NotAllowedError'),
    );
  }

  /** A speaker that is not there any more is the system's choice again. */
  async choose(speakerId: string): Promise<void> {
    if (!canChooseSpeaker()) return;
    this.#speakerId = speakerId;
    await this.#element.setSinkId(speakerId).catch(() => this.#element.setSinkId(''));
  }

  stop(): void {
    this.#element.pause();
    this.#element.srcObject = null;
  }

  /** Three short notes on the chosen speaker. */
  async testSound(): Promise<void> {
    const context = new AudioContext();
    const output = context.createMediaStreamDestination();
    const element = new Audio();
    element.srcObject = output.stream;
    if (this.#speakerId !== undefined && canChooseSpeaker())
      await element.setSinkId(this.#speakerId).catch(() => undefined);
    const volume = new GainNode(context, { gain: 0.15 });
    volume.connect(output);
    TEST_TONES_HZ.forEach((frequency, index) => {
      const tone = new OscillatorNode(context, { frequency, type: 'sine' });
      tone.connect(volume);
      tone.start(context.currentTime + index * TEST_TONE_SECONDS);
      tone.stop(context.currentTime + (index + 1) * TEST_TONE_SECONDS);
      if (index === TEST_TONES_HZ.length - 1) tone.onended = () => void context.close();
    });
    await element.play();
  }

  #setBlocked(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    for (const listener of [...this.#listeners]) listener();
  }
}
