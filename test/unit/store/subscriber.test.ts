import { expect } from 'chai';
import { pino } from 'pino';
import type { SubscriberLink } from '../../../store/links.ts';
import { Subscriber } from '../../../store/subscriber.ts';

describe('the channels of redis', () => {
  it('are heard by whoever comes just as the last one goes', async () => {
    const asked: string[] = [];
    let confirm: () => void = () => undefined;
    const link: SubscriberLink = {
      connect: async () => undefined,
      subscribe: async (channel) => void asked.push(`subscribe ${channel}`),
      unsubscribe: (channel) => {
        asked.push(`unsubscribe ${channel}`);
        return new Promise<void>((resolve) => (confirm = resolve));
      },
      destroy: () => undefined,
    };
    const subscriber = new Subscriber({ createLink: () => link, logger: pino({ level: 'silent' }) });
    const stop = subscriber.listen('rooms', () => undefined);
    stop();
    const heard = new Promise<void>((resolve) => subscriber.onGap(resolve));
    await heard;
    subscriber.listen('rooms', () => undefined);
    expect(asked, 'not before the answer, which would take it away').to.deep.equal([
      'subscribe rooms',
      'unsubscribe rooms',
    ]);
    const again = new Promise<void>((resolve) => subscriber.onGap(resolve));
    confirm();
    await again;
    expect(asked.at(-1)).to.equal('subscribe rooms');
    subscriber.close();
  });
});
