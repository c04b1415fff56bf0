/**
 * The file `disabled` in a state folder: while it is there, nothing acts. That of the usual folder
 * counts for all of them.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ActingRun, listRuns } from './runs.ts';
import { stateFolderPath } from './state-folder.ts';

const POLL_MS = 50;

/** Asked by whoever acts, turned by `thermocline off`. */
export class OffSwitch {
  readonly file: string;
  readonly #stateDir: string;
  readonly #usualFile = fileIn(stateFolderPath());

  /** @param stateDir checked or created by `state-folder.ts` */
  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.file = fileIn(stateDir);
  }

  /** Cheap enough to be asked many times a second, and before each step. */
  isOff(): boolean {
    return this.found() !== null;
  }

  /** The file that is there; null while acting is allowed. */
  found(): string | null {
    return [this.file, this.#usualFile].find((file) => existsSync(file)) ?? null;
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
   * @param elsewhere further state folders with runs that the switch counts for
   * @returns the runs that still act after `limitMs`
   */
  async waitUntilQuiet(limitMs: number, elsewhere: readonly string[] = []): Promise<ActingRun[]> {
    const endMs = performance.now() + limitMs;
    const folders = [this.#stateDir, ...elsewhere];
    for (;;) {
      const acting = folders.flatMap(listRuns).filter((run) => run.state === 'acting');
      if (acting.length === 0 || performance.now() >= endMs) return acting;
      await sleep(POLL_MS);
    }
  }
}

function fileIn(stateDir: string): string {
  return join(stateDir, 'disabled');
}
