import type { ReactNode } from 'react';
import classes from './notice.module.css';

/** Something the person should know or do; `bad` for what went wrong. */
export function Notice(props: {
  kind?: 'plain' | 'warm' | 'bad';
  title?: string;
  role?: 'alert' | 'status';
  children: ReactNode;
}) {
  const { kind = 'plain', title, role, children } = props;
  return (
    <div className={classes.notice} data-kind={kind} role={role}>
      {title === undefined ? null : <p className={classes.title}>{title}</p>}
      <div>{children}</div>
    </div>
  );
}
