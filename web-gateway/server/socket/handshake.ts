/** The socket's token: the same as for HTTP, in `auth` instead of a header. One for each connection of the engine. */
import { PartylineError, socketAuth, type SocketRefusal } from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import type { Pass, Store } from '../../../store/index.ts';
import type { PageSocket } from './socket-server.ts';

export interface HandshakeOptions {
  readonly store: Pick<Store, 'passes'>;
  readonly logger: Logger;
  /** At a time, by each process. */
  readonly pagesPerPerson: number;
}

type Connection = PageSocket['conn'];

/**
 * Refuses with a code of the catalogue as `message` of the browser's `connect_error`. Each token is a question to Redis, so
 * whoever is refused, or asks twice, has to connect anew: that is what the gateway counts by address.
 */
export function authenticateSocket(
  options: HandshakeOptions,
): (socket: PageSocket, next: (error?: Error) => void) => void {
  const asked = new WeakSet<Connection>();
  const pages = new Map<string, number>();
  const refuse = ({ conn }: PageSocket, next: (error: Error) => void, why: SocketRefusal) => {
    next(new Error(why));
    // The library writes the answer in the next tick.
    setImmediate(() => conn.close());
  };
  return (socket, next) => {
    const { conn } = socket;
    if (asked.has(conn)) {
      // Also ends the first one, if that is still being looked at.
      conn.close(true);
      next(new Error('request/rate-limited' satisfies SocketRefusal));
      return;
    }
    asked.add(conn);
    admit(options.store, socket).then(
      (refusal) => {
        if (refusal !== null) refuse(socket, next, refusal);
        else if (hold(pages, socket, options.pagesPerPerson)) next();
        else refuse(socket, next, 'request/rate-limited');
      },
      (error: unknown) => {
        const isOutage = error instanceof PartylineError && error.code === 'store/unavailable';
        if (!isOutage) options.logger.error({ err: error }, 'a socket’s handshake failed');
        refuse(socket, next, 'store/unavailable');
      },
    );
  };
}

async function admit(store: HandshakeOptions['store'], socket: PageSocket): Promise<SocketRefusal | null> {
  const auth = socketAuth.safeParse(socket.handshake.auth);
  const pass = auth.success ? await store.passes.check(auth.data.token) : null;
  if (pass === null || !auth.success) return 'auth/required';
  // A recovered connection brings its data along: it must be the same person's.
  const { token } = auth.data;
  const isSame = socket.recovered && socket.data.token === token;
  socket.data = { ...(isSame ? socket.data : { participantId: null, epoch: null }), pass, token };
  return null;
}

/** Counts the page until its connection closes. @returns false when the person has too many */
function hold(pages: Map<string, number>, { conn, data }: PageSocket, most: number): boolean {
  const key = personKey(data.pass);
  const count = pages.get(key) ?? 0;
  if (count >= most) return false;
  // Gone meanwhile; the library lets go of its socket by itself.
  if (conn.readyState !== 'open') return true;
  pages.set(key, count + 1);
  conn.once('close', () => {
    const left = (pages.get(key) ?? 1) - 1;
    if (left === 0) pages.delete(key);
    else pages.set(key, left);
  });
  return true;
}

const personKey = ({ tenantId, conferenceId, participantId }: Pass): string =>
  `${tenantId} ${conferenceId} ${participantId}`;
