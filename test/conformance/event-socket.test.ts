/** The event socket as a plain client sees it: who is let in, how commands are answered, how events look. */
import { expect } from 'chai';
import { openBench, type Bench } from '../helpers/bench.ts';
import { EslClient } from '../helpers/esl-client.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** A plain event's headers, decoded. */
function headersOf(body: string): Map<string, string> {
  const lines = body.split('\n\n')[0]!.split('\n');
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), decodeURIComponent(line.slice(colon + 2))];
    }),
  );
}

describe('event socket', function () {
  this.timeout(15_000);
  let bench: Bench;
  let client: EslClient;

  before(async function () {
    bench = await openBench(this);
  });
  after(() => bench.close());
  beforeEach(async () => {
    client = await EslClient.authenticated(bench.freeswitch.port, bench.freeswitch.secret);
  });
  afterEach(() => client.close());

  describe('letting in', () => {
    let stranger: EslClient;
    beforeEach(async () => {
      stranger = await EslClient.open(bench.freeswitch.port);
      await stranger.next('auth/request');
    });
    afterEach(() => stranger.close());

    it('accepts who knows the password', async () => {
      expect(await stranger.ask(`auth ${bench.freeswitch.secret}`)).to.equal('+OK accepted');
    });

    it('closes the connection of who does not', async () => {
      expect(await stranger.ask('auth wrong')).to.equal('-ERR invalid');
      const notice = await stranger.next('text/disconnect-notice');
      expect(notice.body).to.equal('Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n');
      await stranger.untilClosed();
    });

    it('knows no other command before', async () => {
      expect(await stranger.ask('api status')).to.equal('-ERR command not found');
    });

    it('lets a stranger go', async () => {
      expect(await stranger.ask('exit')).to.equal('+OK bye');
      await stranger.untilClosed();
    });
  });

  const replies: [command: string, reply: string][] = [
    ['event plain HEARTBEAT', '+OK event listener enabled plain'],
    ['event json HEARTBEAT CUSTOM conference::maintenance', '+OK event listener enabled json'],
    ['event HEARTBEAT', '+OK event listener enabled plain'],
    ['event plain ALL', '+OK event listener enabled plain'],
    ['event', '-ERR no keywords supplied'],
    ['nixevent HEARTBEAT', '+OK events nixed'],
    ['nixevent', '-ERR no keywords supplied'],
    ['noevents', '-ERR not listening for events'],
    ['filter Event-Name HEARTBEAT', '+OK filter added. [Event-Name]=[HEARTBEAT]'],
    ['filter delete Event-Name', '+OK filter deleted. [Event-Name][]'],
    ['filter delete Event-Name HEARTBEAT', '+OK filter deleted. [Event-Name][HEARTBEAT]'],
    ['filter Event-Name', '-ERR invalid syntax'],
    ['log 7', '+OK log level 7 [7]'],
    ['nolog', '-ERR not loging'],
    ['linger', '-ERR not controlling a session'],
    ['nolinger', '-ERR not controlling a session'],
    ['divert_events on', '-ERR not controlling a session.'],
    ['myevents', '-ERR command not found'],
    [`myevents ${NOBODY}`, '+OK Events Enabled'],
    ['getvar uuid', '-ERR command not found'],
    [`sendmsg ${NOBODY}`, `-ERR invalid session id [${NOBODY}]`],
    ['sendmsg', '-ERR invalid session id []'],
    ['nonsense', '-ERR command not found'],
    ['connect', '-ERR command not found'],
  ];
  for (const [command, reply] of replies) {
    it(`answers '${command}'`, async () => {
      expect(await client.ask(command)).to.equal(reply);
    });
  }

  it('stops log lines', async () => {
    await client.ask('log 0');
    expect(await client.ask('nolog')).to.equal('+OK no longer logging');
  });

  it('stops events', async () => {
    await client.ask('event plain HEARTBEAT');
    expect(await client.ask('noevents')).to.equal('+OK no longer listening for events');
  });

  it('answers an API command with its text', async () => {
    expect(await client.api('echo one two')).to.equal('one two');
    expect(await client.api('nonsense 1')).to.equal('-ERR nonsense Command not found!\n');
  });

  it('answers in the order of the questions', async () => {
    client.socket.write('api echo 1\n\napi echo 2\n\nevent plain HEARTBEAT\n\napi echo 3\n\n');
    const bodies = [await client.next('api/response'), await client.next('api/response')].map(({ body }) => body);
    await client.next('command/reply');
    expect([...bodies, (await client.next('api/response')).body]).to.deep.equal(['1', '2', '3']);
  });

  it('takes a command that comes in pieces, with line feeds before it and carriage returns in it', async () => {
    for (const piece of ['\n\r\n', 'api ec', 'ho in pieces\r', '\n', '\r\n']) {
      client.socket.write(piece);
      await new Promise((done) => setTimeout(done, 20));
    }
    expect((await client.next('api/response')).body).to.equal('in pieces');
  });

  it('runs a job in the background and tells its end', async () => {
    await client.ask('event plain BACKGROUND_JOB');
    client.socket.write('bgapi echo in the background\n\n');
    const reply = await client.next('command/reply');
    const job = reply.headers.get('Job-UUID') ?? '';
    expect(job).to.match(UUID);
    expect(reply.headers.get('Reply-Text')).to.equal(`+OK Job-UUID: ${job}`);
    const { body } = await client.next('text/event-plain');
    const headers = headersOf(body);
    expect(Object.fromEntries(headers)).to.include({
      'Event-Name': 'BACKGROUND_JOB',
      'Job-UUID': job,
      'Job-Command': 'echo',
      'Job-Command-Arg': 'in the background',
      'Content-Length': '17',
    });
    expect(body.slice(body.indexOf('\n\n') + 2)).to.equal('in the background');
  });

  it('takes the id of a job from its command', async () => {
    client.socket.write(`bgapi echo\nJob-UUID: ${NOBODY}\n\n`);
    expect((await client.next('command/reply')).headers.get('Reply-Text')).to.equal(`+OK Job-UUID: ${NOBODY}`);
  });

  it('writes an event as JSON, body and all', async () => {
    await client.ask('event json BACKGROUND_JOB');
    client.socket.write('bgapi echo "quoted" 1\n\n');
    const { body, headers } = await client.next('text/event-json');
    expect(Number(headers.get('Content-Length'))).to.equal(Buffer.byteLength(body));
    expect(JSON.parse(body)).to.include({
      'Event-Name': 'BACKGROUND_JOB',
      'Job-Command': 'echo',
      'Job-Command-Arg': '"quoted" 1',
      'Content-Length': '10',
      _body: '"quoted" 1',
    });
  });

  it('sends only what passes the filters', async () => {
    await client.ask('event plain BACKGROUND_JOB');
    await client.ask('filter Job-Command-Arg right');
    for (const word of ['wrong', 'right']) {
      client.socket.write(`bgapi echo ${word}\n\n`);
      await client.next('command/reply');
    }
    expect(headersOf((await client.next('text/event-plain')).body).get('Job-Command-Arg')).to.equal('right');
    expect(client.frames).to.have.length(0);
  });

  it('writes the headers every event begins with', async () => {
    await client.ask('event plain BACKGROUND_JOB');
    client.socket.write('bgapi status\n\n');
    const headers = headersOf((await client.next('text/event-plain')).body);
    const names = ['Event-Name', 'Core-UUID', 'FreeSWITCH-Hostname', 'FreeSWITCH-Switchname', 'FreeSWITCH-IPv4'];
    expect([...headers.keys()].slice(0, 5)).to.deep.equal(names);
    expect(headers.get('Core-UUID')).to.match(UUID);
    expect(headers.get('Event-Date-Timestamp')).to.match(/^\d{16}$/);
    expect(headers.get('Event-Date-Local')).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(headers.get('Event-Sequence')).to.match(/^\d+$/);
  });

  it('says good-bye', async () => {
    expect(await client.ask('exit')).to.equal('+OK bye');
    await client.next('text/disconnect-notice');
    await client.untilClosed();
  });
});
