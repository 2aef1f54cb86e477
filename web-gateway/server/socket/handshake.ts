/** The socket's token: the same as for HTTP, in `auth` instead of a header. */
import { PartylineError, socketAuth, type SocketRefusal } from '../../../config/contract/index.ts';
import type { Logger } from '../../../config/index.ts';
import type { Store } from '../../../store/index.ts';
import type { PageSocket } from './socket-server.ts';

/** Refuses with a code of the catalogue as `message` of the browser's `connect_error`. */
export function authenticateSocket(
  store: Store,
  logger: Logger,
): (socket: PageSocket, next: (error?: Error) => void) => void {
  return (socket, next) => {
    admit(store, socket).then(
      (refusal) => next(refusal === null ? undefined : new Error(refusal)),
      (error: unknown) => {
        const isOutage = error instanceof PartylineError && error.code === 'store/unavailable';
        if (!isOutage) logger.error({ err: error }, 'a socket’s handshake failed');
        next(new Error('store/unavailable' satisfies SocketRefusal));
      },
    );
  };
}

async function admit(store: Store, socket: PageSocket): Promise<SocketRefusal | null> {
  const auth = socketAuth.safeParse(socket.handshake.auth);
  const pass = auth.success ? await store.passes.check(auth.data.token) : null;
  if (pass === null || !auth.success) return 'auth/required';
  // A recovered connection brings its data along: it must be the same person's.
  const { token } = auth.data;
  const isSame = socket.recovered && socket.data.token === token;
  socket.data = { ...(isSame ? socket.data : { participantId: null, epoch: null }), pass, token };
  return null;
}
