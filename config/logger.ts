/** The root logger. Secrets are redacted here, at the root, so that no child can forget it. */
import { pino, type DestinationStream, type Logger as PinoLogger, type LoggerOptions } from 'pino';
import { LogOutput } from './log-output.ts';

export type Logger = PinoLogger;

/**
 * Field names that never reach a log line, at the top or one or two levels down. Plain `code` is not among them: it is
 * the name of stable error codes, without which a log is of little use.
 */
export const REDACTED_FIELDS = [
  'accessCode',
  'codes',
  'guestCode',
  'hostCode',
  'digits',
  'digit',
  'dtmf',
  'pin',
  'phoneCode',
  'password',
  'passwordHash',
  'secret',
  'token',
  'ticket',
  'adminLink',
  'authorization',
  'proxyAuthorization',
  'cookie',
  'response',
  'crypto',
  'key',
] as const;

const SIP_CREDENTIALS = /^((?:proxy-)?authorization\s*:).*$/gim;

/** Errors and SIP texts may carry digest answers inside a string. */
export function redactText(value: string): string {
  return value.replace(SIP_CREDENTIALS, '$1 [redacted]');
}

export interface LoggerSettings {
  readonly logLevel: string;
  readonly logFormat?: 'auto' | 'json' | 'pretty';
}

/** @param destination where lines go instead of standard output (tests) */
export function createLogger(settings: LoggerSettings, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level: settings.logLevel,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: {
      paths: REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[redacted]',
    },
    serializers: {
      err: (error: unknown) => {
        // What came from another thread was described there.
        if (!(error instanceof Error)) return error;
        const described = pino.stdSerializers.err(error);
        described.message = redactText(described.message);
        described.stack = redactText(described.stack);
        return described;
      },
    },
  };
  if (destination) return pino(options, destination);
  const pretty = settings.logFormat === 'pretty' || (settings.logFormat === 'auto' && process.stdout.isTTY);
  return pretty ? createPretty(options) : createPlain(options);
}

function createPlain(options: LoggerOptions): Logger {
  const logger = pino(
    options,
    standardOutput((lost) => logger.warn({ lost }, 'log lines were lost')),
  );
  return logger;
}

let ofThisProcess: LogOutput | undefined;

/** One for all loggers. @param onLost of the first of them */
function standardOutput(onLost: (lost: number) => void): LogOutput {
  if (!ofThisProcess) {
    // Naming process.stdout keeps pipes and sockets from blocking: see LogOutputOptions.
    const output = new LogOutput({ fd: process.stdout.fd, onLost });
    process.once('exit', () => output.flushSync());
    ofThisProcess = output;
  }
  return ofThisProcess;
}

function createPretty(options: LoggerOptions): Logger {
  const output = pino.transport({ target: 'pino-pretty', options: { ignore: 'pid,hostname' } });
  output.on('error', () => undefined); // a terminal that is gone does not end the service
  return pino(options, output);
}
