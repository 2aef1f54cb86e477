/** For those who make conferences: sign in, make one, hand out its codes, see what is live. */
import { Anchor, Button } from '@mantine/core';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { PersonView } from '../../../../../config/contract/index.ts';
import { api, ApiProblem } from '../../api/http.ts';
import { Brand } from '../../components/brand.tsx';
import { Centered } from '../../components/centered.tsx';
import { Notice } from '../../components/notice.tsx';
import classes from './admin.module.css';
import { Conferences } from './conferences.tsx';
import { LoginForm } from './login-form.tsx';
import { forgetLogin, keptLogin, keepLogin, TokenProvider } from './login.tsx';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && !(error instanceof ApiProblem && error.status < 500 && error.status > 0),
    },
  },
});

export default function AdminPage() {
  const [token, setToken] = useState(keptLogin);
  useEffect(() => void (document.title = 'Conferences – Partyline'), []);
  const signOut = () => {
    forgetLogin();
    client.clear();
    setToken(null);
  };
  return (
    <QueryClientProvider client={client}>
      {token === null ? (
        <LoginForm
          onLogin={(login) => {
            keepLogin(login);
            setToken(login.token);
          }}
        />
      ) : (
        <TokenProvider token={token}>
          <SignedIn token={token} onSignOut={signOut} />
        </TokenProvider>
      )}
    </QueryClientProvider>
  );
}

function SignedIn({ token, onSignOut }: { token: string; onSignOut: () => void }) {
  const me = useQuery({ queryKey: ['me'], queryFn: ({ signal }) => api<PersonView>('GET', '/me', { token, signal }) });
  const over = me.error instanceof ApiProblem && me.error.status === 401;
  useEffect(() => {
    if (over) onSignOut();
  }, [over, onSignOut]);
  if (me.isPending) return <Centered>One moment …</Centered>;
  const signOut = () => {
    void api('POST', '/logout', { token }).catch(() => undefined);
    onSignOut();
  };
  return (
    <>
      <header className={classes.header}>
        <Brand />
        <div className={classes.me}>
          <span className="soft">{me.data?.name}</span>
          <Button variant="default" size="xs" onClick={signOut}>
            Sign out
          </Button>
        </div>
      </header>
      <main className={classes.page}>
        {me.isError ? (
          <Notice kind="bad" title="The server cannot be reached" role="alert">
            <Anchor component="button" onClick={() => void me.refetch()}>
              Try again
            </Anchor>
          </Notice>
        ) : (
          <Conferences mayMake={me.data.roles.some((role) => ['root', 'admin', 'moderator'].includes(role))} />
        )}
      </main>
    </>
  );
}
