/** The `conference` API: finds the conference, the command and the members it is meant for. */
import { separate } from '../applications/digits.ts';
import type { ConferenceRegistry } from './conference-registry.ts';
import { memberCommands, wholeNumber, type MemberCommandEntry } from './member-commands.ts';
import { recordingCommands } from './recording-commands.ts';
import { listCommand, roomCommands, type RoomCommandEntry } from './room-commands.ts';
import type { Conference } from './conference.ts';
import { jsonList } from './listing-json.ts';
import { xmlList } from './listing-xml.ts';

const MAX_WORDS = 25;
/** The embedded server neither speaks nor dials; whoever asks is told so. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['say', '-ERR (say) Error!\nsay <text>'],
  ['saymember', '-ERR (saymember) Error!\nsaymember <member_id> <text>'],
  ['position', '-ERR not supported\n'],
  ['auto-3d-position', '-ERR not supported\n'],
  ['dial', '-ERR Call Requested: result: [SERVICE_NOT_IMPLEMENTED]\n'],
  ['bgdial', '-ERR Call Requested: result: [SERVICE_NOT_IMPLEMENTED]\n'],
  ['pin', '-ERR Invalid parameters:\npin <pin#>'],
  ['nopin', '-ERR Invalid parameters:\nnopin '],
]);

export interface ConferenceApiOptions {
  readonly conferences: ConferenceRegistry;
  /** Sends a channel to another conference, as a new dialplan. */
  readonly transfer: (uuid: string, name: string, profile: string) => boolean;
}

export function createConferenceApi(options: ConferenceApiOptions): (argument: string) => Promise<string> {
  return async (argument) => {
    const words = separate(argument).slice(0, MAX_WORDS);
    const [name] = words;
    if (name === undefined) return syntaxOfAll();
    const conference = options.conferences.find(name);
    if (!conference) return withoutConference(options, words);
    if (words.length < 2) return "Conference command, not specified.\nTry 'help'\n";
    return dispatch(options, conference, words);
  };
}

function withoutConference({ conferences }: ConferenceApiOptions, words: readonly string[]): string {
  const all = conferences.list;
  switch (words[0]!.toLowerCase()) {
    case 'list':
      return listCommand(all, words, false);
    case 'count':
      return String(all.length);
    case 'xml_list':
      return xmlList(all);
    case 'json_list':
      return jsonList(all, words[1] === 'compact');
    case 'help':
    case 'commands':
      return syntaxOfAll();
    default:
      return `-ERR Conference ${words[0]!} not found\n`;
  }
}

async function dispatch(
  options: ConferenceApiOptions,
  conference: Conference,
  words: readonly string[],
): Promise<string> {
  const command = words[1]!.toLowerCase();
  const room = roomCommands.get(command) ?? recordingCommands.get(command);
  if (room) return runRoomCommand(options, conference, command, room, words);
  const member = memberCommands.get(command);
  if (member) return runMemberCommand(options, conference, command, member, words);
  if (command === 'transfer') return transfer(options, conference, words);
  return REFUSED.get(command) ?? `-ERR Conference command '${words[1]!}' not found.\n`;
}

async function runRoomCommand(
  { conferences }: ConferenceApiOptions,
  conference: Conference,
  command: string,
  entry: RoomCommandEntry,
  words: readonly string[],
): Promise<string> {
  const answer = await entry.run({ conference, events: conferences.events, words });
  return answer ?? `${command} ${entry.syntax}`;
}

function runMemberCommand(
  { conferences }: ConferenceApiOptions,
  conference: Conference,
  command: string,
  entry: MemberCommandEntry,
  words: readonly string[],
): string {
  const context = { conference, events: conferences.events };
  const target = words[2]?.toLowerCase();
  const argument = words[3];
  const { members } = conference;
  if (target === 'all') return members.map((member) => entry.run(context, member, argument)).join('');
  if (target === 'non_moderator') {
    const skip = (id: number): string => `Skipping moderator (member id ${id}).\n`;
    return members
      .map((member) => (member.flags.moderator ? skip(member.id) : entry.run(context, member, argument)))
      .join('');
  }
  if (target === 'last') {
    const last = members.toSorted((a, b) => b.id - a.id)[0];
    return last ? entry.run(context, last, argument) : '';
  }
  if (target?.includes('='))
    return runForVariable(conference, target, (member) => entry.run(context, member, argument));
  const id = wholeNumber(target ?? '');
  if (id === 0) return `${command} ${entry.syntax}`;
  const member = conference.member(id);
  return member ? entry.run(context, member, argument) : `-ERR Non-Existant ID ${id}\n`;
}

function runForVariable(
  conference: Conference,
  target: string,
  run: (member: Conference['members'][number]) => string,
): string {
  const [name = '', value = ''] = target.split('=', 2);
  const member = conference.members.find(({ channel }) => channel.variables.get(name)?.toLowerCase() === value);
  return member ? run(member) : '-ERR Non-Existant member\n';
}

function transfer(
  { conferences, transfer: send }: ConferenceApiOptions,
  conference: Conference,
  words: readonly string[],
): string {
  const [, , target, ...ids] = words;
  if (target === undefined || ids.length === 0) return 'transfer <conference_name> <member id> [...<member id>]';
  const [name = '', profile = 'default'] = target.split('@', 2);
  return ids
    .map((id) => {
      const member = conference.member(wholeNumber(id));
      if (!member || !send(member.channel.uuid, name, profile)) {
        return `-ERR No Member ${id} in conference ${conference.name}.\n`;
      }
      member.channel.variables.set('last_transfered_conference', name);
      const names = [
        ['Old-Conference-Name', conference.name],
        ['New-Conference-Name', target],
      ] as const;
      conferences.events.member(conference, member, 'transfer', [], names);
      return `+OK Member '${member.id}' sent to conference ${target}.\n`;
    })
    .join('');
}

function syntaxOfAll(): string {
  return [...roomCommands, ...memberCommands, ...recordingCommands]
    .map(([name, { syntax }]) => `<conf name> ${name} ${syntax}\n`)
    .join('');
}
