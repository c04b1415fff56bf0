/** Which part of a history is shown in less detail than there would be room for. Pure. */
import type { HeatEntry, HeatHistory } from './heat-history.ts';

/** A time that was asked for, and how fine. */
export interface AskedDetail {
  readonly fromUs: number;
  readonly toUs: number;
  readonly usPerPixel: number;
}

/** As wide as this, one picture is seen to be one. */
const COARSE_PIXELS = 4;
/** What is no more than this much wider than a window is one window. */
const LATE = 1.5;

/**
 * The time within a visible part in which pictures stand for more than a few pixels each, or are
 * missing; null where there is none, or where it has been asked for already.
 */
export function missingDetail(
  history: HeatHistory,
  visible: AskedDetail,
  asked: readonly AskedDetail[],
): AskedDetail | null {
  const { usPerPixel } = visible;
  const entries = history.within(visible.fromUs, visible.toUs);
  const parts = entries
    .flatMap((entry, index) => [holeBefore(entry, entries[index - 1]), coarse(entry, usPerPixel)])
    .filter((part) => part !== null)
    .map(({ fromUs, toUs }) => ({
      fromUs: Math.max(fromUs, visible.fromUs),
      toUs: Math.min(toUs, visible.toUs),
      usPerPixel,
    }))
    .filter((part) => !asked.some((one) => covers(one, part)));
  if (parts.length === 0) return null;
  return { fromUs: parts[0]!.fromUs, toUs: parts.at(-1)!.toUs, usPerPixel };
}

type Part = Pick<AskedDetail, 'fromUs' | 'toUs'>;

function coarse({ fromUs, toUs, snapshot }: HeatEntry, usPerPixel: number): Part | null {
  const windowUs = snapshot.aggregationIntervalUs;
  const most = Math.max(LATE * windowUs, COARSE_PIXELS * usPerPixel);
  return toUs - fromUs > most ? { fromUs, toUs } : null;
}

function holeBefore({ fromUs }: HeatEntry, before: HeatEntry | undefined): Part | null {
  return before !== undefined && fromUs > before.toUs
    ? { fromUs: before.toUs, toUs: fromUs }
    : null;
}

/** An answer to one was about as fine as the other one would be. */
function covers(one: AskedDetail, part: AskedDetail): boolean {
  return (
    one.fromUs <= part.fromUs && one.toUs >= part.toUs && one.usPerPixel <= 2 * part.usPerPixel
  );
}
