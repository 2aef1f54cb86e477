/** `xml_list`. */
import type { Conference } from './conference.ts';
import { RATE } from './conference.ts';
import type { ConferenceMember } from './member.ts';

export function xmlList(conferences: readonly Conference[]): string {
  const inner = conferences.map(describeConference).join('');
  return conferences.length === 0
    ? '<?xml version="1.0"?>\n<conferences></conferences>\n'
    : `<?xml version="1.0"?>\n<conferences>\n${inner}</conferences>\n`;
}

function describeConference(conference: Conference): string {
  const attributes: [string, string | number | boolean | undefined][] = [
    ['name', conference.name],
    ['member-count', conference.size],
    ['ghost-count', conference.ghosts],
    ['rate', RATE],
    ['uuid', conference.uuid],
    ['locked', conference.locked || undefined],
    ['destruct', conference.ending || undefined],
    ['wait_mod', conference.waitingForModerator || undefined],
    ['audio_always', conference.audioAlways || undefined],
    ['running', true],
    ['answered', true],
    ['enforce_min', true],
    ['dynamic', true],
    ['exit_sound', conference.sounds.exit.on || undefined],
    ['enter_sound', conference.sounds.enter.on || undefined],
    ['max_members', conference.maxMembers || undefined],
    ['recording', conference.recordings.active || undefined],
    ['endconference_grace_time', conference.endGraceSeconds || undefined],
    ['run_time', conference.runTime],
  ];
  const text = attributes
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
  const members = conference.members.map((member) => describeMember(conference, member)).join('');
  return [
    `  <conference${text}>\n`,
    variables(conference),
    members === '' ? '    <members></members>\n' : `    <members>\n${recordings(conference)}${members}    </members>\n`,
    '  </conference>\n',
  ].join('');
}

function variables(conference: Conference): string {
  if (conference.variables.size === 0) return '    <variables></variables>\n';
  const lines = [...conference.variables].map(
    ([name, value]) => `      <variable name="${escapeXml(name)}" value="${escapeXml(value)}"></variable>\n`,
  );
  return `    <variables>\n${lines.join('')}    </variables>\n`;
}

function recordings(conference: Conference): string {
  return conference.recordings.list
    .map(({ path, paused, startedAt }) => {
      const status = paused ? ' status="paused"' : '';
      return [
        '      <member type="recording_node">\n',
        `        <record_path${status}>${escapeXml(path)}</record_path>\n`,
        `        <join_time type="UNIX-epoch">${Math.floor(startedAt / 1_000)}</join_time>\n`,
        '      </member>\n',
      ].join('');
    })
    .join('');
}

function describeMember(conference: Conference, member: ConferenceMember): string {
  const { channel } = member;
  const seconds = (since: number): number => Math.floor((conference.now - since) / 1_000);
  const tag = (name: string, value: string | number | boolean): string =>
    `        <${name}>${escapeXml(String(value))}</${name}>\n`;
  const flags = memberFlags(conference, member).map(([name, value]) => `          <${name}>${value}</${name}>\n`);
  return [
    '      <member type="caller">\n',
    tag('id', member.id),
    `        <flags>\n${flags.join('')}        </flags>\n`,
    tag('uuid', channel.uuid),
    tag('caller_id_name', channel.profile.callerIdName),
    tag('caller_id_number', channel.profile.callerIdNumber),
    tag('join_time', seconds(member.joinedAt)),
    tag('last_talking', member.lastTalkingAt === undefined ? 'N/A' : seconds(member.lastTalkingAt)),
    tag('energy', member.energyLevel),
    tag('volume_in', member.volumeIn),
    tag('volume_out', member.volumeOut),
    tag('output-volume', member.volumeOut),
    '      </member>\n',
  ].join('');
}

function memberFlags(conference: Conference, member: ConferenceMember): [string, boolean][] {
  return [
    ['can_hear', !member.held && member.canHear],
    ['can_see', !member.held],
    ['can_speak', !member.held && member.canSpeak],
    ['mute_detect', member.flags.muteDetect],
    ['talking', !member.held && member.talking],
    ['hold', member.held],
    ['has_video', false],
    ['video_bridge', false],
    ['has_floor', conference.floorHolder === member.id],
    ['is_moderator', member.flags.moderator],
    ['end_conference', member.flags.endConference],
    ['mandatory_member_end_conference', member.flags.mandatoryEndConference],
    ['is_ghost', member.flags.ghost],
  ];
}

function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
