import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { api, ApiProblem } from '../../api/http.ts';
import { Brand } from '../../components/brand.tsx';
import { Notice } from '../../components/notice.tsx';
import classes from './admin.module.css';
import type { Login } from './login.tsx';

export function LoginForm({ onLogin }: { onLogin: (login: Login) => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      onLogin(await api<Login>('POST', '/login', { body: { email: email.trim(), password } }));
    } catch (error) {
      setBusy(false);
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, {}));
    }
  };
  return (
    <>
      <header className={classes.header}>
        <Brand />
      </header>
      <main className={classes.login}>
        <h1>Sign in</h1>
        <form className="card" onSubmit={(event) => void submit(event)}>
          <TextInput
            label="E-mail address"
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={({ currentTarget }) => setEmail(currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          />
          {problem === null ? null : (
            <Notice kind="bad" role="alert">
              {problem.code === 'request/rate-limited' && problem.retryAfterSeconds !== undefined
                ? `Too many tries. Try again in ${problem.retryAfterSeconds} seconds.`
                : problem.message}
            </Notice>
          )}
          <Button type="submit" fullWidth loading={busy}>
            Sign in
          </Button>
        </form>
      </main>
    </>
  );
}
