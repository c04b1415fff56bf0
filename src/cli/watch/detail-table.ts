import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { MappingView } from '../../monitor/monitor.ts';
import type { Snapshot } from '../../params/snapshot.ts';
import { dim, type Line, plain, safeText, shortenFront } from '../terminal/line.ts';
import { formatTable, type TableColumn } from '../terminal/table.ts';
import type { WatchView } from './view.ts';

/** The mappings with most memory first; where mappings are not known, the hottest regions. */
export function detailTable(view: WatchView, width: number): Line[] {
  const { snapshot, stats } = view;
  const [heading, ...rows] =
    stats.mappings.length > 0 ? mappingTable(stats.mappings, width) : regionTable(snapshot);
  return [dim(heading!), ...rows.map(plain)];
}

function mappingTable(mappings: readonly MappingView[], width: number): string[] {
  const severalPids = mappings.some(({ pid }) => pid !== mappings[0]!.pid);
  const nameWidth = Math.max(width - 88, 12);
  const sorted = [...mappings].sort((a, b) => memoryOf(b) - memoryOf(a) || a.start - b.start);
  const pidColumn = number<MappingView>('PID', ({ pid }) => String(pid));
  return formatTable(sorted, [
    ...(severalPids ? [pidColumn] : []),
    number('ADDRESS', ({ start }) => hex(start)),
    number('SIZE', ({ start, end }) => formatBytes(end - start)),
    number('RESIDENT', ({ residentBytes }) => formatBytes(residentBytes)),
    number('SWAPPED', ({ swappedBytes }) => formatBytes(swappedBytes)),
    number('TOUCHED', ({ touchedBytes }) => formatBytes(touchedBytes)),
    number('SHARE', ({ touchedBytes, residentBytes }) =>
      formatShare(touchedBytes / Math.max(residentBytes, 1)),
    ),
    number('UNTOUCHED', ({ touchedBytes, untouchedUs }) =>
      touchedBytes > 0 ? '-' : formatDuration(untouchedUs),
    ),
    {
      heading: 'NAME',
      text: ({ name }) => shortenFront(safeText(name) || '(anonymous)', nameWidth),
    },
  ]);
}

function memoryOf(mapping: MappingView): number {
  return mapping.residentBytes + mapping.swappedBytes;
}

function regionTable(snapshot: Snapshot): string[] {
  const { nrAccesses, start, end, age, maxNrAccesses, aggregationIntervalUs } = snapshot;
  const size = (row: number) => end[row]! - start[row]!;
  const hottestFirst = (a: number, b: number) =>
    nrAccesses[b]! - nrAccesses[a]! || size(b) - size(a) || a - b;
  const rows = [...Array(snapshot.nrRegions).keys()].sort(hottestFirst);
  return formatTable(rows, [
    number('ADDRESS', (row) => hex(start[row]!)),
    number('SIZE', (row) => formatBytes(size(row))),
    number('ACCESSED', (row) => formatShare(nrAccesses[row]! / maxNrAccesses)),
    number('FOR', (row) => formatDuration(age[row]! * aggregationIntervalUs)),
  ]);
}

function number<Row>(heading: string, text: (row: Row) => string): TableColumn<Row> {
  return { heading, text, align: 'right' };
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
