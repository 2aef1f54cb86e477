/** Calls between a phone and an application, ready for use. */
import { event, SDP, type PhoneCall, type SipPhone } from './sip-phone.ts';
import type { SipBench } from './sip-bench.ts';
import type { Srf, SrfDialog, SrfMessage, SrfResponse } from './srf-client.ts';

export interface EstablishedCall {
  readonly call: PhoneCall;
  readonly dialog: SrfDialog;
}

/** The phone dials, the application answers. */
export async function answerCall(
  bench: SipBench,
  phone: SipPhone,
  headers: Record<string, string> = {},
): Promise<EstablishedCall> {
  const established = new Promise<SrfDialog>((resolve, reject) => {
    bench.on.set('invite', (request, response) => {
      bench.srf.createUAS(request, response, { localSdp: SDP }).then(resolve, reject);
    });
  });
  const call = phone.call(bench.sipPort, SDP, headers);
  await event(call, 'answered');
  call.ack();
  return { call, dialog: await established };
}

/** The application dials, the phone answers. */
export async function makeCall(bench: SipBench, phone: SipPhone, options: object = {}): Promise<EstablishedCall> {
  const incoming = event<PhoneCall>(phone, 'call');
  phone.onInvite = (call) => call.answer(200, 'OK', SDP);
  const dialog = await bench.srf.createUAC(phone.uri, { localSdp: SDP, ...options });
  return { call: await incoming, dialog };
}

/**
 * Sends a request and waits for its final answer. By callback, because the answer may be in the same chunk of bytes as the
 * news that the request was sent: a listener set after an await would be too late.
 */
export function ask(srf: Srf, uri: string, options: object): Promise<SrfResponse> {
  return new Promise((resolve, reject) => {
    srf.request(uri, options, (error, request) => {
      if (error || !request) reject(error instanceof Error ? error : new Error(String(error)));
      else request.on('response', (response: SrfResponse) => response.status >= 200 && resolve(response));
    });
  });
}

export interface SipFailure extends Error {
  readonly status?: number;
  readonly res?: SrfMessage;
}

/** Why it failed. @throws when it did not */
export async function failure(promise: Promise<unknown>): Promise<SipFailure> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}
