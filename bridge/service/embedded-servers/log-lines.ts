/** The thread's log lines on their way to the service's logger: made, cut to the level and cleaned there, written here. */
import { createLogger, type Logger } from '../../../config/index.ts';

/** The thread's logger. */
export function lineLogger(logLevel: string, send: (line: string) => void): Logger {
  return createLogger({ logLevel }, { write: send });
}

/** Writes a line of `lineLogger`, with the time of its arrival. */
export function writeLine(logger: Logger, line: string): void {
  const { level, time: _, msg, ...fields } = JSON.parse(line) as { level: number; time: string; msg?: string };
  const name = logger.levels.labels[level] as keyof Pick<
    Logger,
    'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  >;
  logger[name](fields, msg);
}
