/** `acma status`: the runs by their journals, and how each stands by its own word. */
import { join } from 'node:path';
import type { AcmaReport } from '../../control/acma/acma-loop.ts';
import { askOwner } from '../../control/owner-socket.ts';
import { type ActingRun, listRuns } from '../../control/runs.ts';
import { checkStateFolder, stateFolderPath } from '../../control/state-folder.ts';
import { billLine, standingLine } from './report.ts';

/** Where a run answers. */
export function statusSocket(stateDir: string, pid: number): string {
  return join(stateDir, `acma-${pid}.sock`);
}

/** What descriptions of runs of pools begin with. */
export const POOL_RUN = 'thermocline acma pool';

/** Runs by their descriptions, and what those that act say of themselves. */
export async function acmaRuns<Report>(
  isOne: (description: string) => boolean,
): Promise<readonly (ActingRun & { readonly latest: readonly Report[] })[]> {
  const folder = stateFolderPath();
  const all = checkStateFolder(folder) ? listRuns(folder) : [];
  const ours = all.filter(({ description }) => isOne(description));
  return Promise.all(
    ours.map(async (run) => {
      const asks = run.state === 'acting' && run.pid !== null;
      const answer = asks
        ? await askOwner(statusSocket(folder, run.pid!), {}).catch(() => null)
        : null;
      return { ...run, latest: (answer ?? []) as readonly Report[] };
    }),
  );
}

/** The whole output. */
export async function printAcmaStatus(json: boolean): Promise<string> {
  const runs = await acmaRuns<AcmaReport>(
    (description) =>
      description.startsWith('thermocline acma ') && !description.startsWith(POOL_RUN),
  );
  if (json) return `${JSON.stringify({ runs }, null, 2)}\n`;
  if (runs.length === 0) return 'No run of acma is known here.\n';
  return runs
    .flatMap(({ state, pid, description, latest }) => [
      `${state.padEnd(10)}process ${pid}: ${description}`,
      ...latest.flatMap((report) => [
        `          ${report.name}`,
        standingLine(report),
        `          ${billLine(report)}`,
        windows(report),
        ...contiguity(report),
      ]),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function windows({ takenByWindow }: AcmaReport): string {
  return `          blocks taken by window of 128 MiB: ${takenByWindow.join(' ')}`;
}

function contiguity({ nrFreeBlocks }: AcmaReport): string[] {
  return nrFreeBlocks === null
    ? []
    : [`          blocks of 2 MiB free in one piece: ${nrFreeBlocks}`];
}
