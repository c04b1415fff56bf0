/** What came of one parameter set, for people and for programs. */
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import { momentsOf, type Outcome, outcomeOf } from '../../ops/replay/outcome.ts';
import type { ReplayResult } from '../../ops/replay/replay.ts';
import { describeScheme } from '../../params/format.ts';
import type { Params } from '../../params/types.ts';
import { knobText } from '../../policies/explain.ts';
import { type Canvas, counted } from '../report/output.ts';
import { columnChart } from '../terminal/chart.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import { formatTable, type TableColumn } from '../terminal/table.ts';
import type { PlannedKnob, WhatIfPlan } from './plan.ts';
import type { ReplaySource } from './source.ts';

/** One knob turned, all others as they are set. */
export interface KnobTurn {
  readonly knob: PlannedKnob;
  readonly value: number;
  readonly outcome: Outcome;
}

/** Everything that was found out about one plan. */
export interface WhatIfResult {
  readonly source: ReplaySource;
  readonly plan: WhatIfPlan;
  readonly params: Params;
  readonly result: ReplayResult;
  readonly turns: readonly KnobTurn[];
  readonly limits: readonly string[];
}

/** What `--json` prints: bytes, microseconds, shares from 0 to 1. */
export function resultObject({
  source,
  plan,
  params,
  result,
  turns,
  limits,
}: WhatIfResult): object {
  return {
    kind: 'whatif',
    recording: source.file,
    plan: plan.name,
    knobs: plan.knobs.map(({ flag, value }) => ({ name: flag, value })),
    durationUs: Math.round(result.durationUs),
    outcome: outcomeOf(result, source),
    overTime: momentsOf(result, source.absentBytes),
    perKnob: turns.map(({ knob, value, outcome }) => ({ name: knob.flag, value, ...outcome })),
    schemes: result.schemes.map(({ stats }, index) => ({
      action: params.schemes[index]!.action,
      triedBytes: Number(stats.triedBytes),
      appliedBytes: Number(stats.appliedBytes),
    })),
    notes: plan.notes,
    limits,
  };
}

/** The same as lines. */
export function resultLines(found: WhatIfResult, { width, depth }: Canvas): Line[] {
  const { source, plan, params, result, turns, limits } = found;
  const outcome = outcomeOf(result, source);
  const moments = momentsOf(result, source.absentBytes);
  const { access, pattern } = source;
  const schemes = params.schemes.map((scheme) => describeScheme(scheme, params.attrs));
  const most = moments.reduce((highest, { savedBytes }) => Math.max(highest, savedBytes), 0);
  return [
    bold(`what if ${plan.name} had run on ${source.file}`),
    ...labelled('recording', [
      `${formatDuration(pattern.durationUs)}, ${counted(access.nrSnapshots, 'snapshot')} of ` +
        `${counted(pattern.targets.length, 'target')}, ${formatBytes(outcome.residentBytes)} in memory`,
    ]),
    ...labelled('schemes', schemes.length === 0 ? ['none'] : schemes),
    ...labelled(
      'knobs',
      plan.knobs.map((knob) => `${knob.flag} ${knobText(knob, knob.value)}`),
    ),
    ...labelled('notes', plan.notes),
    ...labelled('saved', [
      `${formatBytes(outcome.savedBytes)} on average (${formatShare(outcome.savedShare)}), ` +
        `${formatBytes(outcome.endSavedBytes)} at the end` +
        (source.netShare < 1 ? `; net of swap ${formatBytes(outcome.netSavedBytes)}` : ''),
    ]),
    ...labelled('came back', [
      `${formatBytes(outcome.refaultedBytes)} of ${formatBytes(outcome.pagedOutBytes)} that went, ` +
        `${figure(outcome.refaultsPerSecond)} pages a second`,
    ]),
    ...labelled('stall', [
      `${formatDuration(outcome.stallUs)} in all; ` +
        `${formatShare(outcome.slowdownShare)} of the time of the target that waits most`,
    ]),
    ...countedLines(found),
    ...(moments.length > 1 && most > 0
      ? [
          plain(''),
          dim(`saved over time, up to ${formatBytes(most)}`),
          ...columnChart(
            moments.map(({ savedBytes }) => savedBytes),
            width,
            6,
            depth,
          ),
          dim(timeAxis(result.durationUs, Math.min(width, moments.length))),
        ]
      : []),
    ...(turns.length > 0 ? [plain(''), ...turnLines(turns)] : []),
    plain(''),
    ...limits.map((sentence) => dim(`limit: ${sentence}`)),
  ];
}

/** Actions other than paging out have no savings; what they were tried on is all there is. */
function countedLines({ params, result }: WhatIfResult): Line[] {
  const lines = result.schemes.flatMap(({ stats }, index) => {
    const { action } = params.schemes[index]!;
    if (action === 'pageout') return [];
    return [`${action} on ${formatBytes(Number(stats.triedBytes))} in all`];
  });
  return labelled('counted', lines);
}

function turnLines(turns: readonly KnobTurn[]): Line[] {
  return formatTable(turns, [
    { heading: 'KNOB', text: ({ knob }) => knob.flag },
    { heading: 'AT', text: ({ knob, value }) => knobText(knob, value), align: 'right' },
    ...outcomeColumns<KnobTurn>(({ outcome }) => outcome),
  ]).map(plain);
}

/** Columns of a table about outcomes. */
export function outcomeColumns<Row>(outcomeOfRow: (row: Row) => Outcome): TableColumn<Row>[] {
  const column = (heading: string, text: (outcome: Outcome) => string) => ({
    heading,
    text: (row: Row) => text(outcomeOfRow(row)),
    align: 'right' as const,
  });
  return [
    column('SAVED', ({ savedBytes }) => formatBytes(savedBytes)),
    column('SHARE', ({ savedShare }) => formatShare(savedShare)),
    column('AT THE END', ({ endSavedBytes }) => formatBytes(endSavedBytes)),
    column('PAGES BACK/S', ({ refaultsPerSecond }) => figure(refaultsPerSecond)),
    column('STALL', ({ slowdownShare }) => formatShare(slowdownShare)),
  ];
}

/** A label in front of the first of some sentences; nothing without any. */
export function labelled(label: string, sentences: readonly string[]): Line[] {
  return sentences.map((text, index) => plain(`${(index === 0 ? label : '').padEnd(11)}${text}`));
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

function timeAxis(durationUs: number, width: number): string {
  const right = formatDuration(durationUs);
  return `0${' '.repeat(Math.max(width - right.length - 1, 1))}${right}`;
}
