/** Colours for heat: scales from cold to hot whose lightness rises all the way. */

/** Red, green and blue, 0…255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * From deep water to the warm surface. Lightness rises all the way, so that the order can also be
 * seen without telling the colours apart.
 */
export const THERMOCLINE_RAMP: readonly Rgb[] = [
  [10, 24, 66],
  [18, 78, 140],
  [28, 140, 150],
  [226, 142, 62],
  [255, 236, 160],
];

/** The colour at a place from 0 to 1 between evenly spaced stops. */
export function rampColour(stops: readonly Rgb[], place: number): Rgb {
  const scaled = place * (stops.length - 1);
  const index = Math.min(Math.floor(scaled), stops.length - 2);
  const share = scaled - index;
  const mix = (channel: 0 | 1 | 2) =>
    Math.round(stops[index]![channel] * (1 - share) + stops[index + 1]![channel] * share);
  return [mix(0), mix(1), mix(2)];
}

/** Stretches the low end of 0…1: the difference between never and seldom matters most. */
export function heatContrast(heat: number): number {
  return Math.sqrt(Math.min(Math.max(heat, 0), 1));
}
