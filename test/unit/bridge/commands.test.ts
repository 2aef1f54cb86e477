import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { commands, sound, type VariableName } from '../../../bridge/media/commands.ts';
import { PartylineError } from '../../../config/contract/index.ts';

const uuid = '2a253dbd-1a1f-40d2-977a-7215108f05c4';

/** What attackers send (FreeSWITCH advisories, CVE-2019-19492 and relatives). */
const injections = [
  '\n\napi system touch /tmp/pwn\n\n',
  '\r\nexecute-app-name: system',
  '${system(touch /tmp/pwn)}',
  '$${system}',
  'a,api_on_answer=system touch',
  '}sofia/gateway/x/+1900',
  ']',
  '>',
  '^^:x:',
  "'",
  '"',
  '\\',
  '%0a',
  'room\u2028api',
  'room\u0000',
  'a b',
  'room@default',
  'room+flags{moderator}',
  'room|x',
  'room;x',
  '',
  'a'.repeat(10_000),
];

function refused(work: () => unknown): void {
  expect(work).to.throw(PartylineError).with.property('code', 'media/command-refused');
}

describe('the command builder', () => {
  it('builds what FreeSWITCH understands', () => {
    expect(commands.member('room-abc', 'mute', 2).text).to.equal('conference room-abc mute 2');
    expect(commands.playToMember('room-abc', '/sounds/en/now-muted.wav', 2).text).to.equal(
      'conference room-abc play /sounds/en/now-muted.wav 2',
    );
    expect(commands.breakPlayback(uuid).text).to.equal(`uuid_break ${uuid}`);
    expect(commands.joinConference('room-abc', 'default', ['mute'])).to.include({
      application: 'conference',
      argument: 'room-abc@default++flags{mute}',
    });
    expect(commands.setVariable(uuid, 'resume_conference', 'room-abc@default').text).to.equal(
      `uuid_setvar ${uuid} resume_conference room-abc@default`,
    );
    expect(commands.playback('tone_stream://%(300,100,800)').argument).to.equal('tone_stream://%(300,100,800)');
  });

  for (const text of injections) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} wherever it may stand`, () => {
      refused(() => commands.member(text, 'mute', 1));
      refused(() => commands.playToRoom(text, '/a/b.wav'));
      refused(() => commands.playToRoom('room', text));
      // What is a plain file name is no attack inside a path.
      if (!/^[\w.+@-]{0,64}$/.test(text)) refused(() => commands.playToRoom('room', `/sounds/${text}.wav`));
      refused(() => commands.playback(text));
      refused(() => commands.playback(`tone_stream://${text}${text.length > 5 && /^[a-z]+$/.test(text) ? '' : '\n'}`));
      refused(() => commands.breakPlayback(text));
      refused(() => commands.killChannel(`${uuid}${text === '' ? ' ' : text}`));
      refused(() => commands.joinConference(text, 'default', []));
      refused(() => commands.joinConference('room', text, []));
      refused(() => commands.setVariable(uuid, 'rtp_timeout_sec', text));
      if (text !== '')
        refused(() =>
          commands.setVariable(uuid, 'resume_conference', text === 'room@default' ? 'room@default x' : text),
        );
      refused(() => commands.setVariable(text, 'rtp_timeout_sec', '1'));
      refused(() => commands.listMembers(text));
    });
  }

  it('refuses paths that climb, member numbers that are none, and unknown levels', () => {
    refused(() => sound('/sounds/../etc/passwd.wav'));
    refused(() => sound('sounds/a.wav'));
    refused(() => sound('//host/a.wav'));
    for (const member of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
      refused(() => commands.member('room', 'kick', member));
    }
    refused(() => commands.energy('room', 1, 1_801));
  });

  it('lets no control character, quote, space or expansion through, whatever the text', () => {
    const forbidden = /[\x00-\x1f\x7f\u0080-\u{10ffff}$`'"\\]/u;
    const names: VariableName[] = ['resume_conference', 'rtp_timeout_sec', 'rtp_hold_timeout_sec'];
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom(...names), (text, name) => {
        for (const build of [
          () => commands.member(text, 'mute', 1).text,
          () => commands.playback(text).argument,
          () => commands.joinConference(text, text, ['mute']).argument,
          () => commands.setVariable(uuid, name, text).text.slice(`uuid_setvar ${uuid} ${name} `.length),
        ]) {
          try {
            expect(build()).to.not.match(forbidden);
          } catch (error) {
            if (!(error instanceof PartylineError)) throw error;
          }
        }
      }),
    );
  });

  it('does not repeat the refused text in its error', () => {
    try {
      commands.member('secret\nthing', 'mute', 1);
      expect.fail('not refused');
    } catch (error) {
      expect((error as Error).message).to.not.contain('secret');
    }
  });
});

describe('commands for the media server', () => {
  /** The two places where commands leave: the inbound event socket and a channel's own. */
  const DOORS = ['bridge/media/event-socket.ts', 'bridge/media/leg.ts', 'bridge/media/media-ports.ts'];
  const SENDING = /\.(api|bgapi|execute|executeAsync|sendRecv|sendmsg)\(/;

  it('leave through the builder only', () => {
    const strays = sources('bridge').filter(
      (file) => !DOORS.includes(file) && SENDING.test(readFileSync(file, 'utf8')),
    );
    expect(strays).to.deep.equal([]);
  });

  it('are handed over there as built, never as text', () => {
    const socket = readFileSync('bridge/media/event-socket.ts', 'utf8');
    expect(socket.match(/\.api\([^)]*/g)).to.deep.equal(['.api(command.text, (event']);
    const leg = readFileSync('bridge/media/leg.ts', 'utf8');
    expect(leg.match(/#endpoint\.execute\([^)]*\)/g)).to.deep.equal([
      '#endpoint.execute(command.application, command.argument)',
    ]);
    expect(leg.match(/\.sendRecv\([^)]*\)[^)]*\)/g)).to.deep.equal([
      '.sendRecv(commands.tellLess().text)',
      '.sendRecv(commands.tellNothing().text)',
    ]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name));
}
