import { Link } from 'wouter';
import classes from './brand.module.css';

/** Three people at one line. */
export function Brand({ linked = true }: { linked?: boolean }) {
  const mark = (
    <>
      <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
        <circle cx="16" cy="16" r="15" fill="currentColor" />
        <g className={classes.dots}>
          <circle cx="10" cy="13" r="3" />
          <circle cx="22" cy="13" r="3" />
          <circle cx="16" cy="21" r="3" />
        </g>
      </svg>
      <span>Partyline</span>
    </>
  );
  return linked ? (
    <Link href="/" className={classes.brand}>
      {mark}
    </Link>
  ) : (
    <span className={classes.brand}>{mark}</span>
  );
}
