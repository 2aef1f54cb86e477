/** What is kept, in Redis. Outsiders import from here. */
export type * from './types.ts';
export type * from './store.ts';
export type { CodeLimitRules } from './code-limits.ts';
export type { Retention } from './context.ts';
export { CorruptValue, isStoreUnavailable, StoreUnavailable } from './errors.ts';
export type { GrowingRule, LimitRules, PlainRule } from './limits.ts';
export { openStore, type StoreOptions } from './open.ts';
export type { PasswordHasher } from './passwords.ts';
export { startRedisServer, type RedisServer, type RedisServerOptions } from './redis-server.ts';
export { loadServerSecret } from './server-secret.ts';
export { DEFAULT_TENANT_ID } from './tenants.ts';
