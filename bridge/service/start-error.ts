/** The service cannot start, for a reason its operator can do something about: `message` is one sentence. */
import { environmentName, type SettingName } from '../../config/index.ts';

export class StartError extends Error {
  override readonly name = 'StartError';
}

export interface Listening {
  readonly setting: SettingName;
  readonly address: string;
  readonly port: number;
}

/**
 * Starts something that listens; a port in use becomes a sentence that names setting and port.
 * @param places one, or all of those it listens at
 * @throws StartError, or whatever `start` throws
 */
export async function listening<T>(places: Listening | readonly Listening[], start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const failed = systemErrorIn(error);
    const all = 'setting' in places ? [places] : places;
    const what = all.find(({ port }) => port === failed?.port) ?? all[0];
    const sentence = what ? explain(what, failed?.code) : null;
    throw sentence === null ? error : new StartError(sentence, { cause: error });
  }
}

/** Errors may come wrapped. */
function systemErrorIn(error: unknown): { code: string; port: unknown } | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && cause.code.startsWith('E')) {
      return { code: cause.code, port: 'port' in cause ? cause.port : undefined };
    }
  }
  return undefined;
}

function explain({ setting, address, port }: Listening, code: string | undefined): string | null {
  const named = `setting ${setting}, ${environmentName(setting)}`;
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} (${named}) on ${address} is in use by another program.`;
    case 'EACCES':
      return `Port ${port} (${named}) may not be opened by this user.`;
    case 'EADDRNOTAVAIL':
      return `${address} (setting bind, ${environmentName('bind')}) is not an address of this machine.`;
    default:
      return null;
  }
}
