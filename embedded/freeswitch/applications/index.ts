/** Every application by name, except `answer`, `socket` and `conference`, which belong to other parts. */
import type { Application } from '../channel/application-runner.ts';
import { accepted, breakApplication, hangup, park, sleep } from './call-control.ts';
import { playAndGetDigits, read } from './digits.ts';
import { echo, playback, recordSession, sendDtmf, setMute, stopRecordSession } from './media.ts';
import type { ApplicationServices } from './services.ts';
import { exportVariable, multiset, set, unset } from './variables.ts';

export function standardApplications(services: ApplicationServices): Map<string, Application> {
  return new Map<string, Application>([
    ['set', set],
    ['multiset', multiset],
    ['export', exportVariable],
    ['unset', unset],
    ['playback', playback(services)],
    ['play_and_get_digits', playAndGetDigits(services)],
    ['read', read(services)],
    ['sleep', sleep(services)],
    ['park', park],
    ['hangup', hangup],
    ['break', breakApplication],
    ['echo', echo],
    ['record_session', recordSession],
    ['stop_record_session', stopRecordSession],
    ['send_dtmf', sendDtmf],
    ['start_dtmf', accepted],
    ['stop_dtmf', accepted],
    ['set_mute', setMute],
    ['log', accepted],
  ]);
}
