/** Which page of which mapping each page frame holds: the machine's reverse map. */
import { PAGE_SIZE } from './page.ts';
import type { SimProcess, SimVma } from './process.ts';
import type { MappedRun } from './sample-map.ts';

/** Runs of page frames in use, by physical address. */
export function mappedFrames(processes: readonly SimProcess[]): MappedRun[] {
  const runs: MappedRun[] = [];
  for (const vma of processes.flatMap(({ vmas }) => vmas)) {
    for (const { start, end, location, frame, huge } of vma.extents.list) {
      if (location < 0) continue;
      runs.push({ vma, first: start, end, address: frame * PAGE_SIZE, huge });
    }
  }
  return runs.sort((left, right) => left.address - right.address);
}

/** Mappings of one process, in address order; parts under huge pages are runs of their own. */
export function mappedPages(vmas: readonly SimVma[]): MappedRun[] {
  const runs: MappedRun[] = [];
  for (const vma of vmas) {
    let first = 0;
    const { list } = vma.extents;
    for (const [index, { end, huge }] of list.entries()) {
      if (huge === list[index + 1]?.huge) continue;
      runs.push({ vma, first, end, address: vma.start + first * PAGE_SIZE, huge });
      first = end;
    }
  }
  return runs;
}

/** The parts of `runs` within [start, end), which are byte addresses. */
export function runsWithin(runs: readonly MappedRun[], start: number, end: number): MappedRun[] {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (endOf(runs[middle]!) <= start) low = middle + 1;
    else high = middle;
  }
  const result: MappedRun[] = [];
  for (let index = low; index < runs.length && runs[index]!.address < end; index++) {
    const run = runs[index]!;
    const first = run.first + Math.max(0, Math.floor((start - run.address) / PAGE_SIZE));
    const last = run.end - Math.max(0, Math.floor((endOf(run) - end) / PAGE_SIZE));
    const address = run.address + (first - run.first) * PAGE_SIZE;
    if (first < last) result.push({ ...run, first, end: last, address });
  }
  return result;
}

function endOf({ first, end, address }: MappedRun): number {
  return address + (end - first) * PAGE_SIZE;
}
