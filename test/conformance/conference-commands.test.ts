/**
 * Every other `conference` command that a conference service uses: its answer word by word and the actions it is told by.
 * What is written here was taken from FreeSWITCH 1.11.2; `<1>`, `<2>` and `<3>` are the members in the order they came: a
 * moderator, one who talks, one who is muted.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as join_ } from 'node:path';
import { expect } from 'chai';
import { openBench, until, type Bench } from '../helpers/bench.ts';
import type { Endpoint, EslEvent } from '../helpers/fsmrf-client.ts';
import { makeTone } from '../helpers/tones.ts';
import { writeWav } from '../helpers/wav.ts';

interface Step {
  readonly command: string;
  readonly answer: string;
  /** Actions that must be told, each with headers that are checked. */
  readonly told?: readonly Told[];
}

interface Told {
  readonly action: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const NO_MEMBER = '-ERR Non-Existant ID 99\n';
const PLAY = 'tone_stream://%(600,0,1330)';
const told = (action: string, headers: Readonly<Record<string, string>> = {}): Told => ({ action, headers });
const ofMember = (action: string, member: number, headers: Readonly<Record<string, string>> = {}): Told =>
  told(action, { 'Member-ID': `<${member}>`, ...headers });

const STEPS: readonly Step[] = [
  // Who may speak, hear and be seen.
  { command: 'mute', answer: 'mute <[member_id|all]|last|non_moderator> [<quiet>]' },
  { command: 'mute 99', answer: NO_MEMBER },
  { command: 'mute <2> quiet', answer: '+OK mute <2>\n', told: [ofMember('mute-member', 2, { Speak: 'false' })] },
  { command: 'unmute <2> quiet', answer: '+OK unmute <2>\n', told: [ofMember('unmute-member', 2, { Speak: 'true' })] },
  { command: 'tmute <2>', answer: '+OK mute <2>\n', told: [ofMember('mute-member', 2)] },
  { command: 'tmute <2>', answer: '+OK unmute <2>\n', told: [ofMember('unmute-member', 2)] },
  { command: 'mute last', answer: '+OK mute <3>\n', told: [ofMember('mute-member', 3)] },
  { command: 'deaf all', answer: '+OK deaf <3>\n+OK deaf <2>\n+OK deaf <1>\n', told: [ofMember('deaf-member', 1)] },
  { command: 'undeaf all', answer: '+OK undeaf <3>\n+OK undeaf <2>\n+OK undeaf <1>\n', told: [] },
  { command: 'vmute <2>', answer: '+OK vmute <2>\n', told: [ofMember('vmute-member', 2, { See: 'false' })] },
  { command: 'unvmute <2>', answer: '+OK unvmute <2>\n', told: [ofMember('unvmute-member', 2, { See: 'true' })] },
  { command: 'position <2> 0:0:0', answer: '-ERR not supported\n' },

  // How loud, and how loud counts.
  { command: 'energy <2>', answer: 'Energy <2> = 100\n' },
  { command: 'energy <2> up', answer: 'Energy <2> = 300\n', told: [ofMember('energy-level-member', 2)] },
  { command: 'energy <2> down', answer: 'Energy <2> = 100\n', told: [told('energy-level-member')] },
  { command: 'energy all 100', answer: 'Energy <3> = 100\nEnergy <2> = 100\nEnergy <1> = 100\n' },
  { command: 'agc <2>', answer: 'Agc <2> = 0\n' },
  {
    command: 'agc <2> 1100',
    answer: 'Agc <2> = 1100\n',
    told: [ofMember('agc-level-member', 2, { 'Agc-Level': '1100' })],
  },
  { command: 'volume_in <2>', answer: '+OK Volume IN <2> = 0\n' },
  {
    command: 'volume_in <2> 9',
    answer: '+OK Volume IN <2> = 4\n',
    told: [ofMember('volume-in-member', 2, { 'Volume-Level': '4' })],
  },
  { command: 'volume_in <2> down', answer: '+OK Volume IN <2> = 3\n', told: [told('volume-in-member')] },
  { command: 'volume_in <2> 0', answer: '+OK Volume IN <2> = 0\n', told: [told('volume-in-member')] },
  {
    command: 'volume_out <2> -9',
    answer: '+OK Volume OUT <2> = -4\n',
    told: [ofMember('volume-out-member', 2, { 'Volume-Level': '-4' })],
  },
  {
    command: 'volume_out all 0',
    answer: '+OK Volume OUT <3> = 0\n+OK Volume OUT <2> = 0\n+OK Volume OUT <1> = 0\n',
  },

  // Hold.
  { command: 'hold <2>', answer: '+OK hold <2>\n', told: [ofMember('hold-member', 2, { Hold: 'true' })] },
  { command: 'unhold <2>', answer: '+OK unhold <2>\n', told: [ofMember('unhold-member', 2, { Hold: 'false' })] },
  { command: `hold <2> ${PLAY}`, answer: '+OK hold <2>\n', told: [ofMember('hold-member', 2)] },
  {
    command: 'unhold <2>',
    answer: '+OK unhold <2>\n',
    told: [told('unhold-member'), ofMember('play-file-member-done', 2, { File: PLAY })],
  },

  // Sounds.
  { command: 'play', answer: 'play <file_path> [async|<member_id> [nomux]]' },
  {
    command: `play ${PLAY} <2> nomux`,
    answer: `+OK (play) Playing file ${PLAY} to member <2>\n`,
    told: [ofMember('play-file-member', 2, { File: PLAY })],
  },
  { command: 'play_status <2>', answer: '+OK 0/0 %(600,0,1330)\n' },
  { command: 'pause_play <2>', answer: '+OK Pause\n' },
  { command: 'pause_play <2>', answer: '+OK Resume\n' },
  { command: 'stop all <2>', answer: '+OK Stopped 1 files.\n', told: [ofMember('play-file-member-done', 2)] },
  { command: 'pause_play 99', answer: '-ERR Member: 99 not found.\npause [<member_id>]' },
  { command: 'play_status', answer: '-ERR Nothing is playing\n' },
  { command: 'pause_play', answer: '-ERR no reply\n' },
  { command: 'file_seek 0', answer: '-ERR no reply\n' },
  { command: 'file-vol', answer: '-ERR missing args\nfile-vol <vol#>' },
  { command: 'file-vol 1', answer: '-ERR File not playing\nfile-vol <vol#>' },
  {
    command: 'play <wav>',
    answer: '+OK (play) Playing file <wav>\n',
    told: [told('play-file', { File: '<wav>', Async: 'false' })],
  },
  { command: 'play_status', answer: '+OK 0/0 <wav>\n' },
  { command: 'pause_play', answer: '+OK Pause\n' },
  { command: 'file_seek 2000', answer: '+OK seek to position 16000\n' },
  { command: 'file-vol -10', answer: '+OK volume changed\n' },
  { command: 'pause_play', answer: '+OK Resume\n' },
  { command: `play ${PLAY}`, answer: `+OK (play) Playing file ${PLAY}\n` },
  {
    command: `play ${PLAY} async`,
    answer: `+OK (play) Playing file ${PLAY}\n`,
    told: [told('play-file', { Async: 'true' })],
  },
  { command: 'stop nonsense', answer: 'stop <[current|all|async|last]> [<member_id>]' },
  { command: 'stop last', answer: 'stop <[current|all|async|last]> [<member_id>]' },
  { command: 'stop async', answer: '+OK Stopped 1 files.\n', told: [told('play-file-done', { Async: 'true' })] },
  { command: 'stop current', answer: '+OK Stopped 1 files.\n', told: [told('play-file-done', { File: '<wav>' })] },
  { command: 'stop', answer: '+OK Stopped 1 files.\n', told: [told('play-file-done', { File: PLAY })] },
  { command: 'stop all', answer: '+OK Stopped 0 files.\n' },
  { command: 'stop all 99', answer: '-ERR Member: 99 not found.\n' },
  {
    command: 'play {vol=-10,loops=2}<wav>',
    answer: '+OK (play) Playing file {vol=-10,loops=2}<wav>\n',
    told: [told('play-file', { vol: '-10', loops: '2', File: '{vol=-10,loops=2}<wav>' })],
  },
  { command: 'stop all', answer: '+OK Stopped 1 files.\n', told: [told('play-file-done', { vol: '-10' })] },
  {
    command: 'play silence_stream://0',
    answer: '-ERR (play) File: silence_stream://0 not found.\n',
    told: [told('play-file', { Error: 'File could not be played' })],
  },
  { command: 'play nosuch://x', answer: '-ERR (play) File: nosuch://x not found.\n', told: [told('play-file')] },
  {
    command: 'enter_sound off',
    answer: '+OK room enter sounds off ()\n',
    told: [told('enter-sounds-off')],
  },
  { command: 'enter_sound file', answer: '-ERR No filename specified\n' },
  {
    command: 'enter_sound file /nowhere.wav',
    answer: '+OK room enter sound file set to /nowhere.wav\n',
    told: [told('enter-sound-file-changed')],
  },
  { command: 'enter_sound nonsense', answer: '-ERR Bad args\nenter_sound on|off|none|file <filename>' },
  { command: 'exit_sound none', answer: '+OK room exit sounds off ()\n', told: [told('exit-sounds-off')] },

  // Keys towards a member.
  { command: 'dtmf <2>', answer: '-ERR Invalid input!\n' },
  { command: 'dtmf <2> 12', answer: '+OK sent 12 to <2>\n', told: [ofMember('dtmf-member', 2, { Digits: '12' })] },

  // Who hears whom.
  { command: 'relate', answer: '+OK No relationships\n' },
  { command: 'relate <1> <2> nohear', answer: '+OK <1>-><2> nohear set\n' },
  { command: 'relate <1>', answer: '<1> -> <2> SPEAK NOHEAR NOSENDVIDEO \n' },
  { command: 'relate <1> <2> clear', answer: '+OK relationship <1>-><2> cleared.\n' },
  {
    command: 'relate <1>,<2> <3> nospeak',
    answer: '+OK <1>-><3> nospeak set\n+OK <2>-><3> nospeak set\n',
  },
  {
    command: 'relate <1>,<2> <3> clear',
    answer: '+OK relationship <1>-><3> cleared.\n+OK relationship <2>-><3> cleared.\n',
  },
  { command: 'relate <1> 99 nospeak', answer: '-ERR relationship <1>->99 not found.\n' },

  // Variables: told in every event from then on.
  { command: 'getvar nosuch', answer: '-ERR no reply\n' },
  { command: 'setvar colour blue', answer: '+OK\n' },
  { command: 'getvar colour', answer: 'blue' },
  { command: 'lock', answer: '+OK room locked\n', told: [told('lock', { colour: 'blue' })] },
  { command: 'get is_locked', answer: 'locked' },
  { command: 'unlock', answer: '+OK room unlocked\n', told: [told('unlock')] },
  { command: 'setvar colour', answer: '+OK\n' },
  { command: 'get count', answer: '3' },
  { command: 'get count_ghosts', answer: '0' },
  { command: 'get rate', answer: '8000' },
  { command: 'get profile_name', answer: 'default' },
  { command: 'get nosuch', answer: 'get <parameter-name>' },
  { command: 'set max_members 50', answer: '0' },
  { command: 'get max_members', answer: '50' },
  { command: 'set max_members 0', answer: '50' },
  { command: 'set endconference_grace_time 5', answer: '0' },
  { command: 'get endconference_grace_time', answer: '5' },
  {
    command: 'set nosuch 5',
    answer: 'set <max_members|sound_prefix|caller_id_name|caller_id_number|endconference_grace_time> <value>',
  },
  { command: 'list count', answer: '3' },
  { command: 'count', answer: '3' },
  { command: 'list pretty', answer: '<3>) unknown ()\n<2>) unknown ()\n<1>) unknown ()\n' },

  // Recordings.
  { command: 'recording', answer: 'recording [start|stop|check|pause|resume] [<filename>|all]' },
  { command: 'recording check', answer: '-ERR Conference is not being recorded.\n' },
  {
    command: 'norecord <recording>',
    answer: "-ERR non-existant recording '<recording>'\n+OK Stopped recording 0 files\n",
  },
  {
    command: 'record <recording>',
    answer: '+OK Record file <recording>\n',
    told: [told('start-recording', { Path: '<recording>' })],
  },
  {
    command: 'recording start <recording>',
    answer: '-ERR file [<recording>] is already being used for recording.\n',
  },
  { command: 'chkrecord', answer: '+OK Record file <recording>\n' },
  {
    command: 'pause <recording>',
    answer: '+OK Pause recording file <recording>\n',
    told: [told('pause-recording', { Path: '<recording>', 'Other-Recordings': 'true' })],
  },
  {
    command: 'resume <recording>',
    answer: '+OK Resume recording file <recording>\n',
    told: [told('resume-recording')],
  },
  {
    command: 'norecord all',
    answer: 'Stopped recording file <recording>\n+OK Stopped recording 0 files\n',
    told: [told('stop-recording', { Path: '<recording>', 'Other-Recordings': 'false', Samplerate: '8000' })],
  },
  {
    command: 'recording start /tmp/recording.nosuchformat',
    answer: '+OK Record file /tmp/recording.nosuchformat\n',
    told: [
      told('start-recording', { Error: 'File could not be opened for recording' }),
      told('stop-recording', { 'Samples-Out': '0' }),
    ],
  },

  // The floor.
  { command: 'floor <3>', answer: '-ERR floor is held by <1>\n' },
  { command: 'floor 99', answer: NO_MEMBER },

  // What does not exist, and leaving.
  { command: 'nosuchcommand', answer: "-ERR Conference command 'nosuchcommand' not found.\n" },
  { command: 'transfer', answer: 'transfer <conference_name> <member id> [...<member id>]' },
  { command: 'transfer elsewhere 99', answer: '-ERR No Member 99 in conference room.\n' },
  { command: 'kick 99', answer: NO_MEMBER },
  {
    command: 'transfer elsewhere <3>',
    answer: "+OK Member '<3>' sent to conference elsewhere.\n",
    told: [
      ofMember('transfer', 3, { 'Old-Conference-Name': 'room', 'New-Conference-Name': 'elsewhere' }),
      ofMember('del-member', 3, { 'Conference-Size': '2' }),
    ],
  },
  {
    command: 'hup <2>',
    answer: '+OK hup <2>\n',
    told: [ofMember('hup-member', 2), ofMember('del-member', 2, { 'Conference-Size': '1' })],
  },
];

describe('conference commands', function () {
  this.timeout(60_000);
  let bench: Bench;
  let folder: string;
  let names: ReadonlyMap<string, string>;
  const endpoints: Endpoint[] = [];
  let events: EslEvent[] = [];
  const room = `commands-${Date.now()}`;
  const elsewhere = `${room}-elsewhere`;

  async function join(tone: number, flags: object): Promise<void> {
    const phone = await bench.phone();
    const connected = new Promise<Endpoint>((resolve, reject) => {
      bench.onInvite = (request, response) => {
        bench.mediaServer.connectCaller(request, response).then((pair) => resolve(pair.endpoint), reject);
      };
    });
    await phone.dial(bench.sipPort);
    const endpoint = await connected;
    endpoints.push(endpoint);
    phone.talk(tone);
    await endpoint.join(room, { flags });
  }

  before(async function () {
    bench = await openBench(this);
    folder = await mkdtemp(join_(tmpdir(), 'commands-'));
    const wav = join_(folder, 'tone.wav');
    await writeWav(wav, makeTone(1_330, 5_000));
    const { conn } = bench.mediaServer;
    conn.on('esl::event::CUSTOM::*', (event: EslEvent) => {
      if (event.getHeader('Conference-Name') === room) events.push(event);
    });
    await new Promise<void>((done) => conn.subscribe(['HEARTBEAT', 'CUSTOM', 'conference::maintenance'], done));
    await join(440, { moderator: true });
    await join(620, {});
    await join(830, { mute: true });
    await until(
      'the first has the floor and both talk',
      () => bench.mediaServer.api(`conference ${room} list`),
      (list) => list.includes('talking|floor|moderator') && list.match(/talking/g)?.length === 2,
    );
    names = new Map([
      ...endpoints.map(({ conf }, index): [string, string] => [`<${index + 1}>`, String(conf.memberId)]),
      ['<wav>', wav],
      ['<recording>', join_(folder, 'recording.wav')],
    ]);
  });

  after(async () => {
    // Out of the conference is not the end of the channel: it would stay until RTP has been away for a minute.
    await Promise.all(endpoints.map(({ uuid }) => bench.mediaServer.api(`uuid_kill ${uuid}`)));
    await bench.close();
    await rm(folder, { recursive: true });
  });

  /** `<1>` and the like to what they stand for here. */
  const inFull = (text: string): string => {
    let full = text;
    for (const [name, value] of names) full = full.replaceAll(name, value);
    return full.replace(/\broom\b/g, room).replace(/\belsewhere\b/g, elsewhere);
  };

  const isTold = ({ action, headers = {} }: Told): boolean =>
    events.some(
      (event) =>
        event.getHeader('Action') === action &&
        Object.entries(headers).every(([name, value]) => event.getHeader(name) === inFull(value)),
    );

  for (const [index, step] of STEPS.entries()) {
    it(`${index + 1}: ${step.command}`, async () => {
      events = [];
      expect(await bench.mediaServer.api(inFull(`conference room ${step.command}`))).to.equal(inFull(step.answer));
      for (const expected of step.told ?? []) {
        await until(
          `${expected.action} ${JSON.stringify(expected.headers)}`,
          () => (isTold(expected) ? 'told' : events.map((event) => event.getHeader('Action'))),
          (answer) => answer === 'told',
        );
      }
    });
  }

  it('brings who was sent to another conference into it', async () => {
    await until(
      'the third is there',
      () => bench.mediaServer.api(`conference ${elsewhere} list`),
      (list) => list.includes(endpoints[2]!.uuid),
    );
  });
});
