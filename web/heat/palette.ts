/** Colours of heat levels. Lightness rises in all of them, so each can be read without hue. */
import {
  heatContrast,
  type Rgb,
  rampColour,
  THERMOCLINE_RAMP,
} from '../../src/base/colour-ramp.ts';
import { NO_DATA } from './heat-raster.ts';

/** A scale of colours that people can choose. */
export type PaletteName = 'thermocline' | 'cividis' | 'viridis' | 'grey';

const RAMPS: Readonly<Record<PaletteName, readonly Rgb[]>> = {
  thermocline: THERMOCLINE_RAMP,
  cividis: [
    [0, 34, 78],
    [18, 53, 112],
    [59, 73, 108],
    [87, 93, 109],
    [112, 113, 115],
    [138, 134, 120],
    [165, 156, 116],
    [195, 179, 105],
    [254, 232, 56],
  ],
  viridis: [
    [68, 1, 84],
    [72, 40, 120],
    [62, 73, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [110, 206, 88],
    [181, 222, 43],
    [253, 231, 37],
  ],
  grey: [
    [18, 20, 24],
    [250, 250, 248],
  ],
};

export const PALETTE_NAMES = Object.keys(RAMPS) as PaletteName[];

/** Pixels of the 256 levels, as `ImageData` has them in a little-endian word; no data is clear. */
export function paletteWords(name: PaletteName): Uint32Array {
  const words = new Uint32Array(256);
  for (let level = 0; level < 256; level++) {
    if (level === NO_DATA) continue;
    const [red, green, blue] = rampColour(RAMPS[name], (level - 1) / 254);
    words[level] = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return words;
}

/** The colour of a heat from 0 to 1, for style sheets. */
export function heatCss(name: PaletteName, heat: number): string {
  return `rgb(${rampColour(RAMPS[name], heatContrast(heat)).join(' ')})`;
}

/** A gradient over heat from 0 to 1, with heat (not contrast) along it. */
export function gradientCss(name: PaletteName, direction: string): string {
  const nrStops = 16;
  const stops = Array.from({ length: nrStops + 1 }, (_, stop) => {
    const place = stop / nrStops;
    return `${heatCss(name, place * place)} ${place * 100}%`;
  });
  return `linear-gradient(${direction}, ${stops.join(', ')})`;
}
