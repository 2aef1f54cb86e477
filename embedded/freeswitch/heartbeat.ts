/** HEARTBEAT every twenty seconds: what fsmrf knows of the server's load. */
import { cpus, loadavg } from 'node:os';
import { describeUptime, type ServerFacts } from './apis/status-apis.ts';
import type { EventBus } from './core/event-bus.ts';
import { VERSION } from './core/server-identity.ts';

const INTERVAL_MS = 20_000;
const SESSIONS_PER_SECOND = 200;

/** @returns what ends it */
export function startHeartbeat(bus: EventBus, facts: ServerFacts): () => void {
  let timer = schedule();
  function schedule(): { cancel(): void } {
    return facts.clock.startTimer('heartbeat', INTERVAL_MS, () => {
      fire(bus, facts);
      timer = schedule();
    });
  }
  return () => timer.cancel();
}

function fire(bus: EventBus, facts: ServerFacts): void {
  const counters = facts.sessions.counters();
  bus.fire({
    name: 'HEARTBEAT',
    origin: ['switch_core.c', 'send_heartbeat', 95],
    headers: () => [
      ['Event-Info', 'System Ready'],
      ['Up-Time', describeUptime(facts)],
      ['FreeSWITCH-Version', VERSION],
      ['Uptime-msec', String(Math.floor(facts.clock.now() - facts.identity.startedAt))],
      ['Session-Count', String(counters.now)],
      ['Max-Sessions', String(facts.maxSessions)],
      ['Session-Per-Sec', String(SESSIONS_PER_SECOND)],
      ['Session-Per-Sec-Last', String(counters.lastSecond)],
      ['Session-Per-Sec-Max', String(counters.peakPerSecond)],
      ['Session-Per-Sec-FiveMin', String(counters.peakPerSecond)],
      ['Session-Since-Startup', String(counters.sinceStart)],
      ['Session-Peak-Max', String(counters.peak)],
      ['Session-Peak-FiveMin', String(counters.peak)],
      ['Idle-CPU', idlePercent().toFixed(6)],
    ],
  });
}

/** By the load average of the last minute: good enough to choose the less loaded of two servers. */
function idlePercent(): number {
  const load = (loadavg()[0] ?? 0) / Math.max(1, cpus().length);
  return Math.max(0, Math.min(100, 100 * (1 - load)));
}
