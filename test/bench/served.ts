/** The process that is measured: the whole service, and what it tells of itself. Started by service-process.ts. */
import { createHook } from 'node:async_hooks';
import { createLogger, loadSettings, type SettingsInput } from '../../config/index.ts';
import { startService } from '../../bridge/main.ts';
import { openFiles, openPorts } from '../peers/index.ts';
import type { FromService, ToService } from './service-process.ts';

/** Also those that keep nothing awake, which process.getActiveResourcesInfo() does not count. Watching them costs CPU time. */
const timers = new Set<number>();
if (process.argv[3] === 'watch-timers') {
  createHook({
    init: (id, type) => {
      if (type === 'Timeout') timers.add(id);
    },
    destroy: (id) => void timers.delete(id),
  }).enable();
}

const MIB = 2 ** 20;
/** pino's number. */
const WARNING = 40;
const settings = loadSettings({ environment: {}, overrides: JSON.parse(process.argv[2]!) as SettingsInput });
const complaints = new Map<string, number>();
const logger = createLogger(settings, {
  write: (line: string) => {
    const { level, msg = '' } = JSON.parse(line) as { level: number; msg?: string };
    if (level >= WARNING) complaints.set(msg, (complaints.get(msg) ?? 0) + 1);
  },
});
const service = await startService({ settings, logger });
const tell = (message: FromService): void => void process.send?.(message);

process.on('message', (message: ToService) => void obey(message));
// The parent is gone.
process.once('disconnect', () => void service.stop().then(() => process.exit(1)));
tell({ kind: 'ready', sipPort: service.sipPort });

async function obey(message: ToService): Promise<void> {
  switch (message.kind) {
    case 'conference': {
      const made = await service.store.conferences.create({
        tenantId: 'default',
        title: 'Bench',
        // Nobody is to be turned away at the door: this is about calls.
        policy: { maxParticipants: 1_000 },
        createdBy: 'bench',
      });
      tell({ kind: 'conference', guestCode: made.guestCode });
      break;
    }
    case 'figures':
      if (message.collect) {
        // Twice: finalisers of the first round let go of more.
        globalThis.gc?.();
        await new Promise((resolve) => setTimeout(resolve, 100));
        globalThis.gc?.();
      }
      tell({ kind: 'figures', figures: await figures(message.collect) });
      break;
    case 'stop':
      await service.stop();
      process.exit(0);
  }
}

async function figures(collect: boolean): Promise<Extract<FromService, { kind: 'figures' }>['figures']> {
  const servers = await service.embeddedMemory(collect);
  const { heapUsed, external, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const { drachtio, freeswitch, ...bridge } = service.counts();
  return {
    descriptors: openFiles(process.pid),
    ports: openPorts(process.pid).length,
    timers: timers.size,
    heapMiB: (heapUsed + external) / MIB,
    serverTimers: servers?.timers ?? 0,
    serverHeapMiB: servers ? (servers.heapBytes + servers.externalBytes) / MIB : 0,
    rssMiB: rss / MIB,
    cpuMs: (user + system) / 1000,
    counts: { ...bridge, ...prefixed('drachtio', drachtio), ...prefixed('freeswitch', freeswitch) },
    complaints: Object.fromEntries(complaints),
  };
}

function prefixed(name: string, counts: object | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts ?? {}).flatMap(([key, value]) =>
      typeof value === 'number' ? [[`${name} ${key}`, value] as const] : [],
    ),
  );
}
