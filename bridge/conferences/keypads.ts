/** Which keys each company has laid: kept for a while, because every sentence with a key in it asks. */
import { withDefaults, type KeypadMap } from '../../config/contract/index.ts';
import type { Logger } from '../../config/index.ts';
import type { Store } from '../../store/index.ts';

const KEPT_MS = 5_000;

export interface KeypadsOptions {
  readonly tenants: Pick<Store['tenants'], 'get'>;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

export class Keypads {
  readonly #options: KeypadsOptions;
  readonly #known = new Map<string, { readonly map: KeypadMap; readonly at: number }>();

  constructor(options: KeypadsOptions) {
    this.#options = options;
  }

  /** As far as is known: the usual keys for a company nobody has asked about yet. Looks again when it was long ago. */
  of(tenantId: string): KeypadMap {
    const known = this.#known.get(tenantId);
    if (!known || this.#options.wallClock() - known.at > KEPT_MS) void this.load(tenantId);
    return known?.map ?? withDefaults(undefined);
  }

  /** Never rejects: without the store, the keys are those that were known. */
  async load(tenantId: string): Promise<KeypadMap> {
    const known = this.#known.get(tenantId);
    const at = this.#options.wallClock();
    if (known && at - known.at <= KEPT_MS) return known.map;
    try {
      const map = withDefaults((await this.#options.tenants.get(tenantId))?.keypad);
      this.#known.set(tenantId, { map, at });
      return map;
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the keys of a company could not be read');
      return known?.map ?? withDefaults(undefined);
    }
  }
}
