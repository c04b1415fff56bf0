/** Keeps the layers apart: each folder of `src` may import what the table says and nothing else. */
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  globalNames,
  isPure,
  isTest,
  lineOf,
  parse,
  readSources,
  type Sources,
  type SyntaxNode,
  walk,
} from './sources.ts';

/**
 * Layer → the layers that it may import. A layer is a folder of `src`; `host/host.ts` counts as one
 * of its own, so that policies see the contract and no implementation.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  params: ['base'],
  core: ['base', 'params'],
  'host/host.ts': ['base', 'params'],
  host: ['base', 'params', 'host/host.ts'],
  ops: ['base', 'params', 'core', 'host/host.ts', 'host'],
  kernel: ['base', 'params', 'host/host.ts', 'host'],
  monitor: ['base', 'params', 'core', 'host/host.ts', 'host', 'ops', 'kernel'],
  policies: ['base', 'params', 'host/host.ts'],
  record: ['base', 'params'],
  analysis: ['base', 'params', 'record'],
  control: [
    ...['base', 'params', 'host/host.ts', 'host'],
    ...['monitor', 'policies', 'record', 'analysis'],
  ],
  client: ['base', 'params'],
};
const belowService = Object.keys(allowed);
const belowCli = [...belowService, 'service', 'testing'];
const rules: typeof allowed = {
  ...allowed,
  service: belowService,
  testing: belowService,
  cli: belowCli,
  // Of each only what runs in a browser.
  web: [
    ...['base', 'params', 'core', 'policies', 'record', 'analysis', 'client'],
    ...['host/host.ts', 'host', 'ops', 'monitor'],
  ],
  'index.ts': [...belowCli, 'cli'],
};

const nodeGlobals = new Set(['process', 'Buffer', 'require', 'global', 'setImmediate']);

interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone once types are stripped. */
  readonly typeOnly: boolean;
}

/** The layer of a file: a folder of `src`, or `web`. */
function layerOf(file: string): string {
  const [top, first = '', second] = file.split('/');
  if (top === 'web') return 'web';
  return first === 'host' && second === 'host.ts' ? 'host/host.ts' : first;
}

function importsOf(source: string, tree: SyntaxNode): Import[] {
  const found: Import[] = [];
  walk(tree, (node) => {
    const from = node['source'] as SyntaxNode | null | undefined;
    if (typeof from?.['value'] !== 'string') return;
    const typeOnly =
      node.type === 'TSImportType' ||
      node['importKind'] === 'type' ||
      node['exportKind'] === 'type';
    found.push({ specifier: from['value'], line: lineOf(source, node.start), typeOnly });
  });
  return found;
}

/** Whether nothing of Node may be behind a file. */
function runsInBrowser(file: string): boolean {
  return isPure(file) || (file.startsWith('web/') && !file.endsWith('.config.ts'));
}

/** Every breach of the rules in `sources` (paths below `src` or `web`), as sentences. */
function breaches(sources: Sources): string[] {
  const found: string[] = [];
  const loads = new Map<string, string[]>();
  for (const [file, source] of sources) {
    if (isTest(file)) continue;
    const tree = parse(source, file);
    const imports = importsOf(source, tree);
    for (const one of imports) {
      const why = reason(file, one);
      if (why) found.push(`${file}:${one.line} imports ${one.specifier}: ${why}`);
    }
    const values = imports.filter(({ specifier, typeOnly }) => !typeOnly && isRelative(specifier));
    loads.set(
      file,
      values.map(({ specifier }) => resolve(file, specifier)),
    );
    if (!runsInBrowser(file)) continue;
    for (const { name, start } of globalNames(tree)) {
      if (!nodeGlobals.has(name)) continue;
      found.push(`${file}:${lineOf(source, start)} uses ${name}: this folder runs in browsers too`);
    }
  }
  const circle = cycle(loads);
  if (circle) found.push(`${circle.join(' → ')}: files that import each other in a circle`);
  return found;
}

/** Why an import is not allowed, or null. */
function reason(file: string, { specifier, typeOnly }: Import): string | null {
  if (!isRelative(specifier)) {
    const ofNode = specifier.startsWith('node:') || specifier === 'koffi';
    return ofNode && runsInBrowser(file) ? 'this folder runs in browsers too' : null;
  }
  const target = resolve(file, specifier);
  if (!target.startsWith('src/') && layerOf(file) !== 'web') return 'it is outside of src';
  if (isTest(target)) return 'it is a test';
  const from = layerOf(file);
  const to = layerOf(target);
  const layers = rules[from];
  if (!layers) return `src/${from} is not in the table of layers in test/imports.test.ts`;
  if (from !== to && !layers.includes(to)) {
    return `${from} may import ${layers.join(', ') || 'nothing'}`;
  }
  if (runsInBrowser(file) && !runsInBrowser(target) && !typeOnly) {
    return 'this folder runs in browsers too, and that file does not';
  }
  return null;
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

function resolve(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

/** One circle in a graph, its first node again at the end, or null. */
function cycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();
  const visit = (node: string, path: readonly string[]): string[] | null => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return null;
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next, [...path, node]);
      if (circle) return circle;
    }
    done.add(node);
    return null;
  };
  for (const node of graph.keys()) {
    const circle = visit(node, []);
    if (circle) return circle;
  }
  return null;
}

describe('import directions', () => {
  test('every import of src follows the table', () => {
    const sources = readSources(['src', 'web'], /\.tsx?$/);
    expect(sources.size).toBeGreaterThan(10);
    expect(breaches(sources)).toEqual([]);
  });

  test('the table itself has no circle', () => {
    expect(cycle(new Map(Object.entries(rules)))).toBeNull();
  });
});

describe('the check', () => {
  const check = (file: string, source: string, others: Record<string, string> = {}) =>
    breaches(new Map(Object.entries({ [file]: source, ...others })));

  test('lets through what the table allows', () => {
    expect(check('src/core/a.ts', "import { b } from '../params/b.ts';\nb();")).toEqual([]);
    expect(check('src/core/a.ts', "import { b } from './schemes/b.ts';\nb();")).toEqual([]);
    expect(check('src/host/linux/a.ts', "import fs from 'node:fs';\nfs.statSync('.');")).toEqual(
      [],
    );
    expect(check('src/ops/sim/a.ts', "import '../three-regions.ts';")).toEqual([]);
    expect(check('src/core/a.test.ts', "import '../cli/main.ts';")).toEqual([]);
  });

  test.each([
    [
      "import { b } from '../core/b.ts';",
      'src/params/a.ts:1 imports ../core/b.ts: params may import base',
    ],
    [
      "export * from '../core/b.ts';",
      'src/params/a.ts:1 imports ../core/b.ts: params may import base',
    ],
    [
      "import type { B } from '../core/b.ts';",
      'src/params/a.ts:1 imports ../core/b.ts: params may import base',
    ],
    [
      "export type B = import('../core/b.ts').B;",
      'src/params/a.ts:1 imports ../core/b.ts: params may import base',
    ],
    [
      "\nawait import('../core/b.ts');",
      'src/params/a.ts:2 imports ../core/b.ts: params may import base',
    ],
    ["import '../new/b.ts';", 'src/params/a.ts:1 imports ../new/b.ts: params may import base'],
    ["import './b.test.ts';", 'src/params/a.ts:1 imports ./b.test.ts: it is a test'],
    [
      "import '../../bench/b.ts';",
      'src/params/a.ts:1 imports ../../bench/b.ts: it is outside of src',
    ],
    ["import 'node:fs';", 'src/params/a.ts:1 imports node:fs: this folder runs in browsers too'],
    ['process.exit();', 'src/params/a.ts:1 uses process: this folder runs in browsers too'],
    [
      'export const a = [Buffer.alloc(1)];',
      'src/params/a.ts:1 uses Buffer: this folder runs in browsers too',
    ],
  ])('finds %j', (source, breach) => {
    expect(check('src/params/a.ts', source)).toEqual([breach]);
  });

  test('finds a folder that the table does not know', () => {
    expect(check('src/new/a.ts', "import '../base/b.ts';")).toEqual([
      'src/new/a.ts:1 imports ../base/b.ts: src/new is not in the table of layers in test/imports.test.ts',
    ]);
  });

  test('finds Node behind a pure folder, but not behind its types', () => {
    expect(check('src/ops/sim/a.ts', "import '../../host/linux/b.ts';")).toEqual([
      'src/ops/sim/a.ts:1 imports ../../host/linux/b.ts: ' +
        'this folder runs in browsers too, and that file does not',
    ]);
    expect(check('src/ops/sim/a.ts', "import type { B } from '../../host/linux/b.ts';")).toEqual(
      [],
    );
  });

  test('lets policies see the contract of hosts but no host', () => {
    expect(check('src/policies/a.ts', "import type { B } from '../host/host.ts';")).toEqual([]);
    expect(check('src/policies/a.ts', "import '../host/sim/b.ts';")).toEqual([
      'src/policies/a.ts:1 imports ../host/sim/b.ts: policies may import base, params, host/host.ts',
    ]);
  });

  test('lets the dashboard see what runs in browsers, and nothing else', () => {
    expect(check('web/a/b.tsx', "import '../../src/monitor/simulation.ts';")).toEqual([]);
    expect(check('web/a/b.tsx', "import './c.css';")).toEqual([]);
    expect(check('web/a/b.tsx', "import '../../src/service/c.ts';")[0]).toMatch(/: web may import/);
    expect(check('web/a/b.tsx', "import '../../src/monitor/engine-monitor.ts';")).toEqual([
      'web/a/b.tsx:1 imports ../../src/monitor/engine-monitor.ts: ' +
        'this folder runs in browsers too, and that file does not',
    ]);
  });

  test('takes a name of the file itself for what it is', () => {
    const source = 'for (const process of list) process.age += 1;\nf({ process: 1 }, x.process);';
    expect(check('src/policies/a.ts', source)).toEqual([]);
  });

  test('finds files that load each other, but not those that only share types', () => {
    const back = { 'src/core/b.ts': "import './a.ts';" };
    expect(check('src/core/a.ts', "import './b.ts';", back)).toEqual([
      'src/core/a.ts → src/core/b.ts → src/core/a.ts: files that import each other in a circle',
    ]);
    expect(check('src/core/a.ts', "import type { B } from './b.ts';", back)).toEqual([]);
  });
});
