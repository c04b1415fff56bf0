/** `status`: the runs of a policy, as their journals tell. */
import { type ActingRun, listRuns } from '../../control/runs.ts';
import { checkStateFolder, stateFolderPath } from '../../control/state-folder.ts';

/** Every run of a policy that the state folder knows of. */
export function runsOf(policy: string): ActingRun[] {
  const folder = stateFolderPath();
  const all = checkStateFolder(folder) ? listRuns(folder) : [];
  return all.filter(({ description }) => description.startsWith(`thermocline ${policy} `));
}

/** One line, or one JSON object, about every run that the state folder knows of. */
export function printStatus(policy: string, json: boolean): string {
  const runs = runsOf(policy);
  if (json) return `${JSON.stringify({ policy, runs }, null, 2)}\n`;
  if (runs.length === 0) return `No run of ${policy} is known here.\n`;
  return runs.map((run) => `${runLine(run)}\n`).join('');
}

/** One run, for people. */
export function runLine({ state, pid, description }: ActingRun): string {
  return `${state.padEnd(10)}process ${pid}: ${description}`;
}
