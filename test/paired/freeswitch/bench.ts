/** The embedded FreeSWITCH alone: test phones dial it, a plain socket server stands for the application. */
import { EventEmitter, once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createLogger } from '../../../config/index.ts';
import { startFreeswitch, type FreeswitchOptions, type FreeswitchServer } from '../../../embedded/freeswitch/index.ts';
import type { SipResponse } from '../../../embedded/sip/index.ts';
import { until } from '../../helpers/bench.ts';
import { EslClient } from '../../helpers/esl-client.ts';
import { event, PhoneCall } from '../../helpers/sip-phone.ts';
import { Telephone } from '../../helpers/telephone.ts';

export const PASSWORD = 'a password for tests';
const USER_AGENT = 'drachtio-fsmrf:5a2f4f2c-7d5b-4b57-9a6b-0c2e64f1d0aa';

export const logger = createLogger({ logLevel: process.env['TEST_LOG_LEVEL'] ?? 'silent' });

/** An event or the data of a channel: decoded headers, and the body. */
export interface Told {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export function told(text: string): Told {
  const [head = '', ...body] = text.split('\n\n');
  const headers = head.split('\n').map((line): [string, string] => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), decodeURIComponent(line.slice(colon + 2))];
  });
  return { headers: new Map(headers), body: body.join('\n\n') };
}

export interface ControlledCall {
  readonly phone: Telephone;
  readonly call: PhoneCall;
  readonly uuid: string;
  /** The event socket the server opened for the call. */
  readonly application: EslClient;
  readonly answer: SipResponse;
}

export class FreeswitchBench {
  readonly server: FreeswitchServer;
  readonly control: EslClient;
  readonly #application: Server;
  readonly #accepted = new EventEmitter();
  readonly #phones: Telephone[] = [];
  readonly #clients: EslClient[] = [];
  /** Applications whose turn has not come. */
  readonly waiting: EslClient[] = [];

  private constructor(server: FreeswitchServer, control: EslClient, application: Server) {
    this.server = server;
    this.control = control;
    this.#application = application;
    application.on('connection', (socket) => {
      const client = EslClient.over(socket);
      this.#clients.push(client);
      this.waiting.push(client);
      this.#accepted.emit('client');
    });
  }

  static async open(options: Partial<FreeswitchOptions> = {}): Promise<FreeswitchBench> {
    const server = await startFreeswitch({
      sip: { address: '127.0.0.1', port: 0 },
      mediaAddress: '127.0.0.1',
      eventSocket: { address: '127.0.0.1', port: 0 },
      password: PASSWORD,
      rtpPorts: [0, 0],
      logger,
      ...options,
    });
    const application = createServer().listen(0, '127.0.0.1');
    await once(application, 'listening');
    const control = await EslClient.authenticated(server.eventSocketPort, PASSWORD);
    return new FreeswitchBench(server, control, application);
  }

  /** What fsmrf says in its INVITE. */
  get headers(): Record<string, string> {
    const { port } = this.#application.address() as AddressInfo;
    return { 'User-Agent': USER_AGENT, 'X-esl-outbound': `127.0.0.1:${port}` };
  }

  async phone(protocol: 'udp' | 'tcp' = 'udp'): Promise<Telephone> {
    const phone = await Telephone.open(protocol);
    this.#phones.push(phone);
    return phone;
  }

  /** A call from INVITE to the application's `connect`. */
  async dial(phone: Telephone, sdp = phone.sdp, headers: Record<string, string> = {}): Promise<ControlledCall> {
    const call = phone.sip.call(this.server.sipPort, sdp, { ...this.headers, ...headers });
    phone.call = call;
    const answer = await event<SipResponse>(call, 'answered');
    call.ack();
    phone.connect(answer.body.toString('utf8'));
    return { phone, call, answer, ...(await this.takeApplication()) };
  }

  /** The next connection from the server, up to the data of its channel. */
  async takeApplication(): Promise<{ application: EslClient; uuid: string; data: Told }> {
    if (this.waiting.length === 0) await once(this.#accepted, 'client', { signal: AbortSignal.timeout(5_000) });
    const application = this.waiting.shift()!;
    application.socket.write('connect\n\n');
    const frame = await application.next('command/reply');
    return { application, uuid: frame.headers.get('Unique-ID') ?? '', data: { headers: frame.headers, body: '' } };
  }

  /** The final response to a request outside of any dialog. */
  async ask(phone: Telephone, method: string, tags = false): Promise<SipResponse> {
    const { sipPort } = this.server;
    const address = `sip:mrf@127.0.0.1:${sipPort}`;
    const call = new PhoneCall(phone.sip, {
      callId: `outside-${method}-${Math.random()}`,
      local: `<sip:phone@127.0.0.1>;tag=here`,
      remote: tags ? `<${address}>;tag=nobody` : `<${address}>`,
      target: address,
      hop: { protocol: phone.sip.protocol, address: '127.0.0.1', port: sipPort },
      sequence: 0,
    });
    return call.request(method);
  }

  /** Refused calls: the status. */
  async refusal(phone: Telephone, sdp: string, headers = this.headers): Promise<number> {
    const call = phone.sip.call(this.server.sipPort, sdp, headers);
    return (await event<SipResponse>(call, 'failed')).status;
  }

  /** The next event of a kind that comes to `control`. */
  async event(name: string, accept: (event: Told) => boolean = () => true): Promise<Told> {
    const matches = (body: string): boolean => {
      const heard = told(body);
      return heard.headers.get('Event-Name') === name && accept(heard);
    };
    const frame = await this.control.next('text/event-plain', ({ body }) => matches(body));
    return told(frame.body);
  }

  /** Nothing of any call is left. */
  async untilIdle(): Promise<void> {
    await until(
      'nothing is left of the calls',
      () => {
        const { inboundSockets: _mine, ...rest } = this.server.counts();
        return rest;
      },
      (counts) => Object.values(counts).every((count) => count === 0),
    );
  }

  async close(): Promise<void> {
    await this.control.close();
    await this.server.stop();
    for (const client of this.#clients) await client.close();
    for (const phone of this.#phones) await phone.close();
    await new Promise((done) => this.#application.close(done));
  }
}

/** Sends an application to a channel and waits for its end; the event's headers. */
export async function execute(client: EslClient, uuid: string, name: string, argument = ''): Promise<Told> {
  const id = `${name}-${Math.random()}`;
  client.socket.write(
    `sendmsg ${uuid}\ncall-command: execute\nexecute-app-name: ${name}\nexecute-app-arg: ${argument}\nEvent-UUID: ${id}\n\n`,
  );
  await client.next('command/reply');
  const done = await client.next('text/event-plain', ({ body }) => {
    const { headers } = told(body);
    return headers.get('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE' && headers.get('Application-UUID') === id;
  });
  return told(done.body);
}
