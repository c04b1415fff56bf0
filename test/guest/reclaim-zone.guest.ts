/** `reclaim run` on a zone, in a machine whose added memory is in a zone Movable of its own. */
import assert from 'node:assert/strict';
import { readZoneUse } from '../../src/host/linux/memory-blocks.ts';
import { physicalRanges } from '../../src/host/linux/physical-ranges.ts';
import { resolveRoots } from '../../src/host/linux/roots.ts';
import { MIB } from './guest-params.ts';
import type { GuestSuite } from './harness.ts';
import { framesOf, swappedBytes } from './memory-figures.ts';
import { assertTakesOnly, partMebibytes, swappedOf } from './reclaim-part.ts';
import { startWorkload, type Workload } from './workload.ts';

const roots = resolveRoots();
const pageBytes = 4096;
/** Of what is meant to be below: the last pages of Movable are free, too. */
const mostElsewhere = 4 * MIB;

/** Bytes of a workload that are in memory of a zone. */
function bytesIn(zone: string, { pid, start, end }: Workload): number {
  const ranges = physicalRanges(roots, { zones: [zone] });
  const within = framesOf(pid, { start, end }).filter((frame) =>
    ranges.some((range) => frame >= range.start && frame < range.end),
  );
  return within.length * pageBytes;
}

/** Memory of programs comes from Movable first; with that full, from below. */
async function startBelow(): Promise<Workload> {
  const { freeBytes } = readZoneUse(roots).get('0 Movable')!;
  const all = Math.floor(freeBytes / MIB) + partMebibytes;
  await using _ = await startWorkload(all, { hotPercent: 0 });
  return await startWorkload(partMebibytes, { hotPercent: 0 });
}

const suite: GuestSuite = {
  onRequest: true,
  // 6.12 hardly takes any memory of a zone that programs are busy in within half a minute.
  kernels: ['newest'],
  topology: 'virtio-mem',
  tests: {
    async 'of two zones, one leaves'(t) {
      await using below = await startBelow();
      await using movable = await startWorkload(partMebibytes, { hotPercent: 0 });
      const total = partMebibytes * MIB;
      const elsewhere = total - bytesIn('DMA32', below);
      t.note(
        `${bytesIn('Movable', movable) / MIB} MiB in Movable, ${elsewhere / MIB} of the other`,
      );
      assert.ok(bytesIn('Movable', movable) >= total - mostElsewhere);
      assert.ok(elsewhere <= mostElsewhere);
      const outside = () => Math.max(0, swappedBytes(below.pid, below) - elsewhere);
      await assertTakesOnly(t, ['--zone', 'Movable'], [swappedOf(movable), outside]);
    },
  },
};
export default suite;
