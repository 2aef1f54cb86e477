/** The way that always remains: a telephone. */
import { Anchor } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { ServiceView } from '../../../../../config/contract/index.ts';
import { api } from '../../api/http.ts';
import { digitsOf, telLink } from './join-form.ts';
import classes from './join.module.css';

export function DialIn({ code }: { code: string }) {
  const [service, setService] = useState<ServiceView | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    api<ServiceView>('GET', '/service', { signal: abort.signal }).then(setService, () => undefined);
    return () => abort.abort();
  }, []);
  if (service === null || service.dialIn.length === 0) return null;
  const digits = digitsOf(code);
  return (
    <section className={classes.dial} aria-labelledby="dial-title">
      <h2 id="dial-title">By telephone</h2>
      <ul>
        {service.dialIn.map(({ number, label }) => (
          <li key={number}>
            {number.startsWith('sip:') ? (
              <span className="digits">{number}</span>
            ) : (
              <Anchor href={telLink(number, digits === '' ? undefined : digits)} className="digits">
                {number}
              </Anchor>
            )}
            {label === undefined ? null : <span className="soft"> {label}</span>}
          </li>
        ))}
      </ul>
      <p className="soft">
        Key the access code, then <kbd>#</kbd>.
      </p>
    </section>
  );
}
