/** The token of a login: kept by the tab until it is closed. */
import { createContext, use, type ReactNode } from 'react';

const KEY = 'partyline-login';

export interface Login {
  readonly token: string;
  readonly expiresAt: number;
}

export function keepLogin(login: Login): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(login));
  } catch {
    // Then a reload asks again.
  }
}

export function keptLogin(): string | null {
  try {
    const login = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Login | null;
    return login !== null && login.expiresAt > Date.now() ? login.token : null;
  } catch {
    return null;
  }
}

export function forgetLogin(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There is nothing to forget.
  }
}

const Context = createContext<string | null>(null);

export function TokenProvider({ token, children }: { token: string; children: ReactNode }) {
  return <Context value={token}>{children}</Context>;
}

export function useToken(): string {
  const token = use(Context);
  if (token === null) throw new Error('outside of TokenProvider');
  return token;
}
