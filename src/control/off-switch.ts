/** The file `disabled` in the state folder: while it is there, nothing acts. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ActingRun, listRuns } from './runs.ts';

const POLL_MS = 50;

/** Asked by whoever acts, turned by `thermocline off`. */
export class OffSwitch {
  readonly file: string;
  readonly #stateDir: string;

  /** @param stateDir checked or created by `state-folder.ts` */
  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.file = join(stateDir, 'disabled');
  }

  /** Cheap enough to be asked many times a second, and before each step. */
  isOff(): boolean {
    return existsSync(this.file);
  }

  turnOff(): void {
    writeFileSync(this.file, 'Nothing acts while this file is here.\n', { mode: 0o600 });
  }

  /** Allows acting again. */
  lift(): void {
    rmSync(this.file, { force: true });
  }

  /**
   * Waits until every run that acts has taken its steps back and finished its journal.
   * @returns the runs that still act after `limitMs`
   */
  async waitUntilQuiet(limitMs: number): Promise<ActingRun[]> {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const acting = listRuns(this.#stateDir).filter((run) => run.state === 'acting');
      if (acting.length === 0 || performance.now() >= endMs) return acting;
      await sleep(POLL_MS);
    }
  }
}
