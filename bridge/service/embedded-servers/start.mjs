// Where the thread begins; only from here on TypeScript can be read.
await import('../../../embedded/threads/typescript.mjs');
await import('./entry.ts');
