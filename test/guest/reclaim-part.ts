/** `reclaim run` on a part of memory, beside other memory that is as cold. */
import assert from 'node:assert/strict';
import { thermocline } from './call-command.ts';
import { MIB } from './guest-params.ts';
import { switchDamonStatOff } from './hand-made-kdamond.ts';
import type { TestContext } from './harness.ts';
import { swapOn, swappedBytes } from './memory-figures.ts';
import type { Workload } from './workload.ts';

/** Of cold memory, within the part and outside of it. */
export const partMebibytes = 8;
/**
 * Of that, so much has to leave. How much does within the half minute varies with how busy the host
 * is; on 6.12, a pass that has to cut a region leaves out the rest.
 */
const leftMebibytes = 1;
const knobs = ['--cold-age', '5s', '--pressure', '50%', '--bytes-per-second', '128M'];

/**
 * Runs for half a minute, and asserts that what is cold inside leaves, and not a page outside.
 * @param part the options that name it
 * @param swapped bytes inside, and outside
 */
export async function assertTakesOnly(
  t: TestContext,
  part: readonly string[],
  swapped: readonly [inside: () => number, outside: () => number],
  leastMebibytes: number = leftMebibytes,
): Promise<void> {
  switchDamonStatOff();
  swapOn();
  const how = ['--kernel', '--ceiling', '50', '--for', '30s'];
  await thermocline('reclaim', 'run', ...how, ...knobs, ...part);
  const [took, other] = swapped.map((bytes) => bytes() / MIB);
  t.note(`${part.join(' ')}: ${took} of ${partMebibytes} MiB swapped within, ${other} outside`);
  assert.ok(took! >= leastMebibytes, 'what is cold in it has left');
  assert.equal(other, 0, 'what lies outside stays');
}

/** Of a workload, in bytes. */
export function swappedOf(workload: Workload): () => number {
  return () => swappedBytes(workload.pid, workload);
}
