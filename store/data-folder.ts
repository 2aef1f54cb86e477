import { chmod, mkdir } from 'node:fs/promises';

/**
 * Makes a folder, and those above it, for our user alone (mode 0700); one that is there keeps its mode.
 * @throws Error with a sentence for whoever started the service
 */
export async function makeDataFolder(folder: string): Promise<void> {
  await inWords(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
}

/** As above, and one that is there is closed to others: it may have been made by hand, or under another umask. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await makeDataFolder(folder);
  await inWords(folder, () => chmod(folder, 0o700));
}

async function inWords(folder: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Error(
      `The data folder ${folder} cannot be used (${why}). Make it this user's own, or name another one in PARTYLINE_DATA_DIR.`,
      { cause: error },
    );
  }
}
