/** `status`: the runs of a policy, as their journals tell. */
import { listRuns } from '../../control/runs.ts';
import { checkStateFolder, stateFolderPath } from '../../control/state-folder.ts';

/** One line, or one JSON object, about every run that the state folder knows of. */
export function printStatus(policy: string, json: boolean): string {
  const folder = stateFolderPath();
  const all = checkStateFolder(folder) ? listRuns(folder) : [];
  const runs = all.filter(({ description }) => description.startsWith(`thermocline ${policy} `));
  if (json) return `${JSON.stringify({ policy, runs }, null, 2)}\n`;
  if (runs.length === 0) return `No run of ${policy} is known here.\n`;
  return runs
    .map(({ state, pid, description }) => `${state.padEnd(10)}process ${pid}: ${description}\n`)
    .join('');
}
