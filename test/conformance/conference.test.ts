/**
 * Two phones key 1234#, join a room, and every conference command is given: the answers are those recorded from
 * FreeSWITCH (test/vectors/conference-answers.json), so are the events' actions and the headers fsmrf reads.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Endpoint, EslEvent } from '../helpers/fsmrf-client.ts';
import type { SrfDialog } from '../helpers/srf-client.ts';
import { openBench, pause, until, type Bench } from '../helpers/bench.ts';
import { skipBecause } from '../helpers/skip.ts';
import type { Telephone } from '../helpers/telephone.ts';

interface Step {
  readonly command: string;
  readonly answer: string;
}

const STEPS = JSON.parse(
  readFileSync(new URL('../vectors/conference-answers.json', import.meta.url), 'utf8'),
) as Step[];
const KICK = STEPS.findIndex(({ command }) => command.endsWith(' kick 2'));
const MEMBER_1_ALONE = 2;
const STEP_PAUSE_MS = 60;

interface Caller {
  readonly phone: Telephone;
  readonly endpoint: Endpoint;
  readonly dialog: SrfDialog;
}

/** Ids, channel names, member numbers and times are the recording's own. */
function normalize(answer: string, ids: ReadonlyMap<number, number>, recording: string): string {
  let text = answer
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/sofia\/drachtio_mrf\/nobody@127\.0\.0\.1:\d+/g, '<channel>')
    .replace(/("(?:run_time|join_time|last_talking)":\t)\d+/g, '$1<seconds>')
    .replace(/run_time="\d+"/g, 'run_time="<seconds>"')
    .replace(/<(join_time|last_talking)>\d+/g, '<$1><seconds>')
    .replaceAll(recording, '<recording>');
  for (const [actual, recorded] of ids) text = renumber(text, actual, recorded);
  return text;
}

/** Member numbers count on over all calls of a server. */
function renumber(text: string, actual: number, recorded: number): string {
  return text
    .replace(new RegExp(`^${actual}([;,])`, 'gm'), `${recorded}$1`)
    .replace(new RegExp(`"id":\t${actual}\\b`, 'g'), `"id":\t${recorded}`)
    .replace(new RegExp(`<id>${actual}</id>`, 'g'), `<id>${recorded}</id>`)
    .replace(new RegExp(`(mute|deaf|hold|kicked|member|Energy|IN|OUT|by|id) ${actual}\\b`, 'g'), `$1 ${recorded}`)
    .replace(new RegExp(`\\b${actual}->`, 'g'), `${recorded}->`)
    .replace(new RegExp(`->${actual}\\b`, 'g'), `->${recorded}`);
}

describe('conference', function () {
  this.timeout(60_000);
  let bench: Bench;
  let folder: string;
  let room: string;
  const callers: Caller[] = [];
  const collected: Record<string, string | null>[] = [];
  const events: EslEvent[] = [];
  const answers: string[] = [];

  const actionsOf = (): string[] => events.map((event) => event.getHeader('Action') ?? '');
  const eventOf = (action: string): EslEvent => {
    const found = events.find((event) => event.getHeader('Action') === action);
    if (!found) throw new Error(`no event ${action}`);
    return found;
  };

  async function call(frequency: number, flags: object): Promise<void> {
    const phone = await bench.phone();
    const connected = new Promise<Caller>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer
          .connectCaller(request, response)
          .then(({ endpoint, dialog }) => resolve({ phone, endpoint, dialog }), reject);
      };
    });
    await phone.dial(bench.sipPort);
    const caller = await connected;
    callers.push(caller);
    phone.talk(frequency);
    const collecting = caller.endpoint.playCollect({
      file: 'tone_stream://%(500,0,440)',
      min: 4,
      max: 8,
      tries: 2,
      timeout: 5_000,
      digitTimeout: 3_000,
    });
    await pause(700);
    await phone.press('1234#');
    collected.push(await collecting);
    await caller.endpoint.join(room, { profile: 'default', flags });
  }

  async function run(step: Step, recording: string): Promise<string> {
    const [one, two] = callers.map(({ endpoint }) => endpoint.conf.memberId!);
    const command = step.command
      .replace('room1', room)
      .replace('<recording>', recording)
      .replace(/(relate) 1 2/, `$1 ${one!} ${two!}`)
      .replace(/^(conference \S+ \S+(?: tone_stream\S+)?) 2\b/, `$1 ${two!}`);
    const answer = await bench.mediaServer.api(command);
    await pause(step.command.includes('recording') ? STEP_PAUSE_MS * 4 : STEP_PAUSE_MS);
    const ids = new Map([
      [one!, 1],
      [two!, 2],
    ]);
    return normalize(answer.replaceAll(room, 'room1'), ids, recording);
  }

  before(async function () {
    bench = await openBench(this);
    folder = await mkdtemp(join(tmpdir(), 'conference-'));
    room = `room-${Date.now()}`;
    const recording = join(folder, 'room1.wav');
    const { conn } = bench.mediaServer;
    conn.on('esl::event::CUSTOM::*', (event: EslEvent) => {
      if (event.getHeader('Conference-Name') === room) events.push(event);
    });
    await new Promise<void>((done) => conn.subscribe(['HEARTBEAT', 'CUSTOM', 'conference::maintenance'], done));
    await call(440, { moderator: true, endconf: true });
    await until(
      'the first caller talks and has the floor',
      () => bench.mediaServer.api(`conference ${room} list`),
      (list) => list.includes('talking|floor'),
    );
    for (const step of STEPS.slice(0, MEMBER_1_ALONE)) answers.push(await runAlone(step));
    await call(620, { mute: true });
    for (const step of STEPS.slice(MEMBER_1_ALONE, -1)) answers.push(await run(step, recording));
    await callers[0]!.phone.hangUp();
    await Promise.all(callers.map(({ endpoint }) => endpoint.destroy()));
    const last = await until(
      'the conference is gone',
      () => bench.mediaServer.api(`conference ${room} list`),
      (list) => list.includes('not found'),
    );
    expect(last).to.equal(`-ERR Conference ${room} not found\n`);
    answers.push(await bench.mediaServer.api('conference list'));
    await until('everything is told', actionsOf, (actions) => actions.includes('conference-destroy'));
  });

  async function runAlone(step: Step): Promise<string> {
    const answer = await bench.mediaServer.api(step.command.replace('room1', room));
    const ids = new Map([[callers[0]!.endpoint.conf.memberId!, 1]]);
    return normalize(answer.replaceAll(room, 'room1'), ids, '<none>');
  }

  after(async () => {
    await bench.close();
    await rm(folder, { recursive: true });
  });

  it('collects the digits keyed after the prompt', () => {
    expect(collected).to.have.length(2);
    for (const result of collected) {
      expect(result).to.deep.equal({
        digits: '1234',
        invalidDigits: null,
        terminatorUsed: '#',
        playbackSeconds: '0',
        playbackMilliseconds: '500',
      });
    }
  });

  for (const [index, step] of STEPS.entries()) {
    it(`answers ${step.command} (${index + 1}) as recorded`, () => {
      expect(answers[index]).to.equal(step.answer);
    });
  }

  it('tells every action that was taken', () => {
    const expected = [
      ...['conference-create', 'add-member', 'floor-change', 'start-talking', 'energy-level-member', 'unmute-member'],
      ...['mute-member', 'deaf-member', 'undeaf-member', 'hold-member', 'unhold-member', 'lock', 'unlock'],
      ...['volume-in-member', 'volume-out-member', 'play-file', 'play-file-member', 'play-file-done'],
      ...['play-file-member-done', 'start-recording', 'pause-recording', 'resume-recording', 'stop-recording'],
      ...['kick-member', 'del-member', 'conference-destroy'],
    ];
    expect(actionsOf()).to.include.members(expected);
  });

  it('tells a member with the headers that were recorded', () => {
    const names = eventOf('add-member').headers.map(({ name }) => name);
    expect(names.slice(names.indexOf('Conference-Name'))).to.include.members(
      `Conference-Name Conference-Domain Conference-Size Conference-Ghosts Conference-Profile-Name Conference-Unique-ID
      Floor Channel-State Unique-ID Channel-Call-UUID Answer-State Channel-Read-Codec-Name Caller-Direction Video Hear See
      Speak Talking Mute-Detect Hold Member-ID Member-Type Member-Ghost Energy-Level Current-Energy Action`.split(
        /\s+/,
      ),
    );
    expect(eventOf('add-member').getHeader('Member-Type')).to.equal('moderator');
    expect(eventOf('add-member').getHeader('Conference-Size')).to.equal('1');
  });

  it('tells how long was played and recorded', () => {
    const played = eventOf('play-file-done');
    expect(played.getHeader('milliseconds')).to.equal('800');
    expect(played.getHeader('samples')).to.equal('6400');
    expect(played.getHeader('File')).to.equal('tone_stream://%(300,100,800)');
    const recorded = eventOf('stop-recording');
    expect(Number(recorded.getHeader('Milliseconds-Elapsed'))).to.be.greaterThan(200);
    expect(Number(recorded.getHeader('Record-File-Size'))).to.be.greaterThan(44);
  });

  it('counts a member that was kicked out', () => {
    const kicked = answers[KICK];
    expect(kicked).to.equal('+OK kicked 2\n');
    const left = events.find((event) => event.getHeader('Action') === 'del-member')!;
    expect(left.getHeader('Conference-Size')).to.equal('1');
  });

  it('leaves nothing behind', async function () {
    if (!bench.embedded) skipBecause(this, 'real servers do not tell their counts');
    const { embedded } = bench;
    await until(
      'counts are zero',
      () => embedded.counts().freeswitch,
      ({ channels, conferences, outboundSockets, ports, rooms, dialogs }) =>
        channels + conferences + outboundSockets + ports + rooms + dialogs === 0,
    );
  });
});
