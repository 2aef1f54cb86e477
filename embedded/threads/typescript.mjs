// For the first line of a thread. Node 20 cannot read TypeScript, and in a worker thread tsx does not begin by being inherited
// or preloaded: it has to be registered there. Node that strips types itself (22.18 and later) needs none of it.
if (!process.features.typescript) {
  const { register } = await import('tsx/esm/api');
  register();
}
