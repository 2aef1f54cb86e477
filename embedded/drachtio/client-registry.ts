/** Which applications are connected, and which of them takes which requests: in turn, by method. */
import type { ClientPort } from './client-port.ts';

export class ClientRegistry<Client extends ClientPort> {
  readonly #clients = new Set<Client>();
  /** By method in lower case. */
  readonly #routes = new Map<string, Client[]>();

  get size(): number {
    return this.#clients.size;
  }

  add(client: Client): void {
    this.#clients.add(client);
  }

  remove(client: Client): void {
    this.#clients.delete(client);
    for (const verb of [...this.#routes.keys()]) this.removeRoute(client, verb);
  }

  addRoute(client: Client, verb: string): void {
    const takers = this.#routes.get(verb.toLowerCase()) ?? [];
    if (!takers.includes(client)) takers.push(client);
    this.#routes.set(verb.toLowerCase(), takers);
  }

  removeRoute(client: Client, verb: string): void {
    const left = (this.#routes.get(verb.toLowerCase()) ?? []).filter((taker) => taker !== client);
    if (left.length === 0) this.#routes.delete(verb.toLowerCase());
    else this.#routes.set(verb.toLowerCase(), left);
  }

  /** The next in turn for a request outside of any dialog. */
  next(method: string): Client | undefined {
    const takers = this.#routes.get(method.toLowerCase());
    const client = takers?.shift();
    if (client) takers?.push(client);
    return client;
  }
}
