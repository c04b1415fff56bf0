import { ThermoclineError } from '../base/errors.ts';
import type { TraceFiles, TracePipe } from '../kernel/trace-files.ts';

/** Trace points of a kernel that has all that are read. */
const ALL_EVENTS = [
  ...['damon_aggregated', 'damon_region_aggregated', 'damon_monitor_intervals_tune'],
  ...['damos_before_apply', 'damos_stat_after_apply_interval'],
] as const;

interface FakeInstance {
  readonly values: Map<string, string>;
  lines: string[];
  nrLost: number;
  isOpen: boolean;
}

/** A tracefs whose kernel threads are the test: what they trace reaches who asks for it. */
export class FakeTracefs implements TraceFiles {
  /** Every change that was tried, in order: `write PATH TEXT`, `make PATH`, `remove PATH`. */
  readonly changes: string[] = [];
  readonly #events: readonly string[];
  readonly #maxLines: number;
  readonly #instances = new Map<string, FakeInstance>();
  #us = 0;

  /** @param maxLines an instance has room for so many; of what is too much, the oldest is lost */
  constructor(events: readonly string[] = ALL_EVENTS, maxLines = 1000) {
    this.#events = events;
    this.#maxLines = maxLines;
  }

  get instances(): string[] {
    return [...this.#instances.keys()];
  }

  /** What a file of an instance was set to; null: nothing has been written to it. */
  valueOf(instance: string, file: string): string | null {
    return this.#instances.get(instance)?.values.get(file) ?? null;
  }

  /** A kernel thread comes by a trace point. */
  trace(pid: number, event: string, fields: string, timeUs: number = this.#us): void {
    this.#us = timeUs;
    const time = `${Math.floor(timeUs / 1e6)}.${String(timeUs % 1e6).padStart(6, '0')}`;
    for (const instance of this.#instances.values()) {
      const folder = `events/damon/${event}`;
      const filter = instance.values.get(`${folder}/filter`);
      if (instance.values.get(`${folder}/enable`) !== '1') continue;
      if (filter !== undefined && filter !== `common_pid == ${pid}`) continue;
      instance.lines.push(
        `       kdamond.0-${pid}      [001] .....  ${time}: ${event}: ${fields}\n`,
      );
      while (instance.lines.length > this.#maxLines) {
        instance.lines.shift();
        instance.nrLost += 1;
      }
    }
  }

  exists(path: string): boolean {
    if (path === 'instances') return true;
    const event = /^events\/damon\/(\w+)$/.exec(path)?.[1];
    return event === undefined ? this.#instances.has(nameOf(path)) : this.#events.includes(event);
  }

  makeFolder(path: string): void {
    this.changes.push(`make ${path}`);
    if (this.#instances.has(nameOf(path))) throw new ThermoclineError('TC_BUSY', `${path} exists.`);
    const values = new Map<string, string>();
    this.#instances.set(nameOf(path), { values, lines: [], nrLost: 0, isOpen: false });
  }

  removeFolder(path: string): void {
    this.changes.push(`remove ${path}`);
    if (this.#instances.get(nameOf(path))?.isOpen) {
      throw new ThermoclineError('TC_BUSY', `${path} of tracefs can't be removed: EBUSY.`);
    }
    this.#instances.delete(nameOf(path));
  }

  write(path: string, text: string): void {
    this.changes.push(`write ${path} ${text}`);
    this.#instance(path).values.set(path.split('/').slice(2).join('/'), text);
  }

  openPipe(path: string): TracePipe {
    const instance = this.#instance(path);
    instance.isOpen = true;
    return {
      read: () => {
        const { lines, nrLost } = instance;
        if (lines.length === 0 && nrLost === 0) return null;
        const lost = nrLost > 0 ? [`CPU:1 [LOST ${nrLost} EVENTS]\n`] : [];
        instance.lines = [];
        instance.nrLost = 0;
        return Buffer.from([...lost, ...lines].join(''));
      },
      [Symbol.dispose]: () => {
        instance.isOpen = false;
      },
    };
  }

  #instance(path: string): FakeInstance {
    const instance = this.#instances.get(nameOf(path));
    if (instance !== undefined) return instance;
    throw new ThermoclineError('TC_NOT_FOUND', `${path} of tracefs does not exist.`);
  }
}

function nameOf(path: string): string {
  return path.split('/')[1] ?? '';
}
