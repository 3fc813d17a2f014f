/**
 * The arrows of the architecture. `rooms` lists every room under `src/` with the rooms it may import besides itself;
 * an import that the table does not name is an error, whether of a value or of a type, and so is a cycle.
 */

const chain = ['util', 'core', 'onnx', 'ops'];
const portable = [
  ...chain,
  'random',
  'nn',
  'losses',
  'processes',
  'optim',
  'runtime',
  'data',
  'contract',
  'metrics',
  'inference',
  'train',
  'models',
];
/** Everything portable above `room` in the list, except the rooms named. */
const above = (room, ...except) => portable.slice(0, portable.indexOf(room)).filter((r) => !except.includes(r));

const rooms = {
  util: [],
  core: above('core'),
  onnx: above('onnx'),
  ops: above('ops'),
  random: above('random'),
  nn: above('nn'),
  losses: above('losses', 'nn'),
  processes: above('processes', 'nn'),
  optim: above('optim'),
  runtime: ['util', 'core', 'onnx'],
  data: above('data'),
  // What a model is: seen by those that run models and by the models themselves.
  contract: ['util', 'core', 'random', 'nn', 'optim', 'data', 'ops', 'losses'],
  metrics: above('metrics'),
  // What a trained model is used for: sampling, latent tools, evaluation, export.
  inference: above('inference'),
  train: above('train'),
  models: [...chain, 'random', 'nn', 'losses', 'processes', 'optim', 'data', 'contract'],
  web: portable,
  node: portable,
  server: [...portable, 'node'],
  // The command line stands on the public surface: the node room, the server and `publicFiles`.
  cli: ['node', 'server'],
};

/** The public surface of the portable rooms, and the rooms that may import it, file by file. */
const entry = '^src/index[.]ts$';
const modelList = '^src/models/index[.]ts$';
const publicFiles = { web: [entry], node: [entry], server: [entry], cli: [entry, modelList] };
const inRooms = (names) => `^src/(${names.join('|')})/`;

/** Files of no room; `globals.d.ts` declares what every JavaScript host has. */
const homeless = { path: '^src/', pathNot: [inRooms(Object.keys(rooms)), entry, '^src/globals[.]d[.]ts$'] };

/** Packages and built-ins that belong to some rooms only. */
const owners = [
  ['node-built-ins', ['node', 'cli', 'server'], { dependencyTypes: ['core'] }],
  ['onnxruntime-node', ['node'], { path: 'node_modules/onnxruntime-node/' }],
  ['onnxruntime-web', ['web'], { path: 'node_modules/onnxruntime-web/' }],
];

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, seen]) => ({
      name: `arrows-of-${room}`,
      comment: `src/${room} may import ${seen.length === 0 ? 'no other room' : seen.join(', ')}.`,
      severity: 'error',
      from: { path: inRooms([room]) },
      to: {
        path: '^src/',
        pathNot: [inRooms([room, ...seen]), ...(publicFiles[room] ?? [])],
      },
    })),
    {
      name: 'arrows-of-index',
      comment: 'The public entry gathers the portable rooms.',
      severity: 'error',
      from: { path: entry },
      to: { path: '^src/', pathNot: inRooms(portable) },
    },
    ...[
      [{ ...homeless, orphan: true }, {}],
      [homeless, {}],
      [{}, homeless],
    ].map(([from, to], i) => ({
      name: `rooms-only-${i}`,
      comment: 'Every file under src/ lies in a room of the table, the public entry apart.',
      severity: 'error',
      from,
      to,
    })),
    {
      name: 'util-imports-nothing',
      severity: 'error',
      from: { path: inRooms(['util']) },
      to: { pathNot: inRooms(['util']) },
    },
    ...owners.map(([name, owning, to]) => ({
      name: `${name}-in-its-room`,
      comment: `Only ${owning.join(', ')} may import it: the rest of src/ runs anywhere.`,
      severity: 'error',
      from: { path: '^src/', pathNot: inRooms(owning) },
      to,
    })),
    {
      name: 'nothing-outside-src',
      comment: 'src/ imports its own files, packages and built-ins; not tests, not build outputs, not itself by name.',
      severity: 'error',
      from: { path: '^src/' },
      to: { pathNot: ['^src/', 'node_modules/'], dependencyTypesNot: ['core'], couldNotResolve: false },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-development-packages',
      comment: 'What src/ imports is a dependency of the published package.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
