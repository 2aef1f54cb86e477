/** The door: an access code or an invitation, a name, and sound that works before anybody is met. */
import { Anchor, Button, TextInput, UnstyledButton } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode, type SubmitEvent } from 'react';
import { Link } from 'wouter';
import { ApiProblem } from '../../api/http.ts';
import { Brand } from '../../components/brand.tsx';
import { PhoneWays, useDialIn } from '../../components/phone-ways.tsx';
import { Notice } from '../../components/notice.tsx';
import { readPreferences, savePreferences } from '../../media/preferences.ts';
import type { ConferenceSession } from '../../session/conference-session.ts';
import type { Sound } from '../../session/enter.ts';
import { DialIn } from './dial-in.tsx';
import { groupDigits, toRequest, wayOf, type JoinForm, type JoinFormErrors } from './join-form.ts';
import classes from './join.module.css';
import { refusalOf, type Refusal } from './refusal.ts';
import { SoundPanel } from './sound-panel.tsx';
import { useMicrophoneCheck } from './use-microphone-check.ts';

export function JoinPage({ way, onJoined }: { way?: string; onJoined: (session: ConferenceSession) => void }) {
  const given = wayOf(way);
  const invitation = 'invitation' in given ? given.invitation : undefined;
  const [form, setForm] = useState<JoinForm>({
    code: 'code' in given ? groupDigits(given.code) : '',
    name: readPreferences().name ?? '',
    personalCode: '',
  });
  const [errors, setErrors] = useState<JoinFormErrors>({});
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [sound, setSound] = useState<Sound>('browser');
  const [busy, setBusy] = useState(false);
  const [tries, setTries] = useState(0);
  const check = useMicrophoneCheck();
  const numbers = useDialIn();
  const page = useRef<HTMLFormElement>(null);
  useEffect(() => {
    document.title = 'Join a conference – Partyline';
    loadAhead();
  }, []);

  const change = (field: keyof JoinForm, value: string) => {
    setForm({ ...form, [field]: value });
    setErrors(({ [field]: _corrected, ...others }) => others);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const checked = toRequest(form, invitation);
    setErrors('errors' in checked ? checked.errors : {});
    setRefusal(null);
    if ('errors' in checked) {
      focusFirstError(page.current);
      return;
    }
    setBusy(true);
    savePreferences({ name: form.name.trim() });
    try {
      const { enter } = await loadEnter();
      const session = await enter({ request: checked.request, sound, microphone: check.track });
      check.release();
      onJoined(session);
    } catch (error) {
      setBusy(false);
      setRefusal(refusalOf(error));
      setTries(tries + 1);
    }
  };

  return (
    <>
      <header className={classes.header}>
        <Brand linked={false} />
        <Anchor component={Link} href="/admin" size="sm">
          Sign in
        </Anchor>
      </header>
      <main className={classes.page}>
        <h1>Join a conference</h1>
        <form ref={page} className={`card ${classes.door}`} onSubmit={(event) => void submit(event)} noValidate>
          <Who form={form} onChange={change} errors={errors} invited={invitation !== undefined} />
          <SoundPanel
            sound={sound}
            onSound={setSound}
            check={check}
            ways={<PhoneWays numbers={numbers} code={form.code} />}
          />
          <div className={classes.go}>
            {refusal === null ? null : (
              <RefusalNotice key={tries} refusal={refusal}>
                {/* Beside the microphone's trouble they stand already. */}
                {check.trouble === null ? <PhoneWays numbers={numbers} code={form.code} /> : null}
              </RefusalNotice>
            )}
            <Button type="submit" size="lg" fullWidth loading={busy}>
              {sound === 'browser' ? 'Join with sound' : 'Join'}
            </Button>
          </div>
        </form>
        <DialIn numbers={numbers} code={form.code} />
      </main>
    </>
  );
}

/** @throws ApiProblem when the server does not answer */
const loadEnter = () =>
  import('../../session/enter.ts').catch(() => {
    throw new ApiProblem(0, {});
  });

/** What the room needs is fetched while the name is typed: the click is answered sooner, and by a bad network too. */
function loadAhead(): void {
  const room = import('../room/room-page.tsx');
  const entrance = import('../../session/enter.ts').then(({ loadPhone }) => loadPhone());
  // Whatever does not come now is asked for again at the click.
  Promise.all([room, entrance]).catch(() => undefined);
}

interface WhoProps {
  readonly form: JoinForm;
  readonly onChange: (field: keyof JoinForm, value: string) => void;
  readonly errors: JoinFormErrors;
  readonly invited: boolean;
}

function Who({ form, onChange, errors, invited }: WhoProps) {
  const [personal, setPersonal] = useState(false);
  const change = (field: keyof JoinForm) => (event: { currentTarget: HTMLInputElement }) =>
    onChange(field, event.currentTarget.value);
  return (
    <section className={classes.who} aria-labelledby="who-title">
      <h2 id="who-title">{invited ? 'You are invited' : 'Who are you?'}</h2>
      {invited ? null : (
        <TextInput
          label="Access code"
          placeholder="123 456 789"
          inputMode="numeric"
          autoComplete="off"
          autoFocus
          classNames={{ input: classes.code ?? '' }}
          value={form.code}
          onChange={change('code')}
          error={errors.code}
        />
      )}
      <TextInput
        label="Your name"
        description={invited ? 'Leave it empty to use the one in your invitation.' : undefined}
        autoComplete="name"
        maxLength={100}
        value={form.name}
        onChange={change('name')}
        error={errors.name}
      />
      {invited ? null : personal ? (
        <TextInput
          label="Personal code"
          description="If you were given one. It joins this page and your telephone into one."
          inputMode="numeric"
          autoComplete="off"
          autoFocus
          value={form.personalCode}
          onChange={change('personalCode')}
          error={errors.personalCode}
        />
      ) : (
        <UnstyledButton className={classes.more} onClick={() => setPersonal(true)}>
          I have a personal code
        </UnstyledButton>
      )}
    </section>
  );
}

/** @param children the ways that remain */
function RefusalNotice({ refusal, children }: { refusal: Refusal; children: ReactNode }) {
  return (
    <Notice kind="bad" title={refusal.title} role="alert">
      <p>
        {refusal.help}
        {refusal.retryAfterSeconds === undefined ? null : <Countdown seconds={refusal.retryAfterSeconds} />}
      </p>
      {refusal.telephoneHelps === true ? children : null}
    </Notice>
  );
}

function Countdown({ seconds }: { seconds: number }) {
  const [left, setLeft] = useState(seconds);
  useEffect(() => {
    const timer = setInterval(() => setLeft((now) => Math.max(0, now - 1)), 1_000);
    return () => clearInterval(timer);
  }, []);
  // A screen reader hears it once, and not every second.
  return <span aria-live="off">{left > 0 ? ` Try again in ${left} seconds.` : ' You can try again now.'}</span>;
}

function focusFirstError(form: HTMLFormElement | null): void {
  // React has not drawn the errors yet.
  requestAnimationFrame(() => form?.querySelector<HTMLInputElement>('[aria-invalid="true"]')?.focus());
}
