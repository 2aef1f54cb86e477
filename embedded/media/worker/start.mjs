// Where the thread begins; only from here on TypeScript can be read.
await import('../../threads/typescript.mjs');
await import('./entry.ts');
