/** Recordings of what the service's monitors see: files of bounded size, the oldest go first. */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Roots } from '../../host/host.ts';
import { readTextIfAny } from '../../host/linux/read-file.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import type { Params } from '../../params/types.ts';
import type { Recording, RecordingOpener } from '../../service/owned-monitor.ts';
import { linuxMemory } from '../record/memory.ts';
import { RecordOutput } from '../record/record-output.ts';
import { Recorder } from '../record/recorder.ts';

/** So many files share what a monitor may take on disk. */
const NR_FILES = 8;
/** So much is lost at most when the service is killed. */
const FLUSH_NS = 1_000_000_000n;
const MAPPINGS_EVERY_NS = 60_000_000_000n;

/**
 * Opens the recordings of a service, in `recordings/NAME` of its state folder.
 * @param maxBytes for each monitor; 0: nothing is recorded
 */
export function recordingOpener(
  stateDir: string,
  roots: Roots,
  maxBytes: number,
): RecordingOpener | null {
  if (maxBytes === 0) return null;
  return (name, monitor, params) => {
    const folder = join(stateDir, 'recordings', name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new MonitorRecording(folder, monitor, params, roots, maxBytes);
  };
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
      stats: () => monitor.stats(),
      memory: linuxMemory(roots),
      footprintEveryNs: null,
      mappingsEveryNs: isReal ? MAPPINGS_EVERY_NS : null,
    });
    this.#output = new RecordOutput({
      // By name is by time, over restarts, too.
      path: join(folder, `${new Date().toISOString().replaceAll(/[:.]/g, '')}.tcr`),
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
    const files = readdirSync(this.#folder)
      .filter((name) => name.endsWith('.tcr'))
      .sort()
      .map((name) => join(this.#folder, name));
    let left = this.#maxBytes - this.#maxBytes / NR_FILES;
    for (const file of files.reverse()) {
      left -= statSync(file).size;
      if (left < 0) rmSync(file);
    }
  }
}
