/** Reads what FreeSWITCH says of a conference. What does not look like its answer is no report. */
import { z } from 'zod';
import type { ReportedMember, ReportedRecording } from './room/index.ts';

export interface MediaReport {
  readonly members: readonly ReportedMember[];
  readonly recordings: readonly ReportedRecording[];
}

const member = z.object({
  type: z.literal('caller'),
  id: z.number().int().positive(),
  uuid: z.string(),
  flags: z.object({ can_hear: z.boolean(), can_speak: z.boolean() }),
});
const recording = z.object({
  type: z.literal('recording_node'),
  record_path: z.string(),
  status: z.string().optional(),
});
const conferences = z.array(z.object({ members: z.array(z.unknown()).default([]) }));

const NOT_FOUND = /^-ERR Conference .* not found/;
const EMPTY: MediaReport = { members: [], recordings: [] };

/**
 * @param jsonList the answer to `conference <name> json_list`
 * @param relative a recording's name below our folder, or null for somebody else's
 * @returns null when it is no such answer
 */
export function readMediaReport(jsonList: string, relative: (path: string) => string | null): MediaReport | null {
  // A mix that is not there has no members.
  if (NOT_FOUND.test(jsonList)) return EMPTY;
  let parsed: unknown;
  try {
    parsed = JSON.parse(jsonList);
  } catch {
    return null;
  }
  const list = conferences.safeParse(parsed);
  if (!list.success) return null;
  const entries = list.data.flatMap(({ members }) => members);
  return {
    members: entries.flatMap((entry) => {
      const read = member.safeParse(entry);
      if (!read.success) return [];
      const { id, uuid, flags } = read.data;
      return [{ memberId: id, channelUuid: uuid, speak: flags.can_speak, hear: flags.can_hear }];
    }),
    recordings: entries.flatMap((entry) => {
      const read = recording.safeParse(entry);
      const file = read.success ? relative(read.data.record_path) : null;
      return read.success && file !== null ? [{ file, paused: read.data.status === 'paused' }] : [];
    }),
  };
}

/** @param summary the answer to `conference list summary`. @returns names of our rooms */
export function readRoomNames(summary: string): readonly string[] {
  return [...summary.matchAll(/^(?:\+OK )?Conference (room-[A-Za-z0-9_-]{1,100}) \(/gm)].map((match) => match[1]!);
}
