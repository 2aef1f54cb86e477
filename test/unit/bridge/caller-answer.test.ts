import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { srfForMrf, takeEarlyChannels, type PendingChannels } from '../../../bridge/media/caller-answer.ts';

type Dialog = { destroy(): Promise<unknown> };
type Done = (error: unknown, dialog?: Dialog) => void;
interface SrfForMrf {
  createUAC(uri: string, options: object, done?: Done): Promise<Dialog> | undefined;
}

/** Its dialogs are gone by the time somebody ends them. */
const srf = {
  createUAC: (...parameters: unknown[]): unknown => {
    const gone = { destroy: () => Promise.reject(new Error('unable to find dialog')) };
    const done = parameters[2] as Done | undefined;
    if (!done) return Promise.resolve(gone);
    done(null, gone);
    return undefined;
  },
};

describe('dialogs that drachtio-fsmrf makes', () => {
  const given = srfForMrf(srf) as SrfForMrf;
  const uri = 'sip:media@127.0.0.1';

  it('can be ended by somebody who does not look, when they are gone already', async () => {
    const promised = await given.createUAC(uri, { localSdp: 'v=0' })!;
    const called = await new Promise<Dialog>((resolve) => {
      void given.createUAC(uri, { localSdp: 'v=0' }, (_error, dialog) => resolve(dialog!));
    });
    const unheeded: unknown[] = [];
    const note = (error: unknown): void => void unheeded.push(error);
    process.on('unhandledRejection', note);
    for (const dialog of [promised, called]) void dialog.destroy();
    await nextTurn();
    process.off('unhandledRejection', note);
    expect(unheeded).to.deep.equal([]);
  });

  it('tell whoever looks that it failed', async () => {
    const dialog = await given.createUAC(uri, { localSdp: 'v=0' })!;
    const failure = await dialog.destroy().catch((error: unknown) => error);
    expect(String(failure)).to.contain('unable to find dialog');
  });

  it('are refused as before', async () => {
    const refusing = srfForMrf({
      createUAC: (...parameters: unknown[]) => (parameters[2] as Done)(new Error('refused')),
    }) as SrfForMrf;
    const refusal = await new Promise((resolve) => {
      void refusing.createUAC(uri, { localSdp: 'v=0' }, (error, dialog) => resolve([String(error), dialog]));
    });
    expect(refusal).to.deep.equal(['Error: refused', undefined]);
  });
});

describe('channels that drachtio-fsmrf waits for', () => {
  it('are taken when their event socket was quicker than the answer, and left alone otherwise', () => {
    const taken: unknown[] = [];
    const fn = (conn: unknown): void => void taken.push(conn);
    const pending: PendingChannels = new Map([
      ['early', { fn, conn: 'a socket' }],
      ['without a socket yet', { fn }],
      ['without an answer yet', { conn: 'another socket' }],
    ]);
    takeEarlyChannels(pending);
    expect(taken).to.deep.equal(['a socket']);
    expect([...pending.keys()]).to.deep.equal(['without a socket yet', 'without an answer yet']);
  });
});
