/** The house rules of docs/decisions/001-rooms.md: imports run one way, and outsiders use a room's door. */
const room = (name) => `^${name}/`;
const only = (from, allowed) => ({
  name: `${from.replace('/', '-')}-imports`,
  severity: 'error',
  comment: `${from} may import only: ${allowed.join(', ') || 'nothing of ours'}`,
  from: { path: room(from) },
  to: {
    path: '^(config|store|ivr|bridge|web-gateway|embedded|test|scripts)/',
    pathNot: [from, ...allowed].map(room),
  },
});
const door = (name) => ({
  name: `${name.replace('/', '-')}-door`,
  severity: 'error',
  comment: `outsiders import ${name}/index.ts, or the door of a room inside it`,
  from: { pathNot: [room(name), '^test/unit/'] },
  to: {
    path: room(name),
    // For threads: the gate without drachtio-srf, and what lets them read TypeScript.
    pathNot: `^bridge/sip/gate\\.ts$|^embedded/threads/typescript\\.mjs$|^${name}/(contract/|sip/|media/|threads/|drachtio/|freeswitch/|calls/|conferences/|server/)?index\\.ts$|^${name}/(contract/)?browser\\.ts$`,
  },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('config', []),
    only('store', ['config']),
    only('ivr', ['config']),
    only('embedded', ['config']),
    only('bridge', ['config', 'store', 'ivr', 'embedded', 'web-gateway/server']),
    only('web-gateway/server', ['config', 'store']),
    only('web-gateway/client', ['config/contract']),
    {
      name: 'browser-loads-no-schemas',
      severity: 'error',
      comment: 'what runs in a browser takes types from the contract, and values from its door for browsers',
      from: { path: '^web-gateway/client/src/' },
      to: { path: '^config/contract/index\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'sip-js-stops-at-the-softphone',
      severity: 'error',
      from: { path: '^web-gateway/client/src/', pathNot: '^web-gateway/client/src/softphone/sip-call\\.ts$' },
      to: { path: 'sip\\.js' },
    },
    {
      name: 'only-main-starts-servers',
      severity: 'error',
      comment:
        'embedded and the gateway are started by the composition root only, and by the thread it starts for them',
      from: { path: '^bridge/', pathNot: '^bridge/(main\\.ts$|service/embedded-servers/)' },
      to: { path: '^(embedded|web-gateway)/' },
    },
    {
      name: 'wire-is-pure',
      severity: 'error',
      comment: 'codecs open no sockets and start no timers',
      from: { path: '^embedded/wire/' },
      to: { path: '^(node:)?(net|dgram|tls|http|https|timers|worker_threads|child_process|fs)(/|$)' },
    },
    {
      name: 'srf-stops-at-bridge-sip',
      severity: 'error',
      from: { path: '^(config|store|ivr|bridge|web-gateway|embedded)/', pathNot: '^bridge/(sip|media)/' },
      to: { path: 'drachtio-srf' },
    },
    {
      name: 'fsmrf-stops-at-bridge-media',
      severity: 'error',
      from: { path: '^(config|store|ivr|bridge|web-gateway|embedded)/', pathNot: '^bridge/media/' },
      to: { path: 'drachtio-(fsmrf|modesl)' },
    },
    ...[
      'config',
      'config/contract',
      'store',
      'ivr',
      'embedded',
      'embedded/sip',
      'embedded/media',
      'embedded/threads',
      'embedded/drachtio',
      'embedded/freeswitch',
      'embedded/standalone',
      'bridge/sip',
      'bridge/media',
      'bridge/calls',
      'bridge/conferences',
      'web-gateway/server',
    ].map(door),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^web-gateway/client/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs', '.mjs'] },
  },
};
