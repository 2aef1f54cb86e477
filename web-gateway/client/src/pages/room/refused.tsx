import { CloseButton } from '@mantine/core';
import { useCommands } from './commands.tsx';
import classes from './room.module.css';

/** What the room refused, until it is read. */
export function Refused() {
  const { refused, dismiss } = useCommands();
  return (
    <div role="alert">
      {refused === null ? null : (
        <div className={classes.refused}>
          <span>{refused}</span>
          <CloseButton aria-label="Dismiss" onClick={dismiss} />
        </div>
      )}
    </div>
  );
}
