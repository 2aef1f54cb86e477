import type { Logger } from '../../config/index.ts';
import type { Clock, SipTimings, TransactionLayer } from '../sip/index.ts';
import type { CallRecords } from './call-records.ts';
import type { ClientPort } from './client-port.ts';
import type { DialogTable } from './dialog-table.ts';
import type { LargeRequests } from './large-requests.ts';
import type { DrachtioLimits } from './limits.ts';
import type { TargetResolver } from './target.ts';

/** What the parts of the server share. */
export interface DrachtioContext {
  /** Known only once its ports are bound. */
  readonly layer: TransactionLayer;
  readonly resolver: TargetResolver;
  readonly largeRequests: LargeRequests;
  readonly dialogs: DialogTable;
  /** The next application in turn for this method, if any takes it. */
  readonly nextClient: (method: string) => ClientPort | undefined;
  readonly records: CallRecords;
  readonly limits: DrachtioLimits;
  readonly timings: SipTimings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Something a client asked for cannot be done; `message` is what it is told after NOK. */
export class RefusedByServer extends Error {
  override readonly name = 'RefusedByServer';
}

/** Methods the real server knows. */
export const METHODS: ReadonlySet<string> = new Set([
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'REGISTER',
  'INFO',
  'PRACK',
  'UPDATE',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'REFER',
  'PUBLISH',
]);
