/** Which values of the knobs a sweep tries, and which outcomes are worth a look. */
import { ThermoclineError } from '../../base/errors.ts';
import type { Outcome } from '../../ops/replay/outcome.ts';
import { parseKnob } from '../policy/knob-options.ts';
import type { PlannedKnob } from './plan.ts';

/** More than anybody waits for. */
const MAX_SETS = 10_000;
/** By default, about so many sets. */
const USUAL_SETS = 200;

/** Values of the knobs, in the plan's order, and what came of them. */
export interface SweptSet {
  readonly values: readonly number[];
  readonly outcome: Outcome;
}

/** A knob that is set on the command line: `cold-age=2m`. */
export function parseSetting(text: string, knobs: readonly PlannedKnob[]): [PlannedKnob, number[]] {
  const [name = '', list = ''] = text.split('=', 2);
  const knob = knobs.find(({ flag }) => flag === name.trim());
  if (knob === undefined) {
    const known = knobs.map(({ flag }) => flag).join(', ');
    const way = known === '' ? 'there are none here' : `those here are ${known}`;
    throw new ThermoclineError('TC_INVALID', `"${text}" sets no knob; ${way}, like NAME=VALUE.`);
  }
  const values = list.split(',').map((value) => parseKnob(knob, value.trim()));
  return [knob, values];
}

/**
 * All combinations of the values: those that are written, else some around the knob's setting.
 * @param written by `parseSetting`
 */
export function gridOf(
  knobs: readonly PlannedKnob[],
  written: readonly (readonly [PlannedKnob, readonly number[]])[],
  durationUs: number,
): number[][] {
  const open = knobs.filter((knob) => !written.some(([set]) => set === knob)).length;
  const perKnob = open === 0 ? 0 : Math.floor(USUAL_SETS ** (1 / open));
  let sets: number[][] = [[]];
  for (const knob of knobs) {
    const values =
      written.find(([set]) => set === knob)?.[1] ?? valuesAround(knob, perKnob, durationUs);
    sets = sets.flatMap((set) => values.map((value) => [...set, value]));
    if (sets.length > MAX_SETS) {
      throw new ThermoclineError(
        'TC_INVALID',
        `The grid has more than ${MAX_SETS} sets; write fewer values.`,
      );
    }
  }
  return sets;
}

/** At even ratios: durations up to half of the recording, all else a factor of 32 to both sides. */
function valuesAround(
  { kind, value, min, max }: PlannedKnob,
  count: number,
  durationUs: number,
): number[] {
  const low = Math.max(min, kind === 'duration' ? durationUs / 500 : value / 32);
  const high = Math.max(low, Math.min(max, kind === 'duration' ? durationUs / 2 : value * 32));
  const values = Array.from({ length: count }, (_, index) => {
    const exact = low * (high / low) ** (count === 1 ? 0 : index / (count - 1));
    return kind === 'share' ? exact : Math.round(exact);
  });
  return [...new Set(values)];
}

/**
 * The sets that nothing beats: whoever saves more also slows down more. From the gentlest on.
 */
export function paretoFront(sets: readonly SweptSet[]): SweptSet[] {
  const byCost = sets.toSorted(
    ({ outcome: a }, { outcome: b }) =>
      a.slowdownShare - b.slowdownShare || b.savedBytes - a.savedBytes,
  );
  const front: SweptSet[] = [];
  for (const set of byCost) {
    if (set.outcome.savedBytes > (front.at(-1)?.outcome.savedBytes ?? -1)) front.push(set);
  }
  return front;
}
