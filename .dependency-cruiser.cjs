/**
 * The borders of architecture.md, checked by `npm run borders`.
 *
 * domain <- all; engine <- tasks <- host, worker, cli, evaluation <- worker, cli; only the composition roots and
 * shell's own rooms import electron; the renderer imports domain and nothing else of src-main.
 */
const room = (name) => `^src-main/${name}/`;
const tests = '\\.(?:test|fixture)\\.ts$';

/** Rooms of src-main that each room may import, besides itself and domain. */
const allowed = {
  domain: [],
  shell: [],
  vault: [],
  library: ['offline'],
  offline: [],
  engine: [],
  tasks: ['engine'],
  documents: ['offline'],
  convert: ['library', 'offline', 'shell'],
  evaluation: ['tasks', 'engine', 'documents'],
  host: ['tasks', 'engine', 'library', 'offline', 'shell'],
  worker: ['vault', 'documents', 'tasks', 'engine', 'convert', 'evaluation', 'offline', 'shell'],
  cli: ['engine', 'tasks', 'library', 'documents', 'convert', 'evaluation', 'offline'],
};

const roomRules = Object.entries(allowed).map(([from, to]) => ({
  name: `room-${from}`,
  comment: `${from} may import only: domain${to.map((name) => `, ${name}`).join('')}`,
  severity: 'error',
  from: { path: room(from), pathNot: tests },
  to: {
    path: '^src-(main|renderer)/',
    pathNot: `^src-main/(${[from, 'domain', ...to].join('|')})/`,
  },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'shell-only-for-supervisors',
      comment: 'of host, worker and convert only the supervisors run in main, beside the shell',
      severity: 'error',
      from: { path: '^src-main/(host|worker|convert)/', pathNot: ['/supervisor\\.ts$', tests] },
      to: { path: room('shell') },
    },
    {
      name: 'domain-is-pure',
      comment:
        'domain runs anywhere: no Node, DOM, Electron; only zod, lexicons and schemas, which are data',
      severity: 'error',
      from: { path: room('domain'), pathNot: [tests, '\\.fixture\\.ts$'] },
      to: {
        pathNot: [
          '^src-main/domain/',
          '^resources/(lexicons|schemas)/[^/]+\\.json$',
          '(^|/)node_modules/zod/',
          '^zod$',
        ],
      },
    },
    {
      name: 'tasks-are-pure',
      comment: 'tasks know the engine as an interface; they touch no Node module',
      severity: 'error',
      from: { path: room('tasks'), pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'tasks-see-only-the-interface-of-engine',
      severity: 'error',
      from: { path: room('tasks'), pathNot: tests },
      to: { path: room('engine'), pathNot: '^src-main/engine/language-model\\.ts$' },
    },
    {
      name: 'electron-only-in-shell-and-roots',
      severity: 'error',
      from: {
        path: '^src-main/',
        pathNot: [
          '^src-main/(main|preload)\\.ts$',
          room('shell'),
          '^src-main/(host|worker|convert)/supervisor\\.ts$',
        ],
      },
      to: { path: ['(^|/)node_modules/electron/', '^electron(/|$)'] },
    },
    {
      name: 'llama-only-in-engine',
      severity: 'error',
      from: { path: '^src-(main|renderer)/', pathNot: room('engine') },
      to: { path: ['(^|/)node_modules/node-llama-cpp/', '^node-llama-cpp$'] },
    },
    {
      name: 'renderer-sees-only-domain',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-main/', pathNot: room('domain') },
    },
    {
      name: 'renderer-has-no-node',
      severity: 'error',
      from: { path: '^src-renderer/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'dexie-only-in-data',
      severity: 'error',
      from: { path: '^src-renderer/', pathNot: ['^src-renderer/data/', tests] },
      to: { path: ['(^|/)node_modules/dexie/', '^dexie$'] },
    },
    {
      name: 'features-keep-to-themselves',
      comment: "one feature imports another's index.ts, never its insides",
      severity: 'error',
      from: { path: '^src-renderer/features/([^/]+)/', pathNot: tests },
      to: {
        path: '^src-renderer/features/([^/]+)/',
        pathNot: ['^src-renderer/features/$1/', '/index\\.ts$'],
      },
    },
    {
      name: 'ui-knows-no-feature',
      severity: 'error',
      from: { path: '^src-renderer/(ui|data)/' },
      to: { path: '^src-renderer/features/' },
    },
    {
      name: 'source-does-not-import-tests-or-scripts',
      severity: 'error',
      from: { path: '^src-(main|renderer)/', pathNot: tests },
      to: { path: ['^(scripts|e2e)/', tests] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { pathNot: tests },
      // Of pdfjs-dist only the types have these paths.
      to: { couldNotResolve: true, pathNot: ['^electron$', '\\?raw$', '^pdfjs-dist/types/'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\?raw$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.svelte', '.json'],
    },
  },
};
