/** Which page stands at which address, and the session that outlives them. */
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Centered } from './components/centered.tsx';
import { JoinPage } from './pages/join/join-page.tsx';
import type { ConferenceSession } from './session/conference-session.ts';
import { forgetSession } from './session/kept-session.ts';

const RoomPage = lazy(() => import('./pages/room/room-page.tsx'));
const AdminPage = lazy(() => import('./pages/admin/admin-page.tsx'));

export function App() {
  const [session, setSession] = useState<ConferenceSession | null>(null);
  const [, navigate] = useLocation();
  const enter = useCallback(
    (entered: ConferenceSession) => {
      setSession(entered);
      // The code or invitation does not stay in the address bar, nor in the history.
      navigate('/room', { replace: true });
    },
    [navigate],
  );
  const leave = useCallback(() => {
    forgetSession();
    setSession(null);
    navigate('/', { replace: true });
  }, [navigate]);
  return (
    <Suspense fallback={<Centered>One moment …</Centered>}>
      <Switch>
        <Route path="/">
          <JoinPage onJoined={enter} />
        </Route>
        <Route path="/j/:way">{({ way }) => <JoinPage way={way} onJoined={enter} />}</Route>
        <Route path="/room">
          {session === null ? (
            <ComeBack onJoined={enter} onGone={leave} />
          ) : (
            <RoomPage session={session} onLeave={leave} />
          )}
        </Route>
        <Route path="/admin">
          <AdminPage />
        </Route>
        <Route>
          <Centered>There is nothing at this address.</Centered>
        </Route>
      </Switch>
    </Suspense>
  );
}

/** The page was loaded again in the middle of a conference. */
function ComeBack({ onJoined, onGone }: { onJoined: (session: ConferenceSession) => void; onGone: () => void }) {
  useEffect(() => {
    let mounted = true;
    void import('./session/enter.ts').then(async ({ comeBack }) => {
      const session = await comeBack();
      if (!mounted) session?.close('left');
      else if (session === null) onGone();
      else onJoined(session);
    });
    return () => {
      mounted = false;
    };
  }, [onJoined, onGone]);
  return <Centered>Coming back …</Centered>;
}
