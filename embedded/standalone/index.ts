/** The door of the servers on their own. */
export { ArgumentError, parseArguments, USAGE, type StandaloneOptions } from './arguments.ts';
export { runStandalone } from './command.ts';
export { startStandalone, type StandaloneServers } from './servers.ts';
