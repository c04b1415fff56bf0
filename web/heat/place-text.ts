/** A cell of the picture in words: for the read-out, and for screen readers. */
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import type { Picture } from './picture.ts';
import { labelAt } from './picture.ts';

/** What was seen at one place and time. */
export interface Reading {
  /** `12:03:04` or `1:05`. */
  readonly time: string;
  /** `[heap] + 12 MiB`, or the address where it has no name. */
  readonly place: string;
  readonly address: string;
  /** 0…1, or null where nothing was watched. */
  readonly heat: number | null;
  /** `accessed in 14 of 20 samples (70 %) for 3.2 s; region of 1.2 MiB`. */
  readonly sentence: string;
}

/** Reads the picture at a time and an offset on its axis; null where there is no picture. */
export function readingAt(picture: Picture, timeUs: number, offset: number): Reading | null {
  const place = picture.axis.value.placeAt(offset);
  if (place === null) return null;
  const { targetIndex, address } = place;
  const label = labelAt(picture.labels.value, targetIndex, address);
  const hex = `0x${address.toString(16)}`;
  const reading = {
    time: clockText(timeUs, picture.wallOffsetUs),
    place: label === null ? hex : `${label.name} + ${formatBytes(address - label.start)}`,
    address: hex,
  };
  const snapshot = picture.history.at(timeUs)?.snapshot;
  if (snapshot === undefined) return { ...reading, heat: null, sentence: 'nothing was recorded' };
  const { nrRegions, start, end, nrAccesses, maxNrAccesses, age, aggregationIntervalUs } = snapshot;
  for (let row = 0; row < nrRegions; row++) {
    if (snapshot.targetIndex[row] !== targetIndex) continue;
    if (start[row]! > address || end[row]! <= address) continue;
    const heat = nrAccesses[row]! / maxNrAccesses;
    const lastUs = age[row]! * aggregationIntervalUs;
    const since = lastUs > 0 ? ` for ${formatDuration(lastUs)}` : '';
    const region = `region of ${formatBytes(end[row]! - start[row]!)}`;
    const seen =
      heat > 0
        ? `accessed in ${nrAccesses[row]} of ${maxNrAccesses} samples (${formatShare(heat)})${since}`
        : `not accessed${since}`;
    return { ...reading, heat, sentence: `${seen}; ${region}` };
  }
  return { ...reading, heat: null, sentence: 'not watched then' };
}

/** The time of day, or on a virtual clock the time since its start; to a tenth of a second. */
export function clockText(timeUs: number, wallOffsetUs: number | null): string {
  const tenths = Math.round((timeUs + (wallOffsetUs ?? 0)) / 1e5);
  const fraction = tenths % 10 === 0 ? '' : `.${tenths % 10}`;
  if (wallOffsetUs !== null) {
    return new Date(tenths * 100).toLocaleTimeString('en-GB') + fraction;
  }
  const seconds = Math.floor(tenths / 10);
  const minutes = Math.floor(seconds / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock =
    minutes < 60
      ? `${minutes}:${two(seconds % 60)}`
      : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return clock + fraction;
}
