import { describeScheme, exactBytes, exactDuration } from './format.ts';
import type { Attrs, Params, Scheme, Target } from './types.ts';

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value in the unit that its field's name ends with. */
function shown(field: string, value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'object') return JSON.stringify(value);
  if (typeof value !== 'number') return String(value);
  if (field.endsWith('Bytes')) return exactBytes(value);
  if (field.endsWith('Us')) return exactDuration(value);
  if (field.endsWith('Ms')) return exactDuration(value * 1000);
  if (field.endsWith('Permil')) return `${value / 10} %`;
  if (field.endsWith('Bp')) return `${value / 100} %`;
  return String(value);
}

/** A line for each value that differs; entries of lists are compared by index, as a commit does. */
function changes(path: string, field: string, a: unknown, b: unknown): string[] {
  if (Object.is(a, b)) return [];
  if (Array.isArray(a) && Array.isArray(b)) {
    const length = Math.max(a.length, b.length);
    return Array.from({ length }, (_, index) => {
      const at = `${path}[${index}]`;
      if (index >= a.length) return [`${at}: added (${shown(field, b[index])})`];
      if (index >= b.length) return [`${at}: removed (${shown(field, a[index])})`];
      return changes(at, field, a[index], b[index]);
    }).flat();
  }
  if (isTree(a) && isTree(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].flatMap((key) =>
      // Bounds have the unit of the field that they bound.
      changes(`${path}.${key}`, key === 'min' || key === 'max' ? field : key, a[key], b[key]),
    );
  }
  return [`${path}: ${shown(field, a)} -> ${shown(field, b)}`];
}

function attrsChanges(a: Attrs, b: Attrs): string[] {
  const lines = changes('attrs', 'attrs', a, b);
  if (lines.length === 0) return lines;
  lines.push(
    'attrs change: the running window restarts, ages are rescaled, and every scheme and the ' +
      'operations update wait a full interval from now on',
  );
  return lines;
}

function targetName({ pid, regions }: Target): string {
  if (pid !== undefined) return `process ${pid}`;
  return `${regions.length} ${regions.length === 1 ? 'range' : 'ranges'} of addresses`;
}

function targetsChanges(a: readonly Target[], b: readonly Target[]): string[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
    const at = `targets[${index}]`;
    const before = a[index];
    const after = b[index];
    if (before === undefined) return [`${at}: added (${targetName(after!)})`];
    if (after === undefined || (after.obsolete && !before.obsolete)) {
      return [`${at}: removed (${targetName(before)}), with all that was learnt of it`];
    }
    const lines = changes(at, 'targets', before, after);
    if (before.pid !== after.pid) lines.push(`${at} keeps the regions and counts of the old pid`);
    if (lines.some((line) => line.startsWith(`${at}.regions`))) {
      lines.push(
        after.regions.length === 0
          ? `${at} keeps the regions that it has`
          : `${at} drops regions outside the new ranges; the others keep their counts`,
      );
    }
    return lines;
  }).flat();
}

function schemeChanges(at: string, before: Scheme, after: Scheme): string[] {
  const lines = changes(at, 'schemes', before, after);
  if (before.action !== after.action) {
    lines.push(`${at} goes on with the statistics and the quota state of the old action`);
  }
  return lines;
}

function schemesChanges(a: Params, b: Params): string[] {
  const length = Math.max(a.schemes.length, b.schemes.length);
  return Array.from({ length }, (_, index) => {
    const at = `schemes[${index}]`;
    const before = a.schemes[index];
    const after = b.schemes[index];
    if (before === undefined) return [`${at}: added (${describeScheme(after!, b.attrs)})`];
    if (after !== undefined) return schemeChanges(at, before, after);
    return [`${at}: removed (${describeScheme(before, a.attrs)}), with its statistics`];
  }).flat();
}

/** What every commit does to schemes that stay, whether they change or not (spec 7.2). */
function sideEffects(a: Params, b: Params): string[] {
  return b.schemes.slice(0, a.schemes.length).flatMap(({ watermarks, quota }, index) => {
    const lines: string[] = [];
    if (watermarks.metric !== 'none') {
      lines.push(`schemes[${index}] is active again until its watermarks are checked`);
    }
    if (quota.goals.some(({ metric }) => metric === 'some_mem_psi_us')) {
      lines.push(`schemes[${index}] measures memory pressure anew from now on`);
    }
    return lines;
  });
}

/**
 * What a commit of `b` over running parameters `a` would change, a line each, with the consequences
 * that are easily overlooked (spec 7.2). Empty when they are equal.
 */
export function diffParams(a: Params, b: Params): string[] {
  const lines = [
    ...(['operations', 'addrUnit', 'minRegionSize', 'paused'] as const).flatMap((field) =>
      changes(field, field, a[field], b[field]),
    ),
    ...attrsChanges(a.attrs, b.attrs),
    ...targetsChanges(a.targets, b.targets),
    ...changes('probes', 'probes', a.probes, b.probes),
    ...schemesChanges(a, b),
  ];
  return lines.length === 0 ? lines : [...lines, ...sideEffects(a, b)];
}
