/** The way that always remains: a telephone. Each number is a link that keys the code by itself. */
import { Anchor } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ServiceView } from '../../../../config/contract/index.ts';
import { api } from '../api/http.ts';
import { digitsOf, groupDigits, telLink } from '../pages/join/join-form.ts';
import { IconPhone } from './icons.ts';
import classes from './phone-ways.module.css';

export type DialIn = ServiceView['dialIn'];

/** @param code as typed; empty when it is not known */
export function PhoneWays({ numbers, code }: { numbers: DialIn; code: string }) {
  if (numbers.length === 0) return null;
  const digits = digitsOf(code);
  return (
    <div className={classes.ways}>
      <ul>
        {numbers.map(({ number, label }) => (
          <li key={number}>
            <IconPhone size={18} aria-hidden />
            {/* A telephone dials numbers only; an address is for whoever sets a SIP phone up. */}
            {number.startsWith('sip:') ? (
              <span className={classes.address}>{number}</span>
            ) : (
              <Anchor href={telLink(number, digits === '' ? undefined : digits)} className="digits">
                {number}
              </Anchor>
            )}
            {label === undefined ? null : <span className="soft">{label}</span>}
          </li>
        ))}
      </ul>
      <p className="soft">
        Then key {digits === '' ? 'the access code' : <span className="digits">{groupDigits(digits)}</span>} and{' '}
        <kbd>#</kbd>.
      </p>
    </div>
  );
}

/** Where anybody can dial in; empty until it is known, or when the server does not answer. */
export function useDialIn(): DialIn {
  const [numbers, setNumbers] = useState<DialIn>([]);
  useEffect(() => {
    const abort = new AbortController();
    api<ServiceView>('GET', '/service', { signal: abort.signal }).then(
      ({ dialIn }) => setNumbers(dialIn),
      () => undefined,
    );
    return () => abort.abort();
  }, []);
  return numbers;
}
