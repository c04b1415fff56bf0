import type { Colour } from './line.ts';

/**
 * From deep water to the warm surface. Lightness rises all the way, so that the order can also be
 * seen without telling the colours apart.
 */
const STOPS: readonly Colour[] = [
  [10, 24, 66],
  [18, 78, 140],
  [28, 140, 150],
  [226, 142, 62],
  [255, 236, 160],
];

/** The same scale for terminals without colours. */
const SHADES = ['.', ':', '-', '=', '+', '*', '#', '%', '@'] as const;

/** Few enough levels that neighbours often share one, which keeps what is written short. */
const NR_LEVELS = 48;
const LEVELS: readonly Colour[] = Array.from({ length: NR_LEVELS }, (_, level) =>
  colourAt(level / (NR_LEVELS - 1)),
);

/** The colour of a heat from 0 (never accessed) to 1 (in each sample). */
export function heatColour(heat: number): Colour {
  return LEVELS[Math.round(contrast(heat) * (NR_LEVELS - 1))]!;
}

/** The character of a heat from 0 to 1. */
export function heatShade(heat: number): string {
  return SHADES[Math.round(contrast(heat) * (SHADES.length - 1))]!;
}

/** Stretches the low end: the difference between never and seldom matters most. */
function contrast(heat: number): number {
  return Math.sqrt(Math.min(Math.max(heat, 0), 1));
}

function colourAt(place: number): Colour {
  const scaled = place * (STOPS.length - 1);
  const index = Math.min(Math.floor(scaled), STOPS.length - 2);
  const share = scaled - index;
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(STOPS[index]![channel] * (1 - share) + STOPS[index + 1]![channel] * share);
  return [mix(0), mix(1), mix(2)];
}
