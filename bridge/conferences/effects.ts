/** Carries a room's effects out on its media server: by commands anybody may send, whoever has the call. */
import { PartylineError, type KeypadMap } from '../../config/contract/index.ts';
import type { Prompt } from '../../ivr/index.ts';
import type { Participant, RoomDocument, Store } from '../../store/index.ts';
import { commands, type ApiCommand, type MediaPool } from '../media/index.ts';
import type { RetryingWriter } from '../support/retrying-writer.ts';
import { helpPrompts, keysFor } from './keypad.ts';
import type { RecordingFolder } from './recordings.ts';
import type { EffectPlace, RunEffect } from './room-service.ts';
import { mayHear, type RoomEffect, type Words } from './room/index.ts';

/** The name FreeSWITCH knows the room by. */
export function mediaRoomName(conferenceId: string): string {
  return `room-${conferenceId}`;
}

/** A leg whose call is in this process: what it is told has to fit what else is being said to it. */
export interface LocalVoice {
  tell(prompts: readonly Prompt[], options: { instead: boolean }): Promise<unknown>;
}

export interface EffectDeps {
  readonly pool: Pick<MediaPool, 'server'>;
  /** Absolute paths of what a prompt is made of. */
  readonly filesOf: (prompts: readonly Prompt[], language: string) => readonly string[];
  readonly keypadOf: (tenantId: string) => KeypadMap;
  readonly localVoice: (channelUuid: string) => LocalVoice | undefined;
  readonly recordings: RecordingFolder;
  readonly passes: Pick<Store['passes'], 'revoke' | 'revokeAll'>;
  readonly writer: Pick<RetryingWriter, 'enqueue'>;
  /** A recording could not even be asked for. */
  readonly onRecordingRefused: (place: EffectPlace, file: string) => void;
}

/** Commands are handed over in the order of the calls: nothing is awaited before. */
export function createEffectRunner(deps: EffectDeps): RunEffect {
  return (place, effect) => new EffectRun(deps, place).run(effect);
}

class EffectRun {
  readonly #deps: EffectDeps;
  readonly #place: EffectPlace;
  readonly #name: string;

  constructor(deps: EffectDeps, place: EffectPlace) {
    this.#deps = deps;
    this.#place = place;
    this.#name = mediaRoomName(place.conferenceId);
  }

  async run(effect: RoomEffect): Promise<void> {
    switch (effect.type) {
      case 'set-speak':
        return this.#send(commands.member(this.#name, effect.speak ? 'unmute' : 'mute', effect.memberId));
      case 'set-hear':
        return this.#send(commands.member(this.#name, effect.hear ? 'undeaf' : 'deaf', effect.memberId));
      case 'set-volume':
        return this.#send(commands.volumeOut(this.#name, effect.memberId, effect.volume));
      case 'kick':
        return this.#send(commands.member(this.#name, 'kick', effect.memberId));
      case 'kill':
        return this.#kill(effect.channelUuid);
      case 'shut-out':
        this.#shutOut(effect.participantId);
        return;
      case 'record':
        return this.#record(effect.action, effect.file);
      case 'tell':
        return this.#tellOne(effect.participantId, effect.words);
      case 'announce':
        return this.#announce(effect.to, effect.words);
    }
  }

  async #send(...all: readonly ApiCommand[]): Promise<void> {
    const server = this.#server;
    if (!server) throw new PartylineError('media/unavailable', { detail: this.#place.mediaServer ?? 'none' });
    // All are handed over at once: the connection keeps their order.
    for (const answer of await Promise.all(all.map((command) => server.send(command)))) {
      if (answer.startsWith('-ERR')) throw new PartylineError('media/command-failed', { detail: answer.trim() });
    }
  }

  get #server(): ReturnType<MediaPool['server']> {
    const { mediaServer } = this.#place;
    return mediaServer === null ? undefined : this.#deps.pool.server(mediaServer);
  }

  /** For as long as it takes: whoever was removed must not come back because the store was away for a moment. */
  #shutOut(participantId: string | undefined): void {
    const { tenantId, conferenceId } = this.#place;
    const { passes, writer } = this.#deps;
    const revoke = () =>
      participantId === undefined
        ? passes.revokeAll({ tenantId, conferenceId })
        : passes.revoke({ tenantId, conferenceId, participantId });
    writer.enqueue(`passes:${conferenceId}`, 'shut out', revoke);
  }

  /** One that has gone by itself meanwhile is as good. */
  async #kill(channelUuid: string): Promise<void> {
    await this.#server?.killChannel(channelUuid);
  }

  async #record(action: 'start' | 'stop' | 'pause' | 'resume', file: string): Promise<void> {
    const { recordings, onRecordingRefused } = this.#deps;
    try {
      if (action === 'start') await recordings.prepare(file);
      await this.#send(commands.recording(this.#name, action, recordings.absolute(file)));
    } catch (error) {
      if (action === 'start') onRecordingRefused(this.#place, file);
      throw error;
    }
  }

  async #tellOne(participantId: string, words: readonly Words[]): Promise<void> {
    const row = this.#place.room?.participants.find(({ id }) => id === participantId);
    if (row?.leg?.memberId !== undefined) await this.#say(row, words, true);
  }

  /** In each one's own language. When all have the same, once for all: then it is in the recording as well. */
  async #announce(to: 'room' | 'hosts', words: readonly Words[]): Promise<void> {
    const { room } = this.#place;
    const listeners = listenersOf(room).filter(({ role }) => to === 'room' || role === 'host');
    const languages = new Set(listeners.map(({ language }) => language));
    const [language] = languages;
    if (language === undefined) return;
    if (to === 'room' && languages.size === 1) {
      const files = this.#files(words, language);
      await this.#send(...files.map((file) => commands.playToRoom(this.#name, file)));
      return;
    }
    await Promise.all(listeners.map((row) => this.#say(row, words, false)));
  }

  async #say(row: Participant, words: readonly Words[], instead: boolean): Promise<void> {
    const { leg, language } = row;
    if (leg?.memberId === undefined) return;
    const local = this.#deps.localVoice(leg.channelUuid);
    if (local) {
      await local.tell(this.#prompts(words), { instead });
      return;
    }
    const plays = this.#files(words, language).map((file) => commands.playToMember(this.#name, file, leg.memberId!));
    await this.#send(...(instead ? [commands.stopPlayingTo(this.#name, leg.memberId)] : []), ...plays);
  }

  #files(words: readonly Words[], language: string): readonly string[] {
    return this.#deps.filesOf(this.#prompts(words), language);
  }

  #prompts(words: readonly Words[]): readonly Prompt[] {
    const map = this.#deps.keypadOf(this.#place.tenantId);
    return words.flatMap((word) => toPrompts(word, map, this.#deps.recordings));
  }
}

/** From what is meant to what can be said: with this company's keys, and recordings where they lie. */
export function toPrompts(
  word: Words,
  map: KeypadMap,
  recordings: Pick<RecordingFolder, 'absolute'>,
): readonly Prompt[] {
  if (typeof word === 'string') return [word];
  if ('keysFor' in word) return [keysFor(word.keysFor, map)];
  if ('helpFor' in word) return helpPrompts(word.helpFor, map);
  return word.meaning === 'recorded' ? [{ ...word, file: recordings.absolute(word.file) }] : [word];
}

function listenersOf(room: RoomDocument | null): readonly Participant[] {
  return (room?.participants ?? []).filter((row) => row.leg?.memberId !== undefined && mayHear(row));
}
