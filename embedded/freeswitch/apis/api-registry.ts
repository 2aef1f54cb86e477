/** API commands by name. What is not here does not exist: there is no way to run anything on the machine. */
import type { Logger } from '../../../config/index.ts';

/** Answers one command; the text goes back as it is. */
export type Api = (argument: string) => string | Promise<string>;

export class ApiRegistry {
  readonly #apis = new Map<string, Api>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(apis: Readonly<Record<string, Api>>): this {
    for (const [name, api] of Object.entries(apis)) this.#apis.set(name, api);
    return this;
  }

  async run(command: string, argument: string): Promise<string> {
    const api = this.#apis.get(command.toLowerCase());
    if (!api) return `-ERR ${command} Command not found!\n`;
    try {
      return await api(argument);
    } catch (error) {
      this.#logger.error({ err: error, command }, 'an API command failed');
      return `-ERR ${command} failed\n`;
    }
  }
}
