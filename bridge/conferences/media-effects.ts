/** Carries a room's effects out on its media server. */
import { PartylineError } from '../../config/contract/index.ts';
import type { Prompt } from '../../ivr/index.ts';
import { commands, type MediaPool } from '../media/index.ts';
import { mediaRoomName } from './participation.ts';
import type { RunEffect } from './room-service.ts';

/** @param filesOf absolute paths of what a prompt is made of */
export function createEffectRunner(
  pool: Pick<MediaPool, 'server'>,
  filesOf: (prompts: readonly Prompt[], language: string) => readonly string[],
  language: string,
): RunEffect {
  return async (room, effect) => {
    const server = pool.server(room.mediaServer);
    if (!server) throw new PartylineError('media/unavailable', { detail: room.mediaServer });
    const name = mediaRoomName(room.conferenceId);
    // All commands are handed over at once: the connection keeps their order.
    const answers =
      effect.type === 'set-speak'
        ? [server.send(commands.member(name, effect.speak ? 'unmute' : 'mute', effect.memberId))]
        : filesOf([effect.tone], language).map((file) => server.send(commands.playToRoom(name, file)));
    for (const answer of await Promise.all(answers)) {
      if (answer.startsWith('-ERR')) throw new PartylineError('media/command-failed', { detail: answer.trim() });
    }
  };
}
