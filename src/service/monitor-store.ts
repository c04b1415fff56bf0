/** Monitors that were made over the API, on disk, so that a restart brings them back. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../base/errors.ts';
import type { MonitorSpec } from '../client/api-types.ts';

/** One monitor as it has to be started again. */
export interface StoredMonitor {
  readonly spec: MonitorSpec;
  readonly paused: boolean;
  /** When each watched process started, in clock ticks since boot: a pid alone is used again. */
  readonly startTicks: Readonly<Record<string, number>>;
  /** The boot that those belong to. */
  readonly bootId: string;
}

/** The file `monitors.json` of a state folder. It is there as a whole, or as it was before. */
export class MonitorStore {
  readonly file: string;
  readonly #stateDir: string;

  /** @param stateDir a folder from `openStateFolder` */
  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.file = join(stateDir, 'monitors.json');
  }

  /**
   * What was saved last; empty before the first time. Only the owner can write the file, so what it
   * holds is checked where it is used.
   * @throws ThermoclineError TC_INVALID for a damaged file
   */
  load(): readonly StoredMonitor[] {
    let text: string;
    try {
      text = fs.readFileSync(this.file, 'utf8');
    } catch {
      return [];
    }
    try {
      const { version, monitors } = JSON.parse(text);
      if (version === 1 && Array.isArray(monitors)) return monitors;
    } catch {
      // Said below.
    }
    throw new ThermoclineError(
      'TC_INVALID',
      `${this.file} is damaged, so the monitors of before can't be resumed; remove it to start anew.`,
    );
  }

  /**
   * Safe on disk once this returns.
   * @throws ThermoclineError TC_SYSTEM when it can't be written
   */
  save(monitors: readonly StoredMonitor[]): void {
    const next = `${this.file}.next`;
    try {
      const fd = fs.openSync(next, 'w', 0o600);
      try {
        fs.writeFileSync(fd, JSON.stringify({ version: 1, monitors }));
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(next, this.file);
      const folder = fs.openSync(this.#stateDir, 'r');
      fs.fsyncSync(folder);
      fs.closeSync(folder);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new ThermoclineError('TC_SYSTEM', `${this.file} can't be written (${code}).`, {
        cause,
      });
    }
  }
}
