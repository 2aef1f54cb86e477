import { Anchor, Badge, Button, Modal, NativeSelect, Switch, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link } from 'wouter';
import type { ConferencePolicy, ConferenceView, LiveRooms } from '../../../../../config/contract/index.ts';
import { api, ApiProblem } from '../../api/http.ts';
import { Notice } from '../../components/notice.tsx';
import { durationWords } from '../../room/words.ts';
import { groupDigits } from '../join/join-form.ts';
import classes from './admin.module.css';
import { Copy } from './copy.tsx';
import { useToken } from './login.tsx';

const LIVE_MS = 5_000;
const PAGE = 50;

interface ConferencePage {
  readonly conferences: readonly ConferenceView[];
  readonly next: string | null;
}

export function Conferences({ mayMake }: { mayMake: boolean }) {
  const token = useToken();
  const [making, setMaking] = useState(false);
  const live = useQuery({
    queryKey: ['live'],
    queryFn: ({ signal }) => api<LiveRooms>('GET', '/rooms', { token, signal }),
    refetchInterval: LIVE_MS,
  });
  const list = useInfiniteQuery({
    queryKey: ['conferences'],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      api<ConferencePage>('GET', `/conferences?count=${PAGE}${pageParam === '' ? '' : `&after=${pageParam}`}`, {
        token,
        signal,
      }),
    getNextPageParam: ({ next }) => next,
  });
  const conferences = list.data?.pages.flatMap((page) => page.conferences) ?? [];
  const rooms = new Map(live.data?.rooms.map((room) => [room.conferenceId, room]));
  return (
    <>
      <div className={classes.head}>
        <h1>Conferences</h1>
        {mayMake ? <Button onClick={() => setMaking(true)}>New conference</Button> : null}
      </div>
      {list.isError ? (
        <Notice kind="bad" title="The list cannot be shown" role="alert">
          {list.error.message}
        </Notice>
      ) : null}
      {list.isSuccess && conferences.length === 0 ? (
        <div className={`card ${classes.empty ?? ''}`}>
          <p>There is no conference yet.</p>
          <p className="soft">
            Make one: it gets an access code for guests and one for hosts, good for phone and browser.
          </p>
        </div>
      ) : null}
      <ul className={classes.list}>
        {conferences.map((conference) => (
          <ConferenceCard
            key={conference.id}
            conference={conference}
            room={rooms.get(conference.id)}
            asOf={live.dataUpdatedAt}
            mayMake={mayMake}
          />
        ))}
      </ul>
      {list.hasNextPage ? (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Show more
        </Button>
      ) : null}
      <Modal opened={making} onClose={() => setMaking(false)} title="New conference">
        <NewConference onDone={() => setMaking(false)} />
      </Modal>
    </>
  );
}

interface CardProps {
  readonly conference: ConferenceView;
  readonly room: LiveRooms['rooms'][number] | undefined;
  /** When the live rooms were looked at. */
  readonly asOf: number;
  readonly mayMake: boolean;
}

function ConferenceCard({ conference, room, asOf, mayMake }: CardProps) {
  const [shown, setShown] = useState(false);
  return (
    <li className="card">
      <div className={classes.head}>
        <div>
          <h2>
            <bdi>{conference.title}</bdi>
          </h2>
          <p className={classes.facts}>
            {room === undefined ? (
              <span className="soft">{conference.state === 'open' ? 'Nobody is in' : 'Closed'}</span>
            ) : (
              <>
                <Badge variant="light">Live</Badge>
                <span>
                  {room.participants} {room.participants === 1 ? 'person' : 'people'}, since{' '}
                  {durationWords(asOf - room.startedAt)}
                </span>
              </>
            )}
          </p>
        </div>
        {mayMake ? (
          <Button variant="default" size="sm" aria-expanded={shown} onClick={() => setShown(!shown)}>
            {shown ? 'Hide codes' : 'Codes'}
          </Button>
        ) : null}
      </div>
      {shown ? <Codes id={conference.id} /> : null}
    </li>
  );
}

function Codes({ id }: { id: string }) {
  const token = useToken();
  const query = useQuery({
    queryKey: ['conference', id],
    queryFn: ({ signal }) => api<ConferenceView>('GET', `/conferences/${id}`, { token, signal }),
    gcTime: 0,
  });
  if (query.isPending) return <p className="soft">One moment …</p>;
  if (query.isError) return <Notice kind="bad">{query.error.message}</Notice>;
  const { guestCode, hostCode } = query.data;
  return (
    <dl className={classes.codes}>
      {guestCode === undefined ? null : <Code title="Guests" code={guestCode} />}
      {hostCode === undefined ? null : <Code title="Hosts" code={hostCode} />}
    </dl>
  );
}

function Code({ title, code }: { title: string; code: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>
        <span className="digits">{groupDigits(code)}</span>
        <Copy value={code} label={`Copy code for ${title.toLowerCase()}`}>
          Copy code
        </Copy>
        <Copy value={`${window.location.origin}/j/${code}`} label={`Copy link for ${title.toLowerCase()}`}>
          Copy link
        </Copy>
        <Anchor component={Link} href={`/j/${code}`} size="sm">
          {title === 'Hosts' ? 'Join as host' : 'Join as guest'}
        </Anchor>
      </dd>
    </div>
  );
}

const WAITING_ROOMS: Readonly<Record<ConferencePolicy['waitingRoom'], string>> = {
  off: 'At once',
  'until-host': 'When a host is there',
  admit: 'When a host lets them in',
};

function NewConference({ onDone }: { onDone: () => void }) {
  const token = useToken();
  const client = useQueryClient();
  const [title, setTitle] = useState('');
  const [waitingRoom, setWaitingRoom] = useState<ConferencePolicy['waitingRoom']>('off');
  const [muteOnEntry, setMuteOnEntry] = useState(false);
  const make = useMutation({
    mutationFn: () =>
      api<ConferenceView>('POST', '/conferences', {
        token,
        body: { title: title.trim(), policy: { waitingRoom, muteOnEntry } },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['conferences'] }),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    make.mutate();
  };
  if (make.isSuccess) return <Made conference={make.data} onDone={onDone} />;
  return (
    <form className={classes.form} onSubmit={submit}>
      <TextInput
        label="Title"
        required
        maxLength={200}
        data-autofocus
        value={title}
        onChange={({ currentTarget }) => setTitle(currentTarget.value)}
      />
      <NativeSelect
        label="Guests come in"
        value={waitingRoom}
        data={Object.entries(WAITING_ROOMS).map(([value, label]) => ({ value, label }))}
        onChange={({ currentTarget }) => setWaitingRoom(currentTarget.value as ConferencePolicy['waitingRoom'])}
      />
      <Switch
        label="Guests are muted when they come in"
        checked={muteOnEntry}
        onChange={({ currentTarget }) => setMuteOnEntry(currentTarget.checked)}
      />
      {make.error instanceof ApiProblem ? (
        <Notice kind="bad" role="alert">
          {make.error.fields[0] === undefined ? make.error.message : `The title ${make.error.fields[0].message}.`}
        </Notice>
      ) : null}
      <Button type="submit" loading={make.isPending} disabled={title.trim() === ''}>
        Make it
      </Button>
    </form>
  );
}

function Made({ conference, onDone }: { conference: ConferenceView; onDone: () => void }) {
  return (
    <div className={classes.form}>
      <p role="status">
        <bdi>{conference.title}</bdi> is ready, for phones and browsers.
      </p>
      <dl className={classes.codes}>
        <Code title="Guests" code={conference.guestCode ?? ''} />
        <Code title="Hosts" code={conference.hostCode ?? ''} />
      </dl>
      <Button variant="default" onClick={onDone}>
        Done
      </Button>
    </div>
  );
}
