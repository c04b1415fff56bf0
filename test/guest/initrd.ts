/**
 * The file system that a guest starts with and keeps: busybox, Node, the kernel modules that the
 * tests need, the agent, and the packages that Thermocline depends on. The project itself comes
 * later, through the agent, so that a change of it needs no new boot.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { cached } from './cache.ts';
import { type CpioEntry, digestOf, withFolders, writeCpio } from './cpio.ts';
import type { Kernel } from './kernels.ts';
import { unxz } from './vmlinux.ts';

const here = import.meta.dirname;
const projectRoot = path.join(here, '../..');

/** Swap in memory, drivers of balloons and of memory, and the agent's channel. */
const wantedModules = [
  ...['zram', 'lz4', 'virtio_pci', 'virtio_console', 'virtio_balloon', 'virtio_mem'],
];
/** What packages carry for people and compilers, not for Node. */
const uselessFiles = /\.(?:[cm]?ts|map|md)$/;

/**
 * Makes the archive, or finds the same one in the cache.
 * @param more what a bench needs besides
 * @returns its path
 */
export async function makeInitrd(
  kernel: Kernel,
  busybox: string,
  more: readonly CpioEntry[] = [],
): Promise<string> {
  const entries = withFolders([
    ...more,
    file('init', { file: path.join(here, 'init.sh') }, true),
    file('bin/busybox', { file: busybox }, true),
    ...(await programEntries()),
    ...(await nodeEntries()),
    file('rig/agent.js', stripped('agent.ts')),
    file('rig/protocol.js', stripped('protocol.ts')),
    file('rig/package.json', Buffer.from('{"type":"module"}')),
    ...moduleEntries(kernel.modules),
    ...dependencyEntries(),
    // The program looks for what was built from the sources in `dist`; here they were built in
    // place.
    { path: 'app/dist', kind: 'link', to: 'src' },
    { path: 'usr/bin/thermocline', kind: 'link', to: '/app/bin/thermocline.js' },
  ]);
  return cached(`initrd/${kernel.release}-${digestOf(entries)}`, (temporary) =>
    writeCpio(temporary, entries),
  );
}

function file(name: string, content: Uint8Array | { file: string }, executable = false): CpioEntry {
  return { path: name, kind: 'file', executable, content };
}

/** A file of this folder as JavaScript. */
function stripped(name: string): Buffer {
  const source = stripTypeScriptTypes(readFileSync(path.join(here, name), 'utf8'));
  return Buffer.from(source.replace(/( from '\.\/[a-z-]+)\.ts'/g, "$1.js'"));
}

/** The processes that tests watch. */
async function programEntries(): Promise<CpioEntry[]> {
  const header = readFileSync(path.join(here, 'touch.h'));
  const compiled = ['workload', 'server'].map(async (name) => {
    const source = path.join(here, `${name}.c`);
    const hash = createHash('sha256').update(header).update(readFileSync(source));
    const program = await cached(
      `programs/${name}-${hash.digest('hex').slice(0, 16)}`,
      (temporary) => void execFileSync('cc', ['-O2', '-static', '-o', temporary, source]),
    );
    return file(`usr/bin/${name}`, { file: program }, true);
  });
  return await Promise.all(compiled);
}

/** The libraries that a program or a library of this machine needs, where it finds them. */
export function librariesOf(program: string): CpioEntry[] {
  return execFileSync('ldd', [program], { encoding: 'utf8' })
    .matchAll(/(?:=> )?(\/\S+) \(0x/g)
    .map(([, library]) => file(library!.slice(1), { file: library! }, true))
    .toArray();
}

/** The Node that runs this, and its libraries. */
async function nodeEntries(): Promise<CpioEntry[]> {
  const libraries = librariesOf(process.execPath);
  const { size, mtimeMs } = statSync(process.execPath);
  const name = `node-${process.versions.node}-${size}-${Math.trunc(mtimeMs)}`;
  // Debug symbols are a third of it, and all of it is kept in the guest's memory.
  const small = await cached(`programs/${name}`, (temporary) => {
    execFileSync('strip', ['-o', temporary, process.execPath]);
  });
  return [file('usr/bin/node', { file: small }, true), ...libraries];
}

/** The wanted modules after those that they need, and the order to load them in. */
function moduleEntries(folder: string): CpioEntry[] {
  const paths = new Map(
    globSync('kernel/**/*.ko{,.xz}', { cwd: folder }).map((name) => [
      moduleName(path.basename(name).replace(/\.ko(\.xz)?$/, '')),
      path.join(folder, name),
    ]),
  );
  const loaded = new Map<string, Buffer>();
  const load = (name: string) => {
    const source = paths.get(name);
    // What has no file is part of the kernel itself.
    if (!source || loaded.has(name)) return;
    const bytes = readFileSync(source);
    const module = source.endsWith('.xz') ? unxz(bytes) : bytes;
    for (const needed of dependenciesOf(module)) load(needed);
    loaded.set(name, module);
  };
  for (const name of wantedModules) load(name);
  return [
    file('modules/order', Buffer.from(`${[...loaded.keys()].join('\n')}\n`)),
    ...[...loaded].map(([name, module]) => file(`modules/${name}.ko`, module)),
  ];
}

/** Names with `-` and `_` are the same to the kernel. */
function moduleName(name: string): string {
  return name.replaceAll('-', '_');
}

/** Reads the module's own list of modules that it needs. */
function dependenciesOf(module: Buffer): string[] {
  const start = module.indexOf('\0depends=');
  if (start < 0) return [];
  const list = module.toString('latin1', start + 9, module.indexOf(0, start + 9));
  return list === '' ? [] : list.split(',').map(moduleName);
}

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

function neededBy(manifest: string): string[] {
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(manifest, 'utf8'),
  ) as Manifest;
  return Object.keys({ ...dependencies, ...optionalDependencies });
}

/**
 * The packages that Thermocline needs to run, those that these need, and a program that imports
 * the first.
 */
function dependencyEntries(): CpioEntry[] {
  const own = path.join(projectRoot, 'package.json');
  const names = new Set<string>();
  const collect = (manifest: string) => {
    for (const name of neededBy(manifest)) {
      const its = path.join(projectRoot, 'node_modules', name, 'package.json');
      if (names.has(name) || !existsSync(its)) continue;
      names.add(name);
      collect(its);
    }
  };
  collect(own);
  const imports = neededBy(own).map((name) => `await import('${name}');\n`);
  const packages = [...names].flatMap((name) => {
    const folder = path.join(projectRoot, 'node_modules', name);
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !uselessFiles.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((from) =>
        file(`app/node_modules/${name}/${path.relative(folder, from)}`, { file: from }),
      );
  });
  return [
    ...packages,
    file('app/import-packages.js', Buffer.from(imports.join(''))),
    file('app/package.json', Buffer.from('{"type":"module"}')),
  ];
}
