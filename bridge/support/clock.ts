/** The dialogues' clock is everybody's: one to move in a test. */
export { systemClock, type Clock } from '../../ivr/index.ts';
