import { expect } from 'chai';
import fc from 'fast-check';
import { applyRoomChange, DEFAULT_POLICY, type RoomChange, type RoomView } from '../../../config/contract/index.ts';
import type { Participant, RoomDocument } from '../../../store/index.ts';
import { RoomHub, type Page } from '../../../web-gateway/server/socket/room-hub.ts';
import { participantRow, roomDocument } from '../../helpers/rooms.ts';

const CONFERENCE = { id: 'c1', title: 'Weekly', policy: DEFAULT_POLICY };

/** A page that believes what it is told, as the browser does. */
class TestPage implements Page {
  readonly participantId: string;
  readonly connectionId: string;
  /** How often it was told that the room has taken it for gone. */
  calledAgain = 0;
  readonly events: string[] = [];
  view: RoomView | null = null;
  audience: string | null = null;
  /** What it has been told all of; null: nothing. */
  epoch: string | null = null;
  ended: string | null = null;

  constructor(participantId: string) {
    this.participantId = participantId;
    this.connectionId = `page-of-${participantId}`;
  }

  comeAgain(): void {
    this.calledAgain += 1;
  }

  enterAudience(key: string, epoch: string): boolean {
    const hasAll = this.epoch === epoch && this.audience === key;
    this.audience = key;
    this.epoch = epoch;
    return hasAll;
  }

  leaveAudience(): void {
    this.audience = null;
  }

  sendView(view: RoomView): void {
    this.events.push('view');
    this.view = view;
  }

  apply(change: RoomChange): void {
    this.events.push('change');
    const next = this.view === null ? null : applyRoomChange(this.view, change);
    if (next === null) throw new Error('a change does not follow');
    this.view = next;
  }

  end(reason: string): void {
    this.ended = reason;
  }

  get ids(): string[] {
    return this.view?.participants.map(({ id }) => id) ?? [];
  }
}

function build() {
  const pages = new Set<TestPage>();
  const hub = new RoomHub({
    conference: CONFERENCE,
    gatherMs: 0,
    broadcast: (audience, change) => {
      for (const page of pages) if (page.audience === audience && page.ended === null) page.apply(change);
    },
  });
  const open = (participantId: string) => {
    const page = new TestPage(participantId);
    pages.add(page);
    return { page, leave: hub.add(page) };
  };
  return { hub, open };
}

const version = (number: number, participants: Participant[], change: Partial<RoomDocument> = {}) =>
  roomDocument({ version: number, participants, ...change });
const host = participantRow('host', { role: 'host' });
const guest = participantRow('guest');
const waiter = participantRow('waiter', { state: 'waiting', bits: ['waiting'] });

describe('a room and the pages that look at it', () => {
  it('shows a page that comes the whole, then changes in order', () => {
    const { hub, open } = build();
    hub.update(version(1, [host, guest]));
    const { page } = open('guest');
    hub.update(version(2, [host, { ...guest, talking: true }]));
    hub.update(version(5, [host, guest, participantRow('late')]));
    expect(page.events).to.deep.equal(['view', 'change', 'change']);
    expect(page.view?.version).to.equal(5);
    expect(page.ids).to.deep.equal(['host', 'guest', 'late']);
    expect(hub.viewOf('guest')).to.deep.equal(page.view);
  });

  it('shows hosts who waits, guests everybody else, and who waits only themselves', () => {
    const { hub, open } = build();
    hub.update(version(1, [host, guest, waiter]));
    expect(['host', 'guest', 'waiter'].map((id) => open(id).page.ids)).to.deep.equal([
      ['host', 'guest', 'waiter'],
      ['host', 'guest'],
      ['waiter'],
    ]);
  });

  it('shows more to somebody who was let in or became a host, and less to one who is a host no more', () => {
    const { hub, open } = build();
    hub.update(version(1, [host, guest, waiter]));
    const [one, other] = [open('waiter').page, open('host').page];
    hub.update(
      version(2, [{ ...host, role: 'guest' }, guest, { ...waiter, state: 'present', bits: [], role: 'host' }]),
    );
    expect(one.ids).to.deep.equal(['host', 'guest', 'waiter']);
    const late = participantRow('late', { state: 'waiting', bits: ['waiting'] });
    hub.update(
      version(3, [{ ...host, role: 'guest' }, guest, { ...waiter, state: 'present', bits: [], role: 'host' }, late]),
    );
    expect([one.ids.includes('late'), other.ids.includes('late')]).to.deep.equal([true, false]);
  });

  it('has a page come again that the room has taken for gone, once each time', () => {
    const { hub, open } = build();
    let version = 0;
    const update = (connections: readonly string[], state: Participant['state'] = 'present') => {
      version += 1;
      hub.update(roomDocument({ version, participants: [participantRow('a', { connections, state })] }));
    };
    update([]);
    const { page } = open('a');
    update([]);
    expect(page.calledAgain, 'not yet known is not forgotten').to.equal(0);
    update(['page-of-a']);
    update(['page-of-a', 'other']);
    update(['other'], 'away');
    update(['other'], 'away');
    expect(page.calledAgain).to.equal(1);
    update(['page-of-a']);
    update([]);
    expect([page.calledAgain, page.ended]).to.deep.equal([2, null]);
  });

  it('waits for a row that is not there yet, and tells why one is gone', () => {
    const { hub, open } = build();
    hub.update(version(1, [host]));
    const early = open('guest').page;
    expect([early.view, early.ended]).to.deep.equal([null, null]);
    hub.update(version(2, [host, guest]));
    expect(early.ids).to.deep.equal(['host', 'guest']);
    const farewells = [{ participantId: 'guest', callId: 'guest', reason: 'removed-conduct', at: 1 }];
    hub.update(version(3, [host], { farewells }));
    expect([early.ended, hub.isEmpty]).to.deep.equal(['removed', true]);
    const [last] = [open('host').page];
    hub.update(null);
    expect(last.ended).to.equal('ended');
  });

  it('keeps what a lost page has missed nothing of, and only that', () => {
    const { hub, open } = build();
    hub.update(version(1, [host, guest]));
    open('host');
    const first = open('guest');
    const { audience, epoch, view } = first.page;
    const comeBack = () => {
      const page = Object.assign(new TestPage('guest'), { audience, epoch, view });
      hub.add(page);
      return page;
    };
    const other = open('guest');
    first.leave();
    expect(comeBack().events).to.deep.equal([]);
    // Nobody of this audience was there for a while, so nobody was told: it begins anew.
    first.leave();
    other.leave();
    const { hub: second, open: openSecond } = build();
    second.update(version(1, [host, guest]));
    expect(openSecond('guest').page.epoch).not.to.equal(epoch);
  });

  it('tells changes that come fast together', async () => {
    const told: RoomChange[] = [];
    const hub = new RoomHub({
      conference: CONFERENCE,
      gatherMs: 15,
      broadcast: (_audience, change) => told.push(change),
    });
    hub.update(version(1, [host]));
    hub.add(new TestPage('host'));
    for (let number = 2; number < 50; number += 1) hub.update(version(number, [{ ...host, volume: number % 4 }]));
    while (told.at(-1)?.version !== 49) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(told.length).to.be.at.most(2);
    hub.close();
  });

  it('never lets a page see what it must not, nor lose track, whatever happens', () => {
    const person = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      role: fc.constantFrom('host' as const, 'guest' as const),
      state: fc.constantFrom('waiting' as const, 'present' as const, 'away' as const),
      talking: fc.boolean(),
    });
    const rooms = fc.array(fc.uniqueArray(person, { selector: ({ id }) => id }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(rooms, (steps) => {
        const { hub, open } = build();
        const pages = ['a', 'b', 'c', 'd'].map((id) => open(id).page);
        for (const [index, people] of steps.entries()) {
          hub.update(
            version(
              index + 1,
              people.map((each) => participantRow(each.id, each)),
            ),
          );
          for (const page of pages.filter(({ ended }) => ended === null)) {
            const own = people.find(({ id }) => id === page.participantId);
            if (own === undefined) continue;
            const visible = people.filter(
              ({ id, state }) =>
                id === own.id || (own.state !== 'waiting' && (own.role === 'host' || state !== 'waiting')),
            );
            expect(page.ids).to.have.members(visible.map(({ id }) => id));
            expect(page.view?.version).to.equal(index + 1);
          }
        }
      }),
    );
  });
});
