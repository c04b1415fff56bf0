import { heatContrast, rampColour, THERMOCLINE_RAMP } from '../../base/colour-ramp.ts';
import type { Colour } from './line.ts';

/** The same scale for terminals without colours. */
const SHADES = ['.', ':', '-', '=', '+', '*', '#', '%', '@'] as const;

/** Few enough levels that neighbours often share one, which keeps what is written short. */
const NR_LEVELS = 48;
const LEVELS: readonly Colour[] = Array.from({ length: NR_LEVELS }, (_, level) =>
  rampColour(THERMOCLINE_RAMP, level / (NR_LEVELS - 1)),
);

/** The colour of a heat from 0 (never accessed) to 1 (in each sample). */
export function heatColour(heat: number): Colour {
  return LEVELS[Math.round(heatContrast(heat) * (NR_LEVELS - 1))]!;
}

/** The character of a heat from 0 to 1. */
export function heatShade(heat: number): string {
  return SHADES[Math.round(heatContrast(heat) * (SHADES.length - 1))]!;
}
