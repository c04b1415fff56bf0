/**
 * House rules that no formatter knows: names, sizes, doc comments, and what pure code must not do.
 */
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isPure, isTest, lineOf, parse, readSources, type SyntaxNode, walk } from './sources.ts';

const maxFileLines = 500;
const maxFunctionLines = 70;
const maxLineLength = 100;
/** From this length on, a string or an address is not asked to be broken. */
const longPiece = 40;

/** Where time comes from. */
const clockFile = 'src/base/clock.ts';
const impureMembers = new Set(['Math.random', 'Date.now', 'performance.now']);
const impureCalls = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']);

/** Places of one machine, and hosts that only a package manager should name. */
const bannedWords: readonly RegExp[] = [
  /(?<![\w.])\/(?:work|root)\//i,
  /registry\.[a-z0-9-]+\.[a-z]+/i,
  /\b(?:deb|snapshot)\.debian\.org/i,
  /\bproxy\.golang\.org/i,
];

function fileBreaches(file: string, source: string): string[] {
  const found: string[] = [];
  const name = posix.basename(file).replace(/(\.test|\.guest|\.d|\.config)?\.[a-z]+$/, '');
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) found.push(`${file}: name it in kebab-case`);
  if (/^(utils?|helpers?|misc|common)$/.test(name)) {
    found.push(`${file}: name it after its one concept`);
  }
  const lines = source.trimEnd().split('\n');
  if (lines.length > maxFileLines) {
    found.push(`${file}: ${lines.length} lines; more than ${maxFileLines} are two concepts`);
  }
  lines.forEach((line, index) => {
    if (shortened(line).length > maxLineLength) {
      found.push(`${file}:${index + 1}: ${line.length} characters; break it at ${maxLineLength}`);
    }
  });
  return found;
}

/**
 * The line without addresses, long strings and regular expressions, which would be hard to break.
 */
function shortened(line: string): string {
  return line
    .replace(/https?:\S+/g, '')
    .replace(/(['"`])((?:(?!\1).)*)\1/g, (all, _quote, text) =>
      text.length < longPiece ? all : '',
    )
    .replace(/\/(?:[^/\\\s]|\\.)+\//g, (all) => (all.length < longPiece ? all : ''));
}

function wordBreaches(file: string, source: string): string[] {
  const found: string[] = [];
  source.split('\n').forEach((line, index) => {
    const banned = bannedWords.map((word) => word.exec(line)?.[0]).find((hit) => hit);
    if (banned) found.push(`${file}:${index + 1}: "${banned}" belongs to one machine, not here`);
    if (/\b(TO[D]O|FIX[M]E)\b/.test(line)) {
      found.push(`${file}:${index + 1}: finish it, or write down what is missing where users look`);
    }
  });
  return found;
}

function syntaxBreaches(file: string, source: string): string[] {
  const found: string[] = [];
  const tree = parse(source, file);
  const say = (node: SyntaxNode, sentence: string) =>
    found.push(`${file}:${lineOf(source, node.start)}: ${sentence}`);
  walk(tree, (node, parent) => {
    if (node.type === 'TSEnumDeclaration') say(node, 'a union of strings instead of an enum');
    if (node.type === 'TSModuleDeclaration') say(node, 'a module instead of a namespace');
    if (isPure(file) && file !== clockFile && isImpure(node, source)) {
      say(
        node,
        `${source.slice(node.start, node.end).split('\n')[0]}: time and chance are passed in`,
      );
    }
    if (!isCode(file)) return;
    const lines = lineOf(source, node.end) - lineOf(source, node.start) + 1;
    if (isFunction(node, parent) && lines > maxFunctionLines) {
      say(node, `a function of ${lines} lines; more than ${maxFunctionLines} are two functions`);
    }
  });
  if (isCode(file)) {
    for (const [node, name] of undocumented(file, source, tree)) {
      say(node, `${name} is exported and has no doc comment`);
    }
  }
  return found;
}

/** What is held to the rules about functions and doc comments. */
function isCode(file: string): boolean {
  return file.startsWith('src/') || file.startsWith('web/');
}

function isImpure(node: SyntaxNode, source: string): boolean {
  if (node.type === 'MemberExpression') {
    return impureMembers.has(source.slice(node.start, node.end));
  }
  const callee = node['callee'] as SyntaxNode | undefined;
  if (node.type === 'NewExpression') {
    return callee?.['name'] === 'Date' && (node['arguments'] as unknown[]).length === 0;
  }
  return node.type === 'CallExpression' && impureCalls.has(callee?.['name'] as string);
}

function isFunction(node: SyntaxNode, parent: SyntaxNode | null): boolean {
  if (node.type === 'FunctionDeclaration' || node.type === 'MethodDefinition') return true;
  if (node.type === 'ArrowFunctionExpression') return true;
  return node.type === 'FunctionExpression' && parent?.type !== 'MethodDefinition';
}

const documented = new Set([
  'FunctionDeclaration',
  'TSDeclareFunction',
  'ClassDeclaration',
  'TSInterfaceDeclaration',
]);

/** Exported functions, classes and interfaces without a doc comment right in front. */
function undocumented(file: string, source: string, tree: SyntaxNode): [SyntaxNode, string][] {
  const seen = new Set<string>();
  const found: [SyntaxNode, string][] = [];
  for (const node of tree['body'] as SyntaxNode[]) {
    if (!node.type.startsWith('Export')) continue;
    const declaration = node['declaration'] as SyntaxNode | null | undefined;
    if (!declaration || !documented.has(declaration.type)) continue;
    const name = ((declaration['id'] as SyntaxNode | null)?.['name'] ?? 'the default') as string;
    // Every command of the CLI has the same `register`, and a comment serves all overloads at once.
    const excused = (file.startsWith('src/cli/') && name === 'register') || seen.has(name);
    seen.add(name);
    if (!excused && !endsWithDocComment(source.slice(0, node.start))) found.push([node, name]);
  }
  return found;
}

function endsWithDocComment(text: string): boolean {
  const before = text.trimEnd();
  return (
    before.endsWith('*/') && before.lastIndexOf('/**') > before.lastIndexOf('*/', before.length - 3)
  );
}

function breaches(file: string, source: string): string[] {
  const found = wordBreaches(file, source);
  if (!/\.(tsx?|js)$/.test(file)) return found;
  found.push(...fileBreaches(file, source));
  if (!isTest(file)) found.push(...syntaxBreaches(file, source));
  return found;
}

const texts = readSources(
  ['src', 'web', 'test', 'bench', 'bin', 'tools', 'docs', 'examples', '.ci', '.github'],
  /^(?!test\/conformance\/vectors|tools\/node\/node_modules).*\.(tsx?|js|css|c|md|ya?ml|json|masim)$|^\.ci\//,
);
const rootTexts = readSources(
  ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'NOTICE', 'package.json'],
  /./,
);

describe('the project', () => {
  test.each([...new Set([...texts.keys()].map(folderOf))])('%s is tidy', (folder) => {
    const files = [...texts].filter(([file]) => folderOf(file) === folder);
    expect(files.flatMap(([file, source]) => breaches(file, source))).toEqual([]);
  });

  test('the pages at the root are tidy', () => {
    expect([...rootTexts].flatMap(([file, source]) => breaches(file, source))).toEqual([]);
  });

  function folderOf(file: string): string {
    const [first = '', second = ''] = file.split('/');
    return ['src', 'web'].includes(first) && second.indexOf('.') < 0 ? `${first}/${second}` : first;
  }
});

describe('the checks', () => {
  const documentedCode = '/** Why. */\nexport function a(): void {}\n';

  test('let good code through', () => {
    expect(breaches('src/core/a-b.ts', documentedCode)).toEqual([]);
    expect(breaches('src/base/clock.ts', 'const now = performance.now();\n')).toEqual([]);
    expect(breaches('src/cli/report.ts', 'export function register(): void {}\n')).toEqual([]);
    const overloads = `/** Why. */\nexport function a(b: 1): void;\nexport function a(): void {}\n`;
    expect(breaches('src/core/a.ts', overloads)).toEqual([]);
  });

  test.each([
    ['src/core/regionTable.ts', '', 'name it in kebab-case'],
    ['src/core/utils.ts', '', 'name it after its one concept'],
    ['src/core/a.ts', '// x\n'.repeat(501), '501 lines; more than 500 are two concepts'],
    ['src/core/a.ts', `// ${'ab '.repeat(33)}c\n`, '1: 103 characters; break it at 100'],
    ['src/core/a.ts', `// ${'TO'}DO: later\n`, 'finish it, or write down what is missing'],
    ['docs/a.md', `see /${'work'}/main\n`, 'belongs to one machine, not here'],
    ['docs/a.md', `from https://registry.${'npmjs'}.org/a\n`, 'belongs to one machine, not here'],
    ['src/core/a.ts', 'enum E { A }\n', 'a union of strings instead of an enum'],
    ['src/core/a.ts', 'namespace N { let a = 1; }\n', 'a module instead of a namespace'],
    ['src/core/a.ts', 'const a = Math.random();\n', 'Math.random: time and chance are passed in'],
    ['src/core/a.ts', 'const a = Date.now;\n', 'Date.now: time and chance are passed in'],
    ['src/core/a.ts', 'const a = new Date();\n', 'new Date(): time and chance are passed in'],
    ['src/ops/sim/a.ts', 'setTimeout(f, 1);\n', 'setTimeout(f, 1): time and chance are passed in'],
    ['src/core/a.ts', `const a = () => {\n${'a();\n'.repeat(69)}};\n`, 'a function of 71 lines'],
    ['src/core/a.ts', 'export class A {}\n', 'A is exported and has no doc comment'],
    [
      'src/core/a.ts',
      '/* Why. */\nexport interface A {}\n',
      'A is exported and has no doc comment',
    ],
    [
      'src/core/a.ts',
      `${documentedCode}export class B {}\n`,
      'B is exported and has no doc comment',
    ],
  ])('find what is wrong in %s: $2', (file, source, sentence) => {
    const found = breaches(file, source);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(sentence);
  });

  test('leave shells their timers, and dates that are given', () => {
    expect(breaches('src/monitor/a.ts', 'setTimeout(f, Date.now());\n')).toEqual([]);
    expect(breaches('src/analysis/a.ts', 'const a = new Date(timeUs / 1000);\n')).toEqual([]);
  });
});
