/** The service as a command: says what people need, obeys signals, leaves with the right exit code. */
import { Ending, type Logger, type Settings } from '../../config/index.ts';
import { StartError } from './start-error.ts';

const STOP_DEADLINE_MS = 15_000;

export interface Startable {
  readonly dial: string;
  readonly url: string;
  readonly adminLink?: string;
  readonly selfSigned: boolean;
  stop(): Promise<boolean>;
}

export interface Command {
  readonly settings: () => Settings;
  readonly createLogger: (settings: Settings) => Logger;
  readonly isSettingsError: (error: unknown) => boolean;
  readonly start: (options: { settings: Settings; logger: Logger }) => Promise<Startable>;
}

export async function runAsCommand(command: Command): Promise<void> {
  let settings: Settings;
  try {
    settings = command.settings();
  } catch (error) {
    if (!command.isSettingsError(error)) throw error;
    complain(error);
    process.exit(1);
  }
  const logger = command.createLogger(settings);
  const running = start(command, settings, logger);
  endInOrder(logger, running);
  const service = await running;
  if (service) say(service);
}

async function start(command: Command, settings: Settings, logger: Logger): Promise<Startable | undefined> {
  try {
    return await command.start({ settings, logger });
  } catch (error) {
    if (!(error instanceof StartError)) logger.fatal({ err: error }, 'the service could not start');
    complain(error);
    process.exitCode = 1;
    return undefined;
  }
}

/** The admin link is for whoever started the service: it goes to them, not to the log. */
function say({ dial, url, adminLink, selfSigned }: Startable): void {
  const lines = ['', 'Partyline is running.', `  Dial    ${dial}`, `  Browse  ${url}`];
  if (adminLink !== undefined) lines.push(`  Admin   ${adminLink}   (works once, for a day)`);
  if (selfSigned) {
    lines.push(
      '',
      '  The certificate was made here, and no authority vouches for it: browsers say that the connection is not private.',
      '  On a LAN one can go on (“Advanced”); for others, set tlsCertificateFile and tlsKeyFile.',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

function complain(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
}

/** What nobody caught ends the service in order, as a signal does, but with a bad code. */
function endInOrder(logger: Logger, running: Promise<Startable | undefined>): void {
  const stop = async () => (await running)?.stop() ?? true;
  const ending = new Ending({ logger, stop, deadlineMs: STOP_DEADLINE_MS });
  ending.obeySignals();
  const onFault = (error: unknown) => {
    logger.fatal({ err: error }, 'a fault nobody caught');
    ending.begin(1);
  };
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}
