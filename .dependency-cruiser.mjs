/**
 * Which file may import which. The layers are those of docs/architecture.md: imports go down, or stay in their own folder;
 * domains meet at `index.ts`; drivers stay in adapters and stores; adapters are chosen in `app/`.
 */

/** Folders of server/src by layer; a new domain is added here. */
const layers = [
  ['kernel'],
  ['events'],
  ['protocols', 'eventlog', 'history', 'storage', 'lake'],
  ['audit'],
  ['registry', 'backup', 'export-topic'],
  ['devices', 'people', 'sharing', 'erasure'],
  ['partners'],
  ['oauth', 'ingest', 'live', 'trips', 'commands', 'alerts'],
  ['dashcam', 'parking', 'reports', 'feeds', 'personal-data', 'person-erasure', 'sandbox'],
  ['http'],
  ['app'],
];

const server = 'server/src';
const anyOf = (names) => `(${names.join('|')})`;
const inTests = String.raw`\.(unit|int|e2e|engines)\.test\.ts$|\.contract\.ts$|/testing/`;

/** Reading tests of a domain are free to use the parts beside or above it; everything else obeys the layers. */
const from = (path, more = {}) => ({ path, pathNot: inTests, ...more });

const layerRules = layers.flatMap((folders, layer) => {
  const above = layers.slice(layer + 1).flat();
  return folders.flatMap((folder) => {
    const beside = folders.filter((other) => other !== folder);
    const forbidden = [...above, ...beside];
    if (forbidden.length === 0) return [];
    return [
      {
        name: `layer-${layer}-${folder}`,
        comment: `${folder}/ (layer ${layer}) imports only from layers below it and from itself`,
        severity: 'error',
        from: from(`^${server}/${folder}/`),
        to: { path: `^${server}/${anyOf(forbidden)}/` },
      },
    ];
  });
});

const drivers = [
  'pg',
  'pg-.+',
  'node-pg-migrate',
  'better-sqlite3',
  'lmdb',
  '@duckdb/.+',
  '@platformatic/kafka',
  'cassandra-driver',
  'redis',
  '@redis/.+',
  '@aws-sdk/.+',
];

const driverRules = [
  {
    name: 'drivers-in-adapters',
    comment: 'database drivers appear only in adapters/, in a domain’s store*.ts and in storage/',
    severity: 'error',
    from: from(`^${server}/`, { pathNot: `${inTests}|/adapters/|/store[^/]*\\.ts$|/store/|^${server}/storage/` }),
    to: { path: [`^node_modules/${anyOf(drivers)}/`, '^(node:)?sqlite$'] },
  },
  {
    name: 'adapters-from-app',
    comment: 'which adapter serves a port is decided in app/ alone',
    severity: 'error',
    from: from(`^${server}/`, { pathNot: `${inTests}|^${server}/app/|/adapters/` }),
    to: { path: `^${server}/.+/adapters/` },
  },
  {
    name: 'adapters-apart',
    comment: 'an adapter does not import the adapter of another technology or domain',
    severity: 'error',
    from: from(`^(${server}/.+/adapters/[^/]+)/`),
    to: { path: `^${server}/.+/adapters/`, pathNot: ['^$1/', '/adapters/[^/]+\\.ts$'] },
  },
];

const doorRules = [
  {
    name: 'through-the-door',
    comment: 'another domain is imported through its index.ts (app/ also imports adapters and migrations)',
    severity: 'error',
    from: from(`^${server}/([^/]+)/`, { pathNot: `${inTests}|^${server}/app/` }),
    to: {
      path: `^${server}/[^/]+/.`,
      pathNot: [`^${server}/$1/`, `^${server}/[^/]+/index\\.ts$`, `^${server}/protocols/[^/]+/index\\.ts$`],
    },
  },
  {
    name: 'app-through-the-door',
    comment: 'app/ imports a domain through its index.ts, its adapters/<technology>/index.ts or protocols/<protocol>/index.ts',
    severity: 'error',
    from: from(`^${server}/app/`),
    to: {
      path: `^${server}/[^/]+/.`,
      pathNot: [
        `^${server}/app/`,
        `^${server}/[^/]+/index\\.ts$`,
        `^${server}/.+/adapters/`,
        `^${server}/(protocols|storage)/[^/]+/[^/]+\\.ts$`,
      ],
    },
  },
  {
    name: 'not-the-own-door',
    comment: 'inside a domain import the file, never your own index.ts',
    severity: 'error',
    from: from(`^${server}/([^/]+)/`),
    to: { path: `^${server}/$1/index\\.ts$` },
  },
];

const only = (name, workspace, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: from(`^${workspace}/`),
  to: { path: '^(contract|server|sdk|simulator|web|bench|e2e|tools)/', pathNot: `^${anyOf([workspace, ...allowed])}/` },
});

const workspaceRules = [
  only('contract-alone', 'contract', [], 'contract/ is below everything'),
  only('server-workspaces', 'server', ['contract'], 'server/ imports contract/ alone'),
  only('sdk-workspaces', 'sdk', ['contract'], 'sdk/ imports contract/ alone'),
  only('simulator-workspaces', 'simulator', ['contract', 'sdk'], 'simulator/ speaks through sdk/'),
  only('web-workspaces', 'web', ['contract'], 'web/ imports contract/ alone'),
  only(
    'bench-workspaces',
    'bench',
    ['contract', 'sdk', 'server', 'simulator', 'e2e', 'tools'],
    'bench/ measures the rest, started as it is',
  ),
  only('tools-workspaces', 'tools', [], 'tools/ stand alone: they run before anything is installed'),
  {
    name: 'contract-in-the-browser',
    comment: 'contract/ runs in browsers: nothing of Node',
    severity: 'error',
    from: from('^contract/'),
    to: { dependencyTypes: ['core'] },
  },
];

const generalRules = [
  {
    name: 'no-cycles',
    comment: 'a cycle hides which file stands on which',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'resolvable',
    comment: 'an import that leads nowhere, or to a package that package.json does not name',
    severity: 'error',
    from: { path: '^(contract|server|sdk|simulator|bench|e2e|tools)/' },
    to: { couldNotResolve: true },
  },
  {
    name: 'declared',
    comment: 'a package must be in the dependencies of the workspace that imports it',
    severity: 'error',
    from: from('^(contract|server|sdk|simulator|web)/src/'),
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
  {
    name: 'tests-stay-outside',
    comment: 'what is delivered imports no test',
    severity: 'error',
    from: from('^(contract|server|sdk|simulator|web)/'),
    to: { path: String.raw`\.(unit|int|e2e|engines)\.test\.ts$` },
  },
];

export default {
  forbidden: [...layerRules, ...driverRules, ...doorRules, ...workspaceRules, ...generalRules],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: ['/dist/', '/\\.quasar/', '^web/public/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.vue', '.json'],
    },
    builtInModules: { add: ['node:sqlite', 'node:test', 'sqlite'] },
  },
};
