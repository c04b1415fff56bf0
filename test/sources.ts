/**
 * The project's files as the guards in this folder look at them: texts by path, and syntax trees.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAst } from 'vitest/node';

/** Root of the project. */
export const projectRoot: string = path.join(import.meta.dirname, '..');

/** Texts by path from the project's root, always with `/`. */
export type Sources = ReadonlyMap<string, string>;

/** A node of an ESTree syntax tree, with the TypeScript nodes in it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [property: string]: unknown;
}

/** Reads the files below `folders` (or single files) whose path matches `pattern`. */
export function readSources(folders: readonly string[], pattern: RegExp): Sources {
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const file of filesIn(folder)) {
      if (pattern.test(file)) sources.set(file, readFileSync(path.join(projectRoot, file), 'utf8'));
    }
  }
  return sources;
}

function filesIn(folder: string): string[] {
  const full = path.join(projectRoot, folder);
  try {
    return readdirSync(full, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(projectRoot, path.join(entry.parentPath, entry.name)))
      .sort();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTDIR') return [folder];
    if (code === 'ENOENT') return [];
    throw error;
  }
}

/** Whether a path is that of a test: tests are free of most rules. */
export function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file) || file.startsWith('test/');
}

/**
 * Whether a file of `src` runs in a browser too: nothing of Node, not even by way of another file,
 * and time and chance are passed in. What implementations of `host` or `ops` share is among them.
 */
export function isPure(file: string): boolean {
  const ofMonitor = /^src\/monitor\/([\w-]+)\.ts$/.exec(file)?.[1];
  return purePlaces.test(file) || (ofMonitor !== undefined && pureMonitorFiles.includes(ofMonitor));
}

const purePlaces =
  /^src\/(base|params|core|policies|record|analysis|client|(host|ops)\/(sim|replay))\/|^src\/(host|ops)\/[\w-]+\.ts$/;

/** What a simulation is made of; the rest of `monitor` has threads and files. */
const pureMonitorFiles: readonly string[] = [
  'cost-ceiling',
  'engine-driver',
  'follow-targets',
  'monitor',
  'monitor-error',
  'monitoring-set',
  'simulated-set',
  'simulation',
  'virtual-run',
];

/** Parses TypeScript or JavaScript; the error of wrong syntax names the file. */
export function parse(source: string, file: string): SyntaxNode {
  try {
    const lang = file.endsWith('.tsx') ? 'tsx' : 'ts';
    return parseAst(source, { lang }) as unknown as SyntaxNode;
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`);
  }
}

/** Visits `node` and every node below it, parents first. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | null) => void,
  parent: SyntaxNode | null = null,
): void {
  visit(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, node);
    }
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The line number of an offset, from 1. */
export function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}

/**
 * Names that a file reads but nowhere declares, with where: its globals. A name that is declared in
 * any scope of the file counts as its own, which errs on the quiet side.
 */
export function globalNames(tree: SyntaxNode): { name: string; start: number }[] {
  const declared = new Set<string>();
  const read: { name: string; start: number }[] = [];
  walk(tree, (node, parent) => {
    for (const pattern of patternsOf(node)) addNames(pattern, declared);
    if (node.type === 'Identifier' && !isPropertyName(node, parent)) {
      read.push({ name: node['name'] as string, start: node.start });
    }
  });
  return read.filter(({ name }) => !declared.has(name));
}

/** What a declaration binds: `const id`, `function id(params)`, `catch (param)`, `import local`. */
function patternsOf(node: SyntaxNode): unknown[] {
  const bound = [node['id'], node['local'], node['param']];
  return Array.isArray(node['params']) ? [...bound, ...node['params']] : bound;
}

/** Adds the names that a binding pattern brings: `a`, `{ b: [c] }`, `d = 1`, `...e`. */
function addNames(pattern: unknown, names: Set<string>): void {
  if (!isNode(pattern)) return;
  if (pattern.type === 'Identifier') names.add(pattern['name'] as string);
  else if (pattern.type === 'ObjectPattern' || pattern.type === 'ArrayPattern') {
    const parts = (pattern['properties'] ?? pattern['elements']) as unknown[];
    for (const part of parts) {
      addNames(isNode(part) && part.type === 'Property' ? part['value'] : part, names);
    }
  } else if (pattern.type === 'AssignmentPattern') addNames(pattern['left'], names);
  else if (pattern.type === 'RestElement') addNames(pattern['argument'], names);
}

function isPropertyName(node: SyntaxNode, parent: SyntaxNode | null): boolean {
  if (!parent || parent['computed'] === true) return false;
  return parent['property'] === node || (parent['key'] === node && parent['shorthand'] !== true);
}
