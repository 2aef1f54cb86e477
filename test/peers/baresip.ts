/**
 * A telephone that is not ours: baresip, from its Debian package. Each has a folder, a SIP port and a tone of its own,
 * needs no sound hardware, stays on loopback, and writes down what it hears.
 */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cut, lengthMs, makeSilence, makeTone } from '../helpers/tones.ts';
import { readWav, writeWav, type Sound } from '../helpers/wav.ts';
import { BaresipControl, type BaresipEvent } from './baresip-control.ts';
import { OwnedProcess } from './owned-process.ts';
import { openPorts } from './proc.ts';

export interface BaresipOptions {
  /** What it says all the time, in Hz; absent: silence. */
  readonly tone?: number;
  readonly displayName?: string;
  /** User part of its address. */
  readonly user?: string;
  /** Codecs it offers, in its order. */
  readonly codecs?: readonly ('pcmu' | 'pcma')[];
  readonly transport?: 'udp' | 'tcp';
  /** What it does with a call that comes in. Default: answers. */
  readonly answer?: 'auto' | 'manual';
  readonly address?: string;
}

/** How long its tone lasts: longer than any test. baresip reads it into memory. */
const TONE_MS = 180_000;
const WAV_HEADER_BYTES = 44;
const BYTES_PER_MS = 16;
/** A call that is still up would keep it for the 32 s of an unanswered BYE. */
const GRACE_MS = 300;
/** It announces nothing when a file grows; this is how often we look. */
const LOOK_MS = 25;

const configuration = (folder: string, address: string) => `
poll_method epoll
sip_listen ${address}:0
net_interface ${address}
call_local_timeout 120
call_max_calls 4
audio_source aufile,${join(folder, 'says.wav')}
ausrc_srate 8000
ausrc_channels 1
auplay_srate 8000
auplay_channels 1
rtp_ports 1024-65535
jitter_buffer_delay 1-10
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:0
snd_path ${folder}
`;

export class Baresip {
  readonly tone: number | undefined;
  readonly sipPort: number;
  readonly #address: string;
  readonly #process: OwnedProcess;
  readonly #control: BaresipControl;
  readonly #folder: string;
  #callMark = 0;

  private constructor(parts: {
    options: BaresipOptions;
    process: OwnedProcess;
    control: BaresipControl;
    folder: string;
    sipPort: number;
  }) {
    this.tone = parts.options.tone;
    this.#address = parts.options.address ?? '127.0.0.1';
    this.sipPort = parts.sipPort;
    this.#process = parts.process;
    this.#control = parts.control;
    this.#folder = parts.folder;
  }

  static async start(options: BaresipOptions = {}): Promise<Baresip> {
    const folder = await mkdtemp(join(tmpdir(), 'partyline-baresip-'));
    let owned: OwnedProcess | undefined;
    try {
      await writeFolder(folder, options);
      owned = await OwnedProcess.start('baresip', ['-4', '-v', '-s', '-f', folder], { graceMs: GRACE_MS });
      await owned.printed(/baresip is ready/);
      const ports = openPorts(owned.pid);
      const sip = ports.find(({ protocol, loopback }) => protocol === 'udp' && loopback);
      const control = ports.filter(({ protocol }) => protocol === 'tcp').at(-1); // the last module opened it
      if (!sip || !control) throw new Error(`baresip opened no ports:\n${owned.output}`);
      const connection = await BaresipControl.open(control.port);
      return new Baresip({ options, process: owned, control: connection, folder, sipPort: sip.port });
    } catch (error) {
      await owned?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Where others reach it. */
  get uri(): string {
    return `sip:phone@${this.#address}:${this.sipPort}`;
  }

  /** SIP messages and remarks, for the one who looks for a fault. */
  get log(): string {
    return this.#process.output;
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Sends the INVITE; what comes of it tell `established` and `closed`. */
  async dial(uri: string): Promise<void> {
    await this.#forgetSound();
    this.#callMark = this.#control.mark;
    await this.#control.command('dial', uri);
  }

  /** Says that what follows is about the next call that comes in. */
  async expectCall(): Promise<void> {
    await this.#forgetSound();
    this.#callMark = this.#control.mark;
  }

  /** A call that came in and was answered, or one of ours that was. */
  async established(timeoutMs = 10_000): Promise<void> {
    const event = await this.#next(['CALL_ESTABLISHED', 'CALL_CLOSED'], timeoutMs);
    if (event.type === 'CALL_CLOSED') throw new Error(`the call ended before it was answered: ${event.param}`);
  }

  async ringing(timeoutMs = 10_000): Promise<void> {
    await this.#next(['CALL_RINGING', 'CALL_INCOMING', 'CALL_PROGRESS'], timeoutMs);
  }

  /**
   * The end of the call and the reason: "Connection reset by peer" is a BYE of the other side, "Connection reset by user"
   * our own, otherwise the status ("488 Not Acceptable Here").
   */
  async closed(timeoutMs = 10_000): Promise<string> {
    return (await this.#next(['CALL_CLOSED'], timeoutMs)).param;
  }

  get isInCall(): boolean {
    const types = this.#control.eventsSince(this.#callMark).map(({ type }) => type);
    return types.includes('CALL_ESTABLISHED') && !types.includes('CALL_CLOSED');
  }

  /** Takes the call that comes in; only with `answer: 'manual'`. */
  async accept(): Promise<void> {
    await this.#control.command('accept');
  }

  /** Keys digits, 100 ms each and as much between them (RFC 4733). Resolves when they are queued. */
  async keys(digits: string): Promise<void> {
    if (!/^[0-9*#A-D]+$/.test(digits)) throw new Error(`not digits: ${digits}`);
    await this.#control.command('sndcode', digits);
  }

  /** Digits the other side keyed, so far. */
  get keysHeard(): string {
    const events = this.#control.eventsSince(this.#callMark);
    return events.flatMap(({ type, param }) => (type === 'CALL_DTMF_START' ? [param] : [])).join('');
  }

  /** Resolves when the other side has keyed `digits`. */
  async hearsKeys(digits: string, timeoutMs = 10_000): Promise<void> {
    let heard = '';
    await this.#control.event(
      this.#callMark,
      ({ type, param }) => type === 'CALL_DTMF_START' && (heard += param).includes(digits),
      timeoutMs,
    );
  }

  /** Everything heard in this call so far, as it came in RTP. */
  async heard(): Promise<Sound> {
    const file = await this.#recording();
    return file === null ? { rate: 8_000, samples: new Int16Array() } : readWav(file);
  }

  async heardMs(): Promise<number> {
    const file = await this.#recording();
    if (file === null) return 0;
    return Math.max(0, (await stat(file)).size - WAV_HEADER_BYTES) / BYTES_PER_MS;
  }

  /**
   * The next `milliseconds` of sound that arrive.
   * @throws when they have not come in that time and `patienceMs` more
   */
  async listen(milliseconds: number, patienceMs = 5_000): Promise<Sound> {
    const from = await this.heardMs();
    const deadline = Date.now() + milliseconds + patienceMs;
    while ((await this.heardMs()) < from + milliseconds) {
      if (Date.now() > deadline) {
        const missing = from + milliseconds - (await this.heardMs());
        throw new Error(`${missing} of ${milliseconds} ms of sound did not arrive`);
      }
      if (this.#process.ended !== null) throw new Error('the phone has gone');
      await delay(LOOK_MS);
    }
    return cut(await this.heard(), from, from + milliseconds);
  }

  /**
   * Listens until what arrived last satisfies `accept`.
   * @throws when `timeoutMs` have passed
   */
  async listenUntil(accept: (sound: Sound) => boolean, windowMs = 500, timeoutMs = 15_000): Promise<Sound> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const sound = await this.heard();
      const last = cut(sound, Math.max(0, lengthMs(sound) - windowMs));
      if (lengthMs(last) >= windowMs && accept(last)) return last;
      if (Date.now() > deadline) throw new Error(`it was not heard within ${timeoutMs} ms`);
      await delay(4 * LOOK_MS);
    }
  }

  async hangUp(): Promise<void> {
    await this.#control.command('hangup');
    await this.closed();
  }

  /** Ends the call, if there is one, and the phone. Idempotent. */
  async stop(): Promise<void> {
    if (this.isInCall) await this.#control.command('hangup').catch(() => undefined);
    this.#control.close();
    await this.#process.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #next(types: readonly string[], timeoutMs: number): Promise<BaresipEvent> {
    return this.#control.event(this.#callMark, ({ type }) => types.includes(type), timeoutMs);
  }

  /** One recording at a time: the file's name tells seconds only. */
  async #forgetSound(): Promise<void> {
    for (const file of await readdir(this.#folder)) {
      if (file.startsWith('dump-')) await rm(join(this.#folder, file), { force: true });
    }
  }

  async #recording(): Promise<string | null> {
    const files = (await readdir(this.#folder)).filter((file) => file.endsWith('-dec.wav')).sort();
    const last = files.at(-1);
    return last === undefined ? null : join(this.#folder, last);
  }
}

async function writeFolder(folder: string, options: BaresipOptions): Promise<void> {
  const address = options.address ?? '127.0.0.1';
  const name = options.displayName === undefined ? '' : `"${options.displayName}" `;
  const transport = options.transport === 'tcp' ? ';transport=tcp' : '';
  const codecs = (options.codecs ?? ['pcmu', 'pcma']).join(',');
  const account = `${name}<sip:${options.user ?? 'phone'}@${address}${transport}>;regint=0;answermode=${options.answer ?? 'auto'};audio_codecs=${codecs}\n`;
  await writeFile(join(folder, 'config'), configuration(folder, address));
  await writeFile(join(folder, 'accounts'), account);
  await writeFile(join(folder, 'contacts'), '');
  const says = options.tone === undefined ? makeSilence(TONE_MS) : makeTone(options.tone, TONE_MS);
  await writeWav(join(folder, 'says.wav'), says);
}
