/** Puts the embedded FreeSWITCH together: profile, sessions, conferences, event sockets. Stops it in reverse. */
import ipaddr from 'ipaddr.js';
import type { Logger } from '../../config/index.ts';
import { startMediaEngine, type MediaEngine } from '../media/index.ts';
import type { SipHop, SipLimits, SourceFilter } from '../sip/index.ts';
import { standardApplications } from './applications/index.ts';
import { isPlayable } from './applications/playable.ts';
import { socketApplication } from './applications/socket.ts';
import { ApiRegistry } from './apis/api-registry.ts';
import { channelApis } from './apis/channel-apis.ts';
import { statusApis, type ServerFacts } from './apis/status-apis.ts';
import { playFile } from './applications/play-file.ts';
import type { Application, ApplicationContext } from './channel/application-runner.ts';
import type { Channel } from './channel/channel.ts';
import { Session, type DialplanAction, type Leg } from './channel/session.ts';
import { SessionRegistry } from './channel/session-registry.ts';
import { systemClock, type Clock } from './clock.ts';
import { CONFERENCE, conferenceApplication } from './conference/conference-application.ts';
import { createConferenceApi } from './conference/conference-api.ts';
import { ConferenceRegistry } from './conference/conference-registry.ts';
import { EventBus } from './core/event-bus.ts';
import { createIdentity } from './core/server-identity.ts';
import type { CommandServices } from './event-socket/commands.ts';
import { controlOf } from './event-socket/control.ts';
import { startInboundServer, type InboundServer } from './event-socket/inbound-server.ts';
import type { OutboundSocket } from './event-socket/outbound-socket.ts';
import { startHeartbeat } from './heartbeat.ts';
import { SipProfile } from './sip/profile.ts';

export interface FreeswitchOptions {
  /** 0: the operating system chooses; UDP and TCP share the port. */
  readonly sip: { readonly address: string; readonly port: number };
  /** Address RTP ports are bound to. */
  readonly mediaAddress: string;
  /** Address told in SDP. Default: `mediaAddress`. */
  readonly advertisedMediaAddress?: string;
  readonly eventSocket: { readonly address: string; readonly port: number };
  readonly password: string;
  /** Inclusive; [0, 0] lets the operating system choose. */
  readonly rtpPorts: readonly [number, number];
  /** Seconds without RTP after which a call is hung up with MEDIA_TIMEOUT. Default 0: never. */
  readonly rtpTimeoutSeconds?: number;
  /** Threads for media; 0, the default: by the number of cores. */
  readonly mediaWorkers?: number;
  /** New calls are refused while the media clock's median tick is done later than this after its time; 0 = never. Default 16. */
  readonly mediaLatenessLimitMs?: number;
  /** The .wav file that `local_stream://` plays, round and round. Default: there is no such stream. */
  readonly music?: string;
  /** Default 1,200. */
  readonly maxSessions?: number;
  /** Whose SIP is listened to. Default: loopback only. */
  readonly sipFilter?: SourceFilter;
  /** Whose event socket connections are taken. Default: loopback only. */
  readonly eventSocketFilter?: (address: string) => boolean;
  readonly limits?: Partial<SipLimits>;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface FreeswitchCounts {
  readonly channels: number;
  readonly conferences: number;
  /** Event sockets: those applications opened, and those opened to applications. */
  readonly inboundSockets: number;
  readonly outboundSockets: number;
  /** RTP ports. */
  readonly ports: number;
  readonly rooms: number;
  readonly dialogs: number;
}

export interface FreeswitchServer {
  readonly sipPort: number;
  readonly eventSocketPort: number;
  /** Zero in every field when no call is left, and no application connected. */
  counts(): FreeswitchCounts;
  /** How late the media clock's ticks began over the last second, and how late the median one was done; milliseconds. */
  lateness(): { readonly p50: number; readonly p95: number; readonly doneP50: number };
  /** New calls are refused, because the media clock is late. */
  readonly overloaded: boolean;
  /** Hangs up every call, closes everything. Idempotent. */
  stop(): Promise<void>;
}

const DEFAULT_MAX_SESSIONS = 1_200;
const STOP_DEADLINE_MS = 3_000;

export async function startFreeswitch(options: FreeswitchOptions): Promise<FreeswitchServer> {
  const { logger, rtpPorts, mediaWorkers, mediaLatenessLimitMs, music } = options;
  const engine = await startMediaEngine({
    rtpPorts,
    logger,
    ...(mediaWorkers !== undefined && { workers: mediaWorkers }),
    ...(mediaLatenessLimitMs !== undefined && { latenessLimitMs: mediaLatenessLimitMs }),
    ...(music !== undefined && { music }),
  });
  const server = new Server(options, engine);
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

class Server implements FreeswitchServer {
  readonly #options: FreeswitchOptions;
  readonly #clock: Clock;
  readonly #engine: MediaEngine;
  readonly #bus: EventBus;
  readonly #sessions: SessionRegistry;
  readonly #conferences: ConferenceRegistry;
  readonly #apis: ApiRegistry;
  readonly #profile: SipProfile;
  readonly #facts: ServerFacts;
  readonly #services: CommandServices;
  readonly #applications: Map<string, Application>;
  readonly #outbound = new Set<OutboundSocket>();
  #inbound: InboundServer | undefined;
  #stopHeartbeat: (() => void) | undefined;
  #stopping: Promise<void> | undefined;
  #allEnded: (() => void) | undefined;

  constructor(options: FreeswitchOptions, engine: MediaEngine) {
    const { logger, clock = systemClock } = options;
    const advertised = options.advertisedMediaAddress ?? options.mediaAddress;
    const identity = createIdentity(advertised, clock.now());
    this.#options = options;
    this.#clock = clock;
    this.#engine = engine;
    this.#bus = new EventBus({ identity, clock, logger });
    this.#sessions = new SessionRegistry(clock);
    this.#conferences = new ConferenceRegistry({ engine, bus: this.#bus, clock, logger, domain: advertised });
    this.#applications = standardApplications({ clock, playable: isPlayable });
    const play = (context: ApplicationContext, file: string): Promise<unknown> =>
      playFile(context, { clock, playable: isPlayable }, file);
    this.#applications.set(CONFERENCE, conferenceApplication(this.#conferences, play, logger));
    this.#profile = this.#createProfile(advertised);
    this.#facts = {
      identity,
      clock,
      sessions: this.#sessions,
      maxSessions: options.maxSessions ?? DEFAULT_MAX_SESSIONS,
      mediaAddress: options.mediaAddress,
      advertisedMediaAddress: advertised,
      sip: () => ({
        address: this.#profile.listeningPoint.address,
        advertised: this.#profile.listeningPoint.advertisedAddress,
        url: this.#profile.url,
      }),
      calls: () => this.#profile.counters,
    };
    this.#apis = this.#createApis();
    this.#services = {
      bus: this.#bus,
      find: (uuid) => {
        const session = this.#sessions.find(uuid);
        return session && controlOf(session);
      },
      api: (command, argument) => this.#apis.run(command, argument),
    };
  }

  async start(): Promise<void> {
    const { eventSocket, password, logger } = this.#options;
    await this.#profile.start();
    this.#inbound = await startInboundServer({
      ...eventSocket,
      password,
      allows: this.#options.eventSocketFilter ?? isLoopback,
      services: this.#services,
      clock: this.#clock,
      logger,
    });
    this.#stopHeartbeat = startHeartbeat(this.#bus, this.#facts);
  }

  get sipPort(): number {
    return this.#profile.listeningPoint.port;
  }

  get eventSocketPort(): number {
    return this.#inbound!.port;
  }

  counts(): FreeswitchCounts {
    const { ports, rooms } = this.#engine.load();
    return {
      channels: this.#sessions.size,
      conferences: this.#conferences.count,
      inboundSockets: this.#inbound?.connections ?? 0,
      outboundSockets: this.#outbound.size,
      ports,
      rooms,
      dialogs: this.#profile.pending,
    };
  }

  lateness(): { p50: number; p95: number; doneP50: number } {
    const { latenessP50Ms, latenessP95Ms, doneP50Ms } = this.#engine.load();
    return { p50: latenessP50Ms, p95: latenessP95Ms, doneP50: doneP50Ms };
  }

  get overloaded(): boolean {
    return this.#engine.load().overloaded;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#stopHeartbeat?.();
    for (const session of this.#sessions.all) session.channel.hangup('SYSTEM_SHUTDOWN');
    await this.#untilSessionsEnded();
    for (const socket of this.#outbound) socket.destroy();
    await this.#conferences.stop();
    await this.#inbound?.stop();
    await this.#profile.stop();
    await this.#engine.stop();
  }

  #untilSessionsEnded(): Promise<void> {
    if (this.#sessions.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.startTimer('stop', STOP_DEADLINE_MS, () => resolve());
      this.#allEnded = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #createProfile(advertised: string): SipProfile {
    const { sip, sipFilter, limits, mediaAddress, rtpTimeoutSeconds, maxSessions, logger } = this.#options;
    return new SipProfile({
      listen: [
        { protocol: 'udp', ...sip },
        { protocol: 'tcp', ...sip },
      ],
      filter: sipFilter ?? ((source: SipHop) => isLoopback(source.address)),
      limits,
      engine: this.#engine,
      mediaAddress,
      advertisedMediaAddress: advertised,
      rtpTimeoutSeconds: rtpTimeoutSeconds ?? 0,
      maxSessions: maxSessions ?? DEFAULT_MAX_SESSIONS,
      sessions: this.#sessions,
      bus: this.#bus,
      clock: this.#clock,
      logger,
      createSession: (channel, leg, actions) => this.#createSession(channel, leg, actions),
    });
  }

  #createSession(channel: Channel, leg: Leg, actions: readonly DialplanAction[]): Session {
    const session = new Session({
      channel,
      leg,
      actions,
      find: (self, name) => this.#findApplication(self, name),
      clock: this.#clock,
      logger: this.#options.logger,
      ended: (self) => {
        this.#sessions.delete(self);
        if (this.#sessions.size === 0) this.#allEnded?.();
      },
    });
    this.#sessions.add(session);
    return session;
  }

  #findApplication(session: Session, name: string): Application | undefined {
    if (name === 'answer') return () => session.leg.answer();
    if (name !== 'socket') return this.#applications.get(name);
    return socketApplication({
      session,
      services: this.#services,
      clock: this.#clock,
      logger: this.#options.logger,
      opened: (socket) => this.#outbound.add(socket),
      closed: (socket) => this.#outbound.delete(socket),
    });
  }

  #createApis(): ApiRegistry {
    const conference = createConferenceApi({
      conferences: this.#conferences,
      transfer: (uuid, name, profile) => {
        const session = this.#sessions.find(uuid);
        session?.transfer([{ application: CONFERENCE, argument: `${name}@${profile}` }]);
        return session !== undefined;
      },
    });
    return new ApiRegistry(this.#options.logger)
      .add(statusApis(this.#facts))
      .add(channelApis(this.#sessions, this.#bus))
      .add({ conference });
  }
}
