/** What users install: pinned dependencies with reasons, and a package that works once built. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from './sources.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, unknown>>;
  readonly workspaces: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function read(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

function readManifest(folder: string): Manifest {
  const empty = { dependencies: {}, optionalDependencies: {}, devDependencies: {} };
  return { ...empty, ...JSON.parse(read(`${folder}/package.json`)) };
}

const manifest = readManifest('.');

describe('package.json', () => {
  test('pins every dependency exactly, in workspaces too', () => {
    for (const folder of ['.', ...manifest.workspaces]) {
      const { dependencies, optionalDependencies, devDependencies } = readManifest(folder);
      const all = { ...dependencies, ...optionalDependencies, ...devDependencies };
      for (const [name, version] of Object.entries(all)) {
        expect(version, `${name} of ${folder}`).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      }
    }
  });

  test('asks of users only what is allowed', () => {
    expect(Object.keys(manifest.dependencies)).toEqual([
      '@hono/node-server',
      '@hono/zod-openapi',
      'commander',
      'hono',
      'hyparquet-writer',
      'pino',
      'prom-client',
      'yaml',
      'zod',
    ]);
    expect(Object.keys(manifest.optionalDependencies)).toEqual(['koffi']);
  });

  test('has a reason for each dependency in docs/design.md', () => {
    const design = read('docs/design.md');
    const { dependencies, optionalDependencies, devDependencies } = manifest;
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
    expect(names.filter((name) => !design.includes(name))).toEqual([]);
  });

  test('has a lock file for every platform, without which npm ci refuses', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };
    const missing = Object.values(packages)
      .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
      .filter((name) => !Object.keys(packages).some((key) => key.endsWith(`node_modules/${name}`)));
    expect(missing).toEqual([]);
  });

  test('runs no script at installation', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare'];
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  test('says Apache-2.0, as the licence file does', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(read('LICENSE')).toMatch(/Apache License\s+Version 2\.0/);
    expect(read('NOTICE')).toContain('Apache License, Version 2.0');
    expect(manifest.files).toContain('NOTICE');
  });
});

describe('the built package', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'thermocline-package-'));
    const tsc = path.join(projectRoot, 'node_modules/typescript/bin/tsc');
    node(tsc, '-p', path.join(projectRoot, 'tsconfig.build.json'), '--outDir', `${folder}/dist`);
    for (const file of ['package.json', 'bin', 'docs', 'examples', 'CHANGELOG.md', 'NOTICE']) {
      cpSync(path.join(projectRoot, file), path.join(folder, file), { recursive: true });
    }
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs Node.js and gives its output; what went wrong is in the error. */
  function node(...args: string[]): string {
    const run = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`node ${args.join(' ')}\n${run.stdout}${run.stderr}`);
    return run.stdout;
  }

  test('has nothing that publint finds wrong', async () => {
    const { messages } = await publint({ pkgDir: folder, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, { ...manifest }))).toEqual([]);
  });

  test('runs its command', () => {
    const bin = path.join(folder, manifest.bin['thermocline']!);
    expect(node(bin, '--version').trim()).toBe(manifest.version);
  });

  test('gives every entry point', () => {
    const names = Object.keys(manifest.exports).filter((name) => !name.endsWith('.json'));
    for (const name of names) {
      const specifier = path.posix.join(manifest.name, name);
      const code = `console.log(Object.keys(await import('${specifier}')).length)`;
      expect(Number(node('--input-type=module', '-e', code)), specifier).toBeGreaterThan(0);
    }
  });
});
