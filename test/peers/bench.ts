/** What a test puts on its bench is cleared away after it, in reverse, whether it passed or not. */
import { Baresip, type BaresipOptions } from './baresip.ts';
import { Service, type ServiceOptions } from './service.ts';
import { Sipp, type SippOptions } from './sipp.ts';

export interface Bench {
  baresip(options?: BaresipOptions): Promise<Baresip>;
  sipp(options: SippOptions): Promise<Sipp>;
  /** Only where a test must have one of its own; a suite shares one. */
  service(options?: ServiceOptions): Promise<Service>;
  /** Anything else that must end with the test. */
  keep<T extends { stop(): Promise<unknown> }>(thing: T): T;
}

/** Call inside `describe`. */
export function useBench(): Bench {
  const things: { stop(): Promise<unknown> }[] = [];
  const keep = <T extends { stop(): Promise<unknown> }>(thing: T): T => {
    things.push(thing);
    return thing;
  };
  afterEach('clear the bench', async () => {
    const failures: unknown[] = [];
    for (const thing of things.splice(0).reverse()) await thing.stop().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  });
  return {
    keep,
    baresip: async (options) => keep(await Baresip.start(options)),
    service: async (options) => keep(await Service.start(options)),
    sipp: async (options) => keep(await Sipp.start(options)),
  };
}
