/** Going in: from what was typed or kept to a session. */
import type { JoinRequest, JoinResponse } from '../../../../config/contract/index.ts';
import { api } from '../api/http.ts';
import { MicrophoneUnavailable, openMicrophone, silence } from '../media/microphone.ts';
import { Player } from '../media/player.ts';
import { readPreferences } from '../media/preferences.ts';
import { ConferenceSession } from './conference-session.ts';
import { keepSession, keptSession, type KeptSession } from './kept-session.ts';

/** browser: microphone and speakers of this machine. listen: its speakers only. phone: a telephone beside the page. */
export type Sound = 'browser' | 'listen' | 'phone';

export interface Entry {
  readonly request: JoinRequest;
  readonly sound: Sound;
  /** Opened by the microphone check; the session owns it from now on. */
  readonly microphone: MediaStreamTrack | null;
}

/** @throws ApiProblem, MicrophoneUnavailable: nothing has been asked of the server then */
export async function enter({ request, sound, microphone }: Entry): Promise<ConferenceSession> {
  const track = await trackFor(sound, microphone);
  try {
    const joined = await api<JoinResponse>('POST', '/join', { body: request });
    const code = 'code' in request ? request.code : undefined;
    keepSession({ joined, sound, code });
    return await start(joined, code, track);
  } catch (error) {
    if (track !== microphone) track?.stop();
    throw error;
  }
}

/** sip.js and what is around it: more than half of all that is loaded, and of no use before. */
export const loadPhone = () => import('../softphone/sip-call.ts');

/** @returns null when there is nothing to come back to */
export async function comeBack(): Promise<ConferenceSession | null> {
  const kept: KeptSession | null = keptSession();
  if (kept === null) return null;
  // The ticket was for the page before.
  return start(
    { ...kept.joined, ticketExpiresAt: 0 },
    kept.code,
    await trackFor(kept.sound, null).catch(listenInstead),
    kept.soundElsewhere,
  );
}

function listenInstead(error: unknown): MediaStreamTrack {
  if (error instanceof MicrophoneUnavailable) return silence();
  throw error;
}

async function trackFor(sound: Sound, microphone: MediaStreamTrack | null): Promise<MediaStreamTrack | null> {
  switch (sound) {
    case 'browser':
      return microphone?.readyState === 'live' ? microphone : openMicrophone(readPreferences().microphoneId);
    case 'listen':
      return silence();
    case 'phone':
      return null;
  }
}

async function start(
  joined: JoinResponse,
  code: string | undefined,
  microphone: MediaStreamTrack | null,
  soundElsewhere = false,
): Promise<ConferenceSession> {
  const { startSipCall } = await loadPhone();
  const player = new Player(readPreferences().speakerId);
  return new ConferenceSession({ joined, code, microphone, player, soundElsewhere, startCall: startSipCall });
}
