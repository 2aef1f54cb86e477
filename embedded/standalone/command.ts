/** The servers on their own as a command: says where it listens, obeys signals, leaves with the right exit code. */
import { createLogger, Ending, type Logger } from '../../config/index.ts';
import { ArgumentError, parseArguments, USAGE, type StandaloneOptions } from './arguments.ts';
import { startStandalone, type StandaloneServers } from './servers.ts';

const STOP_DEADLINE_MS = 10_000;
const BAD_ARGUMENTS = 2;

/** Runs until a signal ends the process. @param usual what is not said in the arguments */
export async function runStandalone(args: readonly string[], usual: { readonly music?: string } = {}): Promise<void> {
  const options = readOptions(args);
  if (options === undefined) return;
  const logger = createLogger({ logLevel: options.logLevel, logFormat: 'auto' });
  const running = start({ ...usual, ...options }, logger);
  const stop = async () => {
    await (await running)?.stop();
    return true;
  };
  new Ending({ logger, stop, deadlineMs: STOP_DEADLINE_MS }).obeySignals();
  const servers = await running;
  if (servers) process.stdout.write(`The embedded servers are running.\n  ${servers.lines.join('\n  ')}\n`);
}

function readOptions(args: readonly string[]): StandaloneOptions | undefined {
  try {
    const options = parseArguments(args);
    if (options !== 'help') return options;
    process.stdout.write(USAGE);
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    complain(error.message);
    process.exitCode = BAD_ARGUMENTS;
  }
  return undefined;
}

async function start(options: StandaloneOptions, logger: Logger): Promise<StandaloneServers | undefined> {
  try {
    return await startStandalone(options, logger);
  } catch (error) {
    complain(explain(error));
    process.exitCode = 1;
    return undefined;
  }
}

interface SystemError extends Error {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
}

/** One sentence where the operating system's error is a matter of the arguments. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port, path } = error as SystemError;
  const place = `${address ?? ''}${port === undefined ? '' : `:${port}`}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use by another program.`;
    case 'EACCES':
      return `${path ?? place} may not be opened by this user.`;
    case 'EADDRNOTAVAIL':
      return `${address ?? ''} is not an address of this machine.`;
    case 'ENOENT':
      return `The file ${path ?? ''} does not exist.`;
    default:
      return error.message;
  }
}

function complain(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
