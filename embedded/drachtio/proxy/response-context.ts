/** A request on its way through the server, with all its branches (RFC 3261 section 16.7, "response context"). */
import type { SipRequest, SipResponse } from '../../wire/sip-message.ts';
import { withoutTopVia, type ServerTransaction, type ServerTransactionUser, type SipHop } from '../../sip/index.ts';
import { makeResponse } from '../make-response.ts';
import { bestOf, isChallenge } from './best-response.ts';
import type { Branch, BranchUser } from './branch.ts';
import { uriOf } from './own-routes.ts';

export interface ResponseContextUser {
  /** A request has left. */
  onSent(request: SipRequest): void;
  /** A final answer went to the caller. */
  onAnswered(response: SipResponse): void;
  /** A final response of a branch, as it came. */
  onFinal(response: SipResponse, source: SipHop): void;
  /** A 2xx nobody waits for any more: its call is to be ended. */
  onUnwanted(response: SipResponse, source: SipHop): void;
  /** The caller is asked for credentials by who answered for this target. */
  onChallenge(response: SipResponse, target: string): void;
  /** All is over, or a 2xx has been passed on; told once. False: nothing could be sent anywhere. */
  onDone(wasSent: boolean): void;
  /** No branch is left that anything could come from. */
  onOver(): void;
}

export interface ResponseContextPlan {
  readonly transaction: ServerTransaction;
  readonly simultaneous: boolean;
  readonly followRedirects: boolean;
  readonly targets: readonly string[];
  readonly branchTo: (target: string, user: BranchUser, isRedirect: boolean) => Branch;
  readonly user: ResponseContextUser;
}

/** Redirected ones included: two servers must not be able to send a caller round and round. */
const MAX_BRANCHES = 20;

export class ResponseContext implements BranchUser, ServerTransactionUser {
  readonly #plan: ResponseContextPlan;
  readonly #branches: Branch[] = [];
  readonly #targets = new Set<string>();
  /** Further branches may be begun. */
  #isSearching = true;
  #isCancelled = false;
  #isAnswered = false;
  #isDone = false;

  constructor(plan: ResponseContextPlan) {
    this.#plan = plan;
    this.#add(plan.targets, false);
  }

  start(): void {
    this.#launch();
  }

  /** The server stops: no word to anybody. */
  abort(): void {
    this.#isSearching = false;
    for (const branch of this.#branches) branch.abort();
  }

  /** CANCEL of the caller. */
  onCancel(cancel: SipRequest): void {
    this.#isCancelled = true;
    this.#isSearching = false;
    const reason = cancel.headers.get('Reason');
    const headers: Record<string, string> = reason === undefined ? {} : { Reason: reason };
    const mayStillAnswer = this.#branches.some((branch) => branch.isProceeding);
    for (const branch of this.#branches) branch.cancel(headers);
    // Who has not said anything yet cannot be cancelled either: the caller need not wait for that.
    if (!mayStillAnswer) this.#answerFinally();
    this.#conclude();
  }

  onSent(request: SipRequest): void {
    this.#plan.user.onSent(request);
  }

  onProvisional(response: SipResponse): void {
    this.#plan.transaction.forward(withoutTopVia(response));
  }

  onFinal(response: SipResponse, source: SipHop): void {
    if (!this.#isDone) this.#plan.user.onFinal(response, source);
  }

  onSuccess(branch: Branch, response: SipResponse, source: SipHop): void {
    this.#isSearching = false;
    const passedOn = withoutTopVia(response);
    if (this.#plan.transaction.forward(passedOn)) {
      if (!this.#isAnswered) this.#plan.user.onAnswered(passedOn);
      this.#isAnswered = true;
      for (const other of this.#branches) if (other !== branch) other.cancel();
      this.#done();
    } else this.#plan.user.onUnwanted(response, source);
    this.#conclude();
  }

  onFailed(branch: Branch): void {
    const { final } = branch;
    if (final && final.status >= 600) this.#stopSearching();
    else if (final && isChallenge(final) && !this.#plan.simultaneous) this.#isSearching = false;
    else if (final && final.status < 400 && this.#plan.followRedirects) this.#redirect(branch, final);
    if (this.#isSearching) this.#launch();
    this.#conclude();
  }

  /** No further branch, and no answer but a last one from those that are under way. */
  #stopSearching(): void {
    this.#isSearching = false;
    for (const branch of this.#branches) branch.cancel();
  }

  #redirect(branch: Branch, response: SipResponse): void {
    const before = this.#branches.length;
    this.#add(contactsOf(response), true, this.#branches.indexOf(branch) + 1);
    if (this.#branches.length > before) branch.final = undefined; // section 16.7, step 4: it has been acted on
  }

  /** A target is tried once (section 16.5). */
  #add(targets: readonly string[], isRedirect: boolean, at = this.#branches.length): void {
    const fresh = [...new Set(targets)].filter((target) => !this.#targets.has(target));
    const taken = fresh.slice(0, MAX_BRANCHES - this.#branches.length);
    for (const target of taken) this.#targets.add(target);
    this.#branches.splice(at, 0, ...taken.map((target) => this.#plan.branchTo(target, this, isRedirect)));
  }

  #launch(): void {
    const waiting = this.#branches.filter((branch) => branch.isWaiting);
    const isBusy = this.#branches.some((branch) => !branch.isWaiting && !branch.isOver);
    const next = this.#plan.simultaneous ? waiting : isBusy ? [] : waiting.slice(0, 1);
    for (const branch of next) branch.start();
  }

  /** Once every branch is over without a 2xx, the best of what came is the answer. */
  #conclude(): void {
    const isOver = (branch: Branch) => branch.isOver || (branch.isWaiting && !this.#isSearching);
    if (!this.#branches.every(isOver)) return;
    this.#answerFinally();
    this.#plan.user.onOver();
  }

  #answerFinally(): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    const { transaction } = this.#plan;
    const best = bestOf(this.#branches.flatMap(({ final }) => final ?? []));
    // Whoever cancels hears that (section 9.2), however the last branch ended.
    if (!best || (this.#isCancelled && best.status !== 487)) this.#answerByItself();
    else {
      this.#rememberChallenges();
      const passedOn = withoutTopVia(best);
      if (transaction.forward(passedOn)) this.#plan.user.onAnswered(passedOn);
    }
    this.#done();
  }

  #rememberChallenges(): void {
    for (const { final, target } of this.#branches) {
      if (final && isChallenge(final)) this.#plan.user.onChallenge(final, target);
    }
  }

  #answerByItself(): void {
    const { transaction } = this.#plan;
    if (transaction.state !== 'trying' && transaction.state !== 'proceeding') return;
    this.#plan.user.onAnswered(transaction.respond(this.#ownResponse()));
  }

  #ownResponse(): SipResponse {
    if (this.#isCancelled) return makeResponse(487, 'Request Terminated');
    if (!this.#wasSent) return makeResponse(500, 'Internal Server Error');
    const wasTooLate = this.#branches.some(({ ownStatus }) => ownStatus === 408);
    return wasTooLate ? makeResponse(408, 'Request Timeout') : makeResponse(503, 'Service Unavailable');
  }

  get #wasSent(): boolean {
    return this.#branches.some((branch) => branch.wasSent);
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#plan.user.onDone(this.#wasSent);
  }
}

function contactsOf(response: SipResponse): string[] {
  return response.headers.getList('Contact').flatMap((contact) => uriOf(contact) ?? []);
}
