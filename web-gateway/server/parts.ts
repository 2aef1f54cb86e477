/** What the gateway is built with. */
import type { Registry } from 'prom-client';
import type { Logger, Settings } from '../../config/index.ts';
import type { Store } from '../../store/index.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Why not, in words for whoever runs the service. */
  readonly reasons: readonly string[];
}

export interface GatewayParts {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly store: Store;
  /** Whether a call can be taken now. */
  readonly readiness: () => Promise<Readiness>;
  /** Everything in it is shown at /metrics: no secrets, no labels per person. */
  readonly metrics: Registry;
  /** What to dial, for the start page. */
  readonly dial?: string;
  /** Where browsers' SIP is passed on to, `ws://127.0.0.1:5080`. Without it they cannot call. */
  readonly sipWebSocket?: string;
  /** Of the built browser application. Default: beside this room. */
  readonly clientDir?: string;
}
