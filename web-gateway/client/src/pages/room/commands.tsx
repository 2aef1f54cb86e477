/** Commands from anywhere in the page, and what the person is told when one is refused. */
import { createContext, use, useCallback, useState, type ReactNode } from 'react';
import type { RoomCommandInput } from '../../../../../config/contract/index.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import { CommandRefused } from '../../session/room-connection.ts';

export interface Commands {
  /** Resolves when the room has taken it, or the person has been told that it has not. */
  run(command: RoomCommandInput): Promise<void>;
  readonly refused: string | null;
  dismiss(): void;
}

const Context = createContext<Commands | null>(null);

export function CommandsProvider({ session, children }: { session: ConferenceSession; children: ReactNode }) {
  const [refused, setRefused] = useState<string | null>(null);
  const run = useCallback(
    async (command: RoomCommandInput) => {
      setRefused(null);
      try {
        await session.command(command);
      } catch (error) {
        if (!(error instanceof CommandRefused)) throw error;
        setRefused(error.message);
      }
    },
    [session],
  );
  const dismiss = useCallback(() => setRefused(null), []);
  return <Context value={{ run, refused, dismiss }}>{children}</Context>;
}

export function useCommands(): Commands {
  const commands = use(Context);
  if (commands === null) throw new Error('outside of CommandsProvider');
  return commands;
}
