/** playback, recording, echo and digits towards the caller. */
import type { Application, ApplicationContext } from '../channel/application-runner.ts';
import { channelData } from '../channel/channel-data.ts';
import type { Channel } from '../channel/channel.ts';
import { isTrue } from '../channel/channel-variables.ts';
import type { EventOrigin } from '../core/event.ts';
import { playFile } from './play-file.ts';
import { separate } from './digits.ts';
import type { ApplicationServices } from './services.ts';

const RECORD_START: EventOrigin = ['switch_ivr_async.c', 'record_callback', 1482];
const RECORD_STOP: EventOrigin = ['switch_ivr_async.c', 'send_record_stop_event', 1241];
const DEFAULT_DIGIT_MS = 250;
const MAX_DIGITS = 100;

export function playback(services: ApplicationServices): Application {
  return async (context, argument) => {
    const { variables } = context.channel;
    variables.set('playback_terminator_used', undefined);
    const outcome = await playFile(context, services, argument, {
      onDigit: ({ digit }) => {
        if (!terminators(variables.get('playback_terminators')).includes(digit)) return false;
        variables.set('playback_terminator_used', digit);
        return true;
      },
    });
    if (outcome === 'not-found') context.respond('FILE NOT FOUND');
    else context.respond(outcome === 'timeout' ? 'PLAYBACK ERROR' : 'FILE PLAYED');
  };
}

function terminators(setting: string | undefined): string {
  if (setting === undefined) return '*';
  if (setting.toLowerCase() === 'any') return '1234567890*#';
  return setting.toLowerCase() === 'none' ? '' : setting;
}

export const recordSession: Application = async ({ channel }, argument) => {
  const path = separate(argument)[0];
  if (path !== undefined) await startRecording(channel, path);
};

export const stopRecordSession: Application = async ({ channel }, argument) => {
  await stopRecording(channel, argument.trim());
};

/** @returns whether the file could be opened */
export async function startRecording(channel: Channel, path: string): Promise<boolean> {
  try {
    if (!channel.port) return false;
    await channel.port.startRecording(path);
  } catch {
    return false;
  }
  channel.fire('RECORD_START', RECORD_START, () => [...channelData(channel), ['Record-File-Path', path]]);
  return true;
}

/** @returns whether there was such a recording */
export async function stopRecording(channel: Channel, path: string): Promise<boolean> {
  try {
    if (!channel.port) return false;
    await channel.port.stopRecording(path);
  } catch {
    return false;
  }
  channel.fire('RECORD_STOP', RECORD_STOP, () => [...channelData(channel), ['Record-File-Path', path]]);
  return true;
}

export const echo: Application = async (context: ApplicationContext) => {
  const { port } = context.channel;
  if (!port) return;
  port.setEcho(true);
  await context.wait<never>({ begin: () => undefined, onDigit: () => undefined });
  port.setEcho(false);
};

export const sendDtmf: Application = ({ channel }, argument) => {
  sendDigits(channel, argument);
};

/** `1234#@100`: digits and, after `@`, milliseconds each. False when there is no digit in it. */
export function sendDigits(channel: Channel, text: string): boolean {
  const [digits = '', milliseconds] = text.split('@', 2);
  const known = digits
    .toUpperCase()
    .replace(/[^0-9*#A-D]/g, '')
    .slice(0, MAX_DIGITS);
  if (known === '' || !channel.port) return false;
  channel.port.sendDigits(known, Number.parseInt(milliseconds ?? '', 10) || DEFAULT_DIGIT_MS);
  return true;
}

/** `read true`: the caller is not heard; `write true`: he hears nothing. A number above 1 is faint noise instead. */
export const setMute: Application = ({ channel }, argument) => {
  const [direction, value = '', ...more] = separate(argument);
  if ((direction !== 'read' && direction !== 'write') || value === '' || more.length > 0) return;
  const level = Number.parseInt(value, 10);
  channel.setSound(direction, { mute: level > 0 ? level : Number(isTrue(value)) });
};
