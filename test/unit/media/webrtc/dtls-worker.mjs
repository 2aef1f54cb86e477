// Node 20 cannot read TypeScript, and tsx does not begin by itself in a worker thread.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
await import('./dtls-worker.ts');
