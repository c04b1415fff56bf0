/**
 * The system's package client with lists, caches and settings of our own: it needs no rights, and
 * what is installed on this machine neither matters nor changes. The mirror, its key and the way
 * there (proxies) are those of the system; only the names of suites are ours.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const timeLimitMs = 240_000;

/** A place that packages come from. */
export interface Mirror {
  readonly address: string;
  /** The file of keys named for it; null: whatever the system trusts. */
  readonly signedBy: string | null;
}

/** One name with a version that can be had. */
export interface AvailablePackage {
  readonly name: string;
  readonly version: string;
  /** Names that it depends on, alternatives left out. */
  readonly depends: readonly string[];
}

/**
 * The first of the system's package sources that is a plain release, as opposed to its updates.
 *
 * @param targets lines `address|release|component|entry`, as `apt-get indextargets` prints them
 * @param readSources reads a file of package sources
 * @throws Error if there is none
 */
export function chooseMirror(targets: string, readSources: (file: string) => string): Mirror {
  for (const line of targets.split('\n')) {
    const [address, release, component, entry] = line.split('|');
    if (!address || component !== 'main' || !release || release.includes('-')) continue;
    const file = entry?.replace(/:\d+$/, '') ?? '';
    return { address, signedBy: file === '' ? null : signedByIn(readSources(file), address) };
  }
  throw new Error("the system's package sources name no release to take a mirror from");
}

/** `Signed-By:` of the stanza, or `[signed-by=]` of the line, that names the address. */
function signedByIn(sources: string, address: string): string | null {
  for (const stanza of sources.split(/\n(?=\s*\n|deb )/)) {
    if (!stanza.includes(address)) continue;
    return (
      /^signed-by:\s*(\/\S+)|\bsigned-by=(\/[^\s\]]+)/im.exec(stanza)?.slice(1).find(Boolean) ??
      null
    );
  }
  return null;
}

/** Parses what `apt-cache show` prints. */
export function parsePackages(text: string): AvailablePackage[] {
  const packages: AvailablePackage[] = [];
  for (const stanza of text.split('\n\n')) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
    const [name, version] = [field('Package'), field('Version')];
    if (!name || !version) continue;
    const depends = (field('Depends') ?? '').split(',').filter((item) => !item.includes('|'));
    packages.push({
      name,
      version,
      depends: depends.map((item) => item.trim().split(/[\s:(]/)[0]!).filter((item) => item !== ''),
    });
  }
  return packages;
}

/** Settings and lists of its own for one folder. */
export class PrivateApt {
  readonly #folder: string;
  readonly #suites: readonly string[];

  constructor(folder: string, suites: readonly string[]) {
    this.#folder = path.resolve(folder);
    this.#suites = suites;
  }

  /** Fetches the lists of the suites. @throws Error with what the package client said */
  async update(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    const { stdout } = await execute('apt-get', [
      'indextargets',
      '--format',
      '$(SITE)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)',
      'Target-Of: deb',
    ]);
    const mirror = chooseMirror(stdout, (file) =>
      existsSync(file) ? readFileSync(file, 'utf8') : '',
    );
    const options = mirror.signedBy === null ? '' : `[signed-by=${mirror.signedBy}] `;
    for (const folder of ['lists/partial', 'archives/partial', 'empty']) {
      mkdirSync(path.join(this.#folder, folder), { recursive: true });
    }
    writeFileSync(path.join(this.#folder, 'status'), '');
    writeFileSync(
      path.join(this.#folder, 'sources.list'),
      this.#suites.map((suite) => `deb ${options}${mirror.address} ${suite} main\n`).join(''),
    );
    writeFileSync(path.join(this.#folder, 'apt.conf'), await this.#settings());
    await this.#apt('apt-get', ['update', '-q', '--error-on=any']);
  }

  /** What the lists know of a package: one entry for each version, the newest first. */
  async show(name: string): Promise<AvailablePackage[]> {
    return parsePackages(await this.#apt('apt-cache', ['show', name]));
  }

  /** Downloads packages, checked against the signed lists, and unpacks them into `target`. */
  async unpack(packages: readonly AvailablePackage[], target: string): Promise<void> {
    const names = packages.map(({ name, version }) => `${name}=${version}`);
    const archives = path.join(this.#folder, 'archives');
    const printed = await this.#apt('apt-get', ['download', '--print-uris', ...names]);
    await this.#apt('apt-get', ['download', '-q', ...names], archives);
    mkdirSync(target, { recursive: true });
    for (const [, file] of printed.matchAll(/^'[^']*' (\S+)/gm)) {
      await execute('dpkg-deb', ['-x', path.join(archives, file!), target]);
      rmSync(path.join(archives, file!));
    }
  }

  /** How packages are reached is the system's own choice; everything else is ours. */
  async #settings(): Promise<string> {
    const { stdout } = await execute('apt-config', ['dump', '--format', '%F "%v";%n']);
    const ours = {
      'Dir::Etc::main': '/dev/null',
      'Dir::Etc::parts': '/dev/null',
      'Dir::Etc::sourcelist': path.join(this.#folder, 'sources.list'),
      'Dir::Etc::sourceparts': path.join(this.#folder, 'empty'),
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': path.join(this.#folder, 'empty'),
      'Dir::State': this.#folder,
      'Dir::State::status': path.join(this.#folder, 'status'),
      'Dir::Cache': this.#folder,
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'APT::Architecture': 'amd64',
      'APT::Sandbox::User': userInfo().username,
    };
    return [
      ...stdout.split('\n').filter((line) => /^Acquire::(?!IndexTargets)/.test(line)),
      ...Object.entries(ours).map(([name, value]) => `${name} "${value}";`),
      '',
    ].join('\n');
  }

  /** One at a time: several runs may share the folder. */
  async #apt(tool: string, args: readonly string[], cwd = this.#folder): Promise<string> {
    const lock = path.join(this.#folder, 'lock');
    try {
      const result = await execute('flock', ['-w', '200', lock, tool, ...args], {
        cwd,
        timeout: timeLimitMs,
        maxBuffer: 1 << 24,
        env: { ...process.env, LC_ALL: 'C', APT_CONFIG: path.join(this.#folder, 'apt.conf') },
      });
      return result.stdout;
    } catch (error) {
      const { stderr, message } = error as { stderr?: string; message: string };
      const said = stderr?.trim() ? stderr.trim() : message;
      throw new Error(`${tool} ${args[0]} failed: ${said}`, { cause: error });
    }
  }
}
