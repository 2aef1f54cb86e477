/** record, norecord, chkrecord, pause, resume, and the newer `recording …` that stands for all of them. */
import type { RoomCommand, RoomCommandEntry } from './room-commands.ts';
import type { Conference } from './conference.ts';

const RECORDING = '[start|stop|check|pause|resume] [<filename>|all]';
const MAX_RECORDINGS = 20;

function start(conference: Conference, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (conference.recordings.list.length >= MAX_RECORDINGS) return '-ERR too many recordings.\n';
  return conference.recordings.start(path)
    ? `+OK Record file ${path}\n`
    : `-ERR file [${path}] is already being used for recording.\n`;
}

/** Two lines, and 0 files: the real server counts before it has stopped them. */
function stop(conference: Conference, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const stopped = conference.recordings.stop(path.toLowerCase() === 'all' ? 'all' : path);
  const lines = stopped.map((one) => `Stopped recording file ${one}\n`);
  const missing =
    stopped.length === 0 && path.toLowerCase() !== 'all' ? [`-ERR non-existant recording '${path}'\n`] : [];
  return [...lines, ...missing, '+OK Stopped recording 0 files\n'].join('');
}

function check(conference: Conference): string {
  const { list } = conference.recordings;
  if (list.length === 0) return '-ERR Conference is not being recorded.\n';
  return list.map(({ path }) => `+OK Record file ${path}\n`).join('');
}

function pause(conference: Conference, path: string | undefined, paused: boolean): string | undefined {
  if (path === undefined) return undefined;
  const answer = `+OK ${paused ? 'Pause' : 'Resume'} recording file ${path}\n`;
  return conference.recordings.pause(path, paused) ? answer : `${answer}-ERR non-existant recording '${path}'\n`;
}

const recording: RoomCommand = ({ conference, words }) => {
  const action = words[2]?.toLowerCase();
  const path = words[3] ?? (action === 'stop' || action === 'check' ? 'all' : undefined);
  if (path === undefined) return start(conference, words[2]); // the older form: `recording <file>`
  switch (action) {
    case 'start':
      return start(conference, path);
    case 'stop':
      return stop(conference, path);
    case 'check':
      return check(conference);
    case 'pause':
    case 'resume':
      return pause(conference, path, action === 'pause');
    default:
      return undefined;
  }
};

export const recordingCommands: ReadonlyMap<string, RoomCommandEntry> = new Map([
  ['recording', { run: recording, syntax: RECORDING }],
  ['record', { run: ({ conference, words }) => start(conference, words[2]), syntax: '<filename>' }],
  ['norecord', { run: ({ conference, words }) => stop(conference, words[2]), syntax: '<[filename|all]>' }],
  ['chkrecord', { run: ({ conference }) => check(conference), syntax: '<confname>' }],
  ['pause', { run: ({ conference, words }) => pause(conference, words[2], true), syntax: '<filename>' }],
  ['resume', { run: ({ conference, words }) => pause(conference, words[2], false), syntax: '<filename>' }],
]);
