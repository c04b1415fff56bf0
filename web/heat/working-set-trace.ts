/** The working set over all of a history, as one small line. */
import { accessedBytes } from '../../src/analysis/working-set.ts';
import type { Snapshot } from '../../src/params/snapshot.ts';
import type { HeatHistory } from './heat-history.ts';
import type { HeatWorld } from './heat-view.ts';

/** Each snapshot is summed up once, however often the line is drawn. */
const known = new WeakMap<Snapshot, number>();

/** Bytes in regions that were accessed at all. */
export function workingSetBytes(snapshot: Snapshot): number {
  const before = known.get(snapshot);
  if (before !== undefined) return before;
  const bytes = accessedBytes(snapshot, 1, 1);
  known.set(snapshot, bytes);
  return bytes;
}

/** A line of `width` points; its `path` fills the area below it in an SVG of some height. */
export function workingSetTrace(
  history: HeatHistory,
  world: HeatWorld,
  width: number,
): { readonly mostBytes: number; path(height: number): string } {
  const spanUs = Math.max(world.toUs - world.fromUs, 1);
  const most = new Float64Array(width);
  let mostBytes = 0;
  let lastX = 0;
  for (const { fromUs, toUs, snapshot } of history.entries) {
    const bytes = workingSetBytes(snapshot);
    mostBytes = Math.max(mostBytes, bytes);
    const first = Math.floor(((fromUs - world.fromUs) / spanUs) * width);
    const last = Math.min(Math.ceil(((toUs - world.fromUs) / spanUs) * width), width);
    for (let x = Math.max(first, 0); x < last; x++) most[x] = Math.max(most[x]!, bytes);
    lastX = Math.max(lastX, last);
  }
  const path = (height: number) => {
    if (mostBytes === 0 || lastX === 0) return '';
    const y = (x: number) => (height - (most[x]! / mostBytes) * (height - 2)).toFixed(1);
    let line = `M0 ${height}`;
    for (let x = 0; x < lastX; x++) line += `L${x} ${y(x)}`;
    return `${line}L${lastX} ${y(lastX - 1)}L${lastX} ${height}Z`;
  };
  return { mostBytes, path };
}
