import { PhoneWays, type DialIn as Numbers } from '../../components/phone-ways.tsx';
import classes from './join.module.css';

export function DialIn({ numbers, code }: { numbers: Numbers; code: string }) {
  if (numbers.length === 0) return null;
  return (
    <section className={classes.dial} aria-labelledby="dial-title">
      <h2 id="dial-title">By telephone</h2>
      <PhoneWays numbers={numbers} code={code} />
    </section>
  );
}
