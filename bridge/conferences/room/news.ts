/**
 * Comings and goings, told to those in the room: by tone, by name, or not at all. The first is told at once; whatever
 * happens while it is being told is told together, so that five hundred who come in ten seconds are a few sentences.
 */
import type { NewsItem, Participant, RoomDocument } from '../../../store/index.ts';
import type { Draft } from './draft.ts';
import type { Words } from './inputs.ts';

const TONE_MS = 1_500;
const SENTENCE_MS = 3_500;
/** More than so many are counted, not named. */
const MOST_NAMED = 3;

type News = RoomDocument['news'];

export function announceArrival(draft: Draft, row: Participant): void {
  if (draft.room.announce === 'silent') return;
  const { news } = draft.room;
  add(draft, { ...news, joined: [...news.joined, itemOf(row)] });
}

export function announceDeparture(draft: Draft, row: Participant): void {
  if (draft.room.announce === 'silent') return;
  const { news } = draft.room;
  add(draft, { ...news, left: [...news.left, itemOf(row)] });
}

/** Hosts hear that somebody waits to be let in, however the others are told of comings. */
export function announceWaiting(draft: Draft): void {
  add(draft, { ...draft.room.news, waiting: true });
}

function itemOf({ nameSound }: Participant): NewsItem {
  return nameSound === undefined ? {} : { nameSound };
}

function add(draft: Draft, news: News): void {
  draft.set({ news: { ...news, dueAt: news.dueAt ?? Math.max(draft.at, news.quietUntil) } });
  tellNews(draft);
}

/** What is due is said; idempotent. */
export function tellNews(draft: Draft): void {
  const { news, announce } = draft.room;
  if (news.dueAt === null || news.dueAt > draft.at) return;
  const said = announce === 'name' ? byName(news) : byTone(news);
  draft.announce('room', ...said);
  if (news.waiting) draft.announce('hosts', 'wait-tone', 'somebody-waits');
  const long = announce === 'name' || news.waiting ? SENTENCE_MS : TONE_MS;
  draft.set({ news: { joined: [], left: [], waiting: false, dueAt: null, quietUntil: draft.at + long } });
}

function byTone({ joined, left }: News): Words[] {
  return [...(joined.length > 0 ? ['join-tone' as const] : []), ...(left.length > 0 ? ['leave-tone' as const] : [])];
}

function byName({ joined, left }: News): Words[] {
  return [...sentences(joined, 'has-joined', 'people-joined'), ...sentences(left, 'has-left', 'people-left')];
}

/** Names of those who said one; the others are counted. */
function sentences(
  items: readonly NewsItem[],
  verb: 'has-joined' | 'has-left',
  counted: 'people-joined' | 'people-left',
): Words[] {
  if (items.length === 0) return [];
  if (items.length > MOST_NAMED) return [{ meaning: counted, count: items.length }];
  const named = items.flatMap(({ nameSound }) => nameSound ?? []);
  const others = items.length - named.length;
  return [
    ...named.flatMap((file): Words[] => [{ meaning: 'recorded', file }, verb]),
    ...(others > 0 ? [{ meaning: counted, count: others } as const] : []),
  ];
}
