/** Recordings of what the service's monitors see: files of bounded size, the oldest go first. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Roots } from '../../host/host.ts';
import { readTextIfAny } from '../../host/linux/read-file.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { Params } from '../../params/types.ts';
import type { Recording, Recordings } from '../../service/owned-monitor.ts';
import { linuxMemory } from '../record/memory.ts';
import { RecordOutput } from '../record/record-output.ts';
import { Recorder } from '../record/recorder.ts';
import { pastPictures } from './past-pictures.ts';

/** So many files share what a monitor may take on disk. */
const NR_FILES = 8;
/** So much is lost at most when the service is killed. */
const FLUSH_NS = 1_000_000_000n;
const MAPPINGS_EVERY_NS = 60_000_000_000n;

/** Of monitors that were removed, the recordings of so many are kept. */
const MAX_RETIRED = 16;

/**
 * The recordings of a service, in `recordings/NAME` of its state folder.
 * @param maxBytes for each monitor; 0: nothing is recorded
 */
export function serviceRecordings(
  stateDir: string,
  roots: Roots,
  maxBytes: number,
): Recordings | null {
  if (maxBytes === 0) return null;
  const all = join(stateDir, 'recordings');
  let lastRead: Promise<unknown> = Promise.resolve();
  return {
    begin(name, monitor, params) {
      const folder = join(all, name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return new MonitorRecording(folder, monitor, params, roots, maxBytes);
    },
    read(name, range) {
      // One after the other: each holds as many pictures as were asked for.
      const read = lastRead.then(() => pastPictures(filesOf(join(all, name)), range));
      lastRead = read.catch(() => {});
      return read;
    },
    retire(name) {
      if (!existsSync(join(all, name))) return;
      // No monitor can have such a name.
      renameSync(join(all, name), join(all, `${stampNow()}~${name}`));
      const retired = readdirSync(all).filter((one) => one.includes('~'));
      for (const old of retired.sort().slice(0, -MAX_RETIRED)) {
        rmSync(join(all, old), { recursive: true });
      }
    },
  };
}

/** By name is by time. */
function filesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.tcr'))
    .sort()
    .map((name) => join(folder, name));
}

function stampNow(): string {
  return new Date().toISOString().replaceAll(/[:.]/g, '');
}

class MonitorRecording implements Recording {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #recorder: Recorder;
  readonly #output: RecordOutput;
  #flushedNs: bigint | null = null;

  constructor(folder: string, monitor: Monitor, params: Params, roots: Roots, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    const { operationsSet, kind } = monitor.description;
    const isReal = operationsSet !== 'sim';
    const kernelRelease = readTextIfAny(`${roots.proc}/sys/kernel/osrelease`)?.trim() ?? null;
    this.#recorder = new Recorder({
      attrs: params.attrs,
      pageFilters: [],
      stats: () => monitor.stats(),
      memory: linuxMemory(roots),
      footprintEveryNs: null,
      mappingsEveryNs: isReal ? MAPPINGS_EVERY_NS : null,
    });
    this.#output = new RecordOutput({
      // By name is by time, over restarts, too.
      path: join(folder, `${stampNow()}.tcr`),
      overwrite: false,
      rotateBytes: Math.ceil(maxBytes / NR_FILES),
      rotateNs: null,
      origin: {
        format: 'tcr',
        host: isReal ? hostname() : null,
        kernelRelease: isReal ? kernelRelease : null,
        source: `${kind} ${operationsSet}`,
        params,
      },
    });
    this.#removeOldest();
  }

  async take(snapshot: Snapshot): Promise<void> {
    const recorder = this.#recorder;
    const output = this.#output;
    if (output.rotateIfFull(recorder.timeNs)) {
      recorder.repeatMappings();
      this.#removeOldest();
    }
    for (const item of await recorder.take(snapshot)) await output.add(item);
    if (this.#flushedNs !== null && recorder.timeNs - this.#flushedNs < FLUSH_NS) return;
    this.#flushedNs = recorder.timeNs;
    await output.flush();
  }

  async end(reason: string): Promise<void> {
    await this.#output.add(this.#recorder.event(reason));
    await this.#output.end();
  }

  /** Leaves room for one more file. */
  #removeOldest(): void {
    let left = this.#maxBytes - this.#maxBytes / NR_FILES;
    for (const file of filesOf(this.#folder).reverse()) {
      left -= statSync(file).size;
      if (left < 0) rmSync(file);
    }
  }
}
