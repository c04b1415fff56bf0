/**
 * Parameters → the exact writes that make the kernel's DAMON work by them. Pure, so that they can
 * be shown before anything is written; what the kernel can't do is refused by name at this point.
 */
import { ThermoclineError } from '../base/errors.ts';
import { minRegionSizeFor } from '../params/defaults.ts';
import { type Filter, isBlockAction, type Params, type Scheme } from '../params/types.ts';
import { validateParams } from '../params/validate.ts';
import { contextFiles, type Entry, type FileEntry, type ListEntry } from './context-files.ts';
import { type FeatureName, type Features, hasFeature } from './features.ts';
import { freshText } from './fresh-values.ts';

/** One write; the path is relative to DAMON's admin folder. */
export interface SysfsWrite {
  readonly path: string;
  readonly text: string;
}

/** Path in the folder of a slot → what the file holds. */
export type SlotFiles = Readonly<Record<string, string>>;

/** What a slot holds that has no set-up. */
export const EMPTY_SLOT: SlotFiles = { 'contexts/nr_contexts': '0' };

const NR_CONTEXTS = 'contexts/nr_contexts';
const INTERVALS_FOLDER = 'contexts/0/monitoring_attrs/intervals';
const TUNED_AFTER = `${INTERVALS_FOLDER}/intervals_goal/aggrs`;
const INTERVALS = /^contexts\/0\/monitoring_attrs\/intervals\/(sample|aggr)_us$/;
const GOAL_FILE = /\/quotas\/goals\/\d+\/\w+$/;

/**
 * The writes that set a slot up and start it. What is there before, is lost.
 * Throws `TC_UNSUPPORTED` for parameters that this kernel can't do, and `TC_INVALID` for those that
 * contradict themselves.
 */
export function stage(params: Params, features: Features, slot: number): SysfsWrite[] {
  return inSlot(slot, [
    { path: NR_CONTEXTS, text: '1' },
    ...writesOf(supportedFiles(params, features)),
    { path: 'state', text: 'on' },
  ]);
}

/**
 * The writes that make a running slot go from `before`, which its files hold, to `after`: only what
 * differs, and a commit. Empty when nothing does. Lists are made anew where their length changes,
 * since that wipes them. Values of goals alone go by the command that commits nothing else.
 *
 * Throws as `stage` does.
 */
export function stageCommit(
  before: Params,
  after: Params,
  features: Features,
  slot: number,
): SysfsWrite[] {
  const files = changesOf(supportedFiles(before, features), supportedFiles(after, features));
  if (files.length === 0) return [];
  if (files.every(({ path }) => GOAL_FILE.test(path))) {
    return inSlot(slot, [...files, { path: 'state', text: 'commit_schemes_quota_goals' }]);
  }
  if (before.attrs.intervalsGoal.aggregations === 0) {
    return inSlot(slot, [...files, { path: 'state', text: 'commit' }]);
  }
  // The files of a kdamond that tunes itself may hold older or newer intervals than it works with,
  // and a commit takes what they hold (spec 10.1).
  const { sampleIntervalUs, aggregationIntervalUs, intervalsGoal } = after.attrs;
  const keepsIntervals =
    intervalsGoal.aggregations > 0 && !files.some(({ path }) => INTERVALS.test(path));
  return inSlot(slot, [
    ...(keepsIntervals
      ? [{ path: 'state', text: 'update_tuned_intervals' }]
      : [
          { path: `${INTERVALS_FOLDER}/sample_us`, text: String(sampleIntervalUs) },
          { path: `${INTERVALS_FOLDER}/aggr_us`, text: String(aggregationIntervalUs) },
        ]),
    ...files.filter(({ path }) => !INTERVALS.test(path)),
    { path: 'state', text: 'commit' },
  ]);
}

/** The writes that take `after` back where it was not committed: its files only. */
export function stageUndo(
  before: Params,
  after: Params,
  features: Features,
  slot: number,
): SysfsWrite[] {
  const files = changesOf(supportedFiles(after, features), supportedFiles(before, features));
  return inSlot(slot, files);
}

/** The write that stops a slot. */
export function stageOff(slot: number): SysfsWrite[] {
  return inSlot(slot, [{ path: 'state', text: 'off' }]);
}

/** The write that leaves nothing in a slot. */
export function stageEmpty(slot: number): SysfsWrite[] {
  return inSlot(slot, [{ path: NR_CONTEXTS, text: '0' }]);
}

/** Every file that a slot with these parameters has, and what it holds. */
export function slotFiles(params: Params, features: Features): SlotFiles {
  const files: Record<string, string> = { [NR_CONTEXTS]: '1' };
  const add = (entry: Entry) => {
    files[entry.path] = isList(entry) ? String(entry.items.length) : entry.text;
    if (isList(entry)) entry.items.flat().forEach(add);
  };
  supportedFiles(params, features).forEach(add);
  return files;
}

/** Whether interval tuning may rewrite this file of the slot by itself. */
export function isTuned(path: string, files: SlotFiles): boolean {
  return INTERVALS.test(path) && (files[TUNED_AFTER] ?? '0') !== '0';
}

/** One line for each write, as a shell would do it in DAMON's admin folder. */
export function describeWrites(writes: readonly SysfsWrite[]): string {
  return writes.map(({ path, text }) => `echo ${quoted(text)} > ${path}\n`).join('');
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function inSlot(slot: number, writes: readonly SysfsWrite[]): SysfsWrite[] {
  return writes.map(({ path, text }) => ({ path: `kdamonds/${slot}/${path}`, text }));
}

const isList = (entry: Entry): entry is ListEntry => 'items' in entry;

/** Lists that stay empty are not written: a folder that has just been made has none. */
function writesOf(entries: readonly Entry[]): SysfsWrite[] {
  return entries.flatMap((entry) => {
    if (!isList(entry)) return [{ path: entry.path, text: entry.text }];
    return entry.items.length === 0 ? [] : wholeList(entry);
  });
}

function wholeList({ path, items }: ListEntry): SysfsWrite[] {
  return [{ path, text: String(items.length) }, ...items.flatMap(writesOf)];
}

function changesOf(before: readonly Entry[], after: readonly Entry[]): SysfsWrite[] {
  const known = new Map(before.map((entry) => [entry.path, entry]));
  return after.flatMap((entry) => {
    const old = known.get(entry.path);
    if (!isList(entry)) {
      const same = old && (old as FileEntry).text === entry.text;
      return same ? [] : [{ path: entry.path, text: entry.text }];
    }
    const oldItems = (old as ListEntry | undefined)?.items ?? [];
    if (oldItems.length !== entry.items.length) return wholeList(entry);
    return entry.items.flatMap((item, index) => changesOf(oldItems[index]!, item));
  });
}

// --- what this kernel can do ---

/** The files for these parameters that this kernel has; throws where it lacks one that matters. */
function supportedFiles(params: Params, features: Features): readonly Entry[] {
  validateParams(params);
  const problem = paramsProblem(params, features);
  if (problem !== null) throw new ThermoclineError('TC_UNSUPPORTED', problem);
  const layered = hasFeature(features, 'core_filters') !== false;
  const schemes = params.schemes.map((scheme) => withKnownFilters(scheme, features));
  return supported(contextFiles({ ...params, schemes }, layered), features);
}

function paramsProblem(params: Params, features: Features): string | null {
  const { operations, addrUnit, minRegionSize } = params;
  const usual = minRegionSizeFor(operations, addrUnit);
  if (minRegionSize !== usual) {
    return (
      `minRegionSize is ${minRegionSize}, but the kernel's DAMON goes by its page size, which makes ` +
      `it ${usual} here; leave it out.`
    );
  }
  const ownIndex = params.schemes.findIndex(({ action }) => isBlockAction(action));
  if (ownIndex >= 0) {
    return (
      `schemes[${ownIndex}].action is ${params.schemes[ownIndex]!.action}, which is Thermocline's own ` +
      "and unknown to the kernel's DAMON; leave it out."
    );
  }
  const fallingIndex = params.schemes.findIndex(({ quota }) =>
    quota.goals.some(({ direction }) => direction !== undefined),
  );
  if (fallingIndex >= 0) {
    return (
      `schemes[${fallingIndex}].quota has a goal with direction falling, which the kernel's DAMON ` +
      'does not know; leave it out.'
    );
  }
  if (operations === 'paddr') return null;
  const nameless = params.targets.findIndex(({ pid }) => pid === undefined);
  if (nameless >= 0) {
    return `targets[${nameless}].pid is missing; the kernel watches real processes only, so name one.`;
  }
  const migrating = params.schemes.findIndex(({ action }) => action.startsWith('migrate_'));
  // Pages of processes can be migrated since dests exist; before, it is taken and does nothing.
  if (migrating >= 0 && hasFeature(features, 'dests') === false) {
    const { action } = params.schemes[migrating]!;
    return (
      `schemes[${migrating}].action is ${action}, which DAMON in this kernel does for physical ` +
      'memory only; write operations: paddr.'
    );
  }
  return null;
}

function supported(entries: readonly Entry[], features: Features): Entry[] {
  return entries.flatMap((entry): Entry[] => {
    const missing = entry.needs !== null && hasFeature(features, entry.needs) === false;
    if (missing && matters(entry)) {
      throw new ThermoclineError('TC_UNSUPPORTED', refusal(entry, entry.needs!));
    }
    if (missing) return [];
    if (!isList(entry)) return [entry];
    return [{ ...entry, items: entry.items.map((item) => supported(item, features)) }];
  });
}

/** Whether leaving the file out would change what is asked for. */
function matters(entry: Entry): boolean {
  return isList(entry) ? entry.items.length > 0 : entry.text !== freshText(entry.path);
}

function refusal(entry: Entry, needs: FeatureName): string {
  const lacks = `but DAMON in this kernel has no ${needs}`;
  if (isList(entry)) {
    const { length } = entry.items;
    return `${entry.field} has ${length === 1 ? 'an entry' : `${length} entries`}, ${lacks}; leave it out.`;
  }
  const isWord = /^(operations|action|filter type|goal metric) /.test(needs);
  const wayOut = isWord ? 'choose another' : `leave it at ${freshText(entry.path)}`;
  return `${entry.field} is ${entry.text}, ${lacks}; ${wayOut}.`;
}

/**
 * A filter that lets through and stands alone keeps out what it does not match, which can be said
 * in the words of kernels before 6.14 too: keep out the opposite (spec 5.6).
 */
function withKnownFilters(scheme: Scheme, features: Features): Scheme {
  const [only, second] = scheme.filters;
  if (!only?.allow || second || hasFeature(features, 'allow filters') !== false) return scheme;
  const opposite: Filter = { ...only, matching: !only.matching, allow: false };
  return { ...scheme, filters: [opposite] };
}
