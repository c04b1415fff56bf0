/**
 * Everything of a `.tcr` record but its snapshots, as JSON: there is little of it, and people can
 * read it. What is read is checked, since anybody may have written it.
 */
import { toJsonNumber } from '../base/json-number.ts';
import type {
  Footprint,
  RecordedMapping,
  RecordItem,
  RecordingOrigin,
  Series,
  SeriesIntervals,
} from './recording.ts';
import { MAX_JSON_BYTES, MAX_SERIES } from './tcr-format.ts';
import { DamageError } from './varint.ts';

/** Deeper than anything that is written: those who walk through values may recurse. */
const MAX_DEPTH = 32;

/** A note: an event, or a warning that a reader of a foreign format had. */
export type NoteItem = Extract<RecordItem, { kind: 'event' | 'warning' }>;

type Fields = Readonly<Record<string, unknown>>;

/** JSON of an origin; the format is that of the file. */
export function originJson({ host, kernelRelease, source, params }: RecordingOrigin): string {
  return JSON.stringify({ host, kernelRelease, source, params });
}

/** JSON of one series. */
export function seriesJson(index: number, series: Series): string {
  return JSON.stringify({ index, ...series });
}

/** One element of a frame of notes. */
export function noteJson(item: NoteItem): string {
  const timeNs = item.kind === 'event' ? toJsonNumber(item.timeNs) : null;
  return JSON.stringify([item.kind, timeNs, item.text]);
}

/** One element of a frame of footprints. */
export function footprintJson(footprint: Footprint): string {
  const { timeNs, pid, virtualBytes, residentBytes } = footprint;
  return JSON.stringify([toJsonNumber(timeNs), pid, virtualBytes, residentBytes]);
}

/** One element of a frame of mappings. */
export function mappingJson({ timeNs, pid, start, end, name }: RecordedMapping): string {
  return JSON.stringify([toJsonNumber(timeNs), pid, start, end, name]);
}

/** @throws DamageError, as do all below */
export function readOrigin(bytes: Uint8Array): RecordingOrigin {
  const fields = fieldsOf(readJson(bytes));
  return {
    format: 'tcr',
    host: orNull(textOf)(fields['host']),
    kernelRelease: orNull(textOf)(fields['kernelRelease']),
    source: orNull(textOf)(fields['source']),
    params: fields['params'] ?? null,
  };
}

/** A series and its index. */
export function readSeries(bytes: Uint8Array): { readonly index: number; readonly series: Series } {
  const fields = fieldsOf(readJson(bytes));
  const index = numberOf(fields['index']);
  if (!Number.isInteger(index) || index < 0 || index >= MAX_SERIES) {
    throw new DamageError("its series has an index that can't be");
  }
  const series: Series = {
    kdamondIndex: orNull(numberOf)(fields['kdamondIndex']),
    contextIndex: orNull(numberOf)(fields['contextIndex']),
    schemeIndex: orNull(numberOf)(fields['schemeIndex']),
    targetId: orNull(textOf)(fields['targetId']),
    pid: orNull(numberOf)(fields['pid']),
    intervals: orNull(intervalsOf)(fields['intervals']),
    filters: listOf(fields['filters']),
  };
  return { index, series };
}

/** Events and warnings. */
export function readNotes(bytes: Uint8Array): NoteItem[] {
  return listOf(readJson(bytes)).map((element) => {
    const [kind, time, text] = listOf(element);
    if (kind === 'warning') return { kind, text: textOf(text) };
    return { kind: 'event', timeNs: timeOf(time), text: textOf(text) };
  });
}

/** Footprints, as items. */
export function readFootprints(bytes: Uint8Array): RecordItem[] {
  return listOf(readJson(bytes)).map((element) => {
    const [time, pid, virtualBytes, residentBytes] = listOf(element);
    const footprint: Footprint = {
      timeNs: timeOf(time),
      pid: orNull(numberOf)(pid),
      virtualBytes: numberOf(virtualBytes),
      residentBytes: numberOf(residentBytes),
    };
    return { kind: 'footprint', footprint };
  });
}

/** Mappings, as items. */
export function readMappings(bytes: Uint8Array): RecordItem[] {
  return listOf(readJson(bytes)).map((element) => {
    const [time, pid, start, end, name] = listOf(element);
    const mapping: RecordedMapping = {
      timeNs: timeOf(time),
      pid: numberOf(pid),
      start: numberOf(start),
      end: numberOf(end),
      name: textOf(name),
    };
    return { kind: 'mapping', mapping };
  });
}

function readJson(bytes: Uint8Array): unknown {
  if (bytes.length > MAX_JSON_BYTES) throw new DamageError('its text is too long');
  checkDepth(bytes);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new DamageError('its text is no JSON');
  }
}

/** Counts brackets outside of strings, so that no parser has to follow them down. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === 0x22) isText = !isText;
    else if (isText && byte === 0x5c) at += 1;
    else if (isText) continue;
    else if (byte === 0x5b || byte === 0x7b) depth += 1;
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
    if (depth > MAX_DEPTH) throw new DamageError('its text is nested too deeply');
  }
}

function intervalsOf(value: unknown): SeriesIntervals {
  const fields = fieldsOf(value);
  return {
    sampleIntervalUs: numberOf(fields['sampleIntervalUs']),
    aggregationIntervalUs: numberOf(fields['aggregationIntervalUs']),
    operationsUpdateIntervalUs: numberOf(fields['operationsUpdateIntervalUs']),
    goal: orNull(goalOf)(fields['goal']),
  };
}

function goalOf(value: unknown): NonNullable<SeriesIntervals['goal']> {
  const fields = fieldsOf(value);
  return {
    accessBp: numberOf(fields['accessBp']),
    aggregations: numberOf(fields['aggregations']),
    minSampleIntervalUs: numberOf(fields['minSampleIntervalUs']),
    maxSampleIntervalUs: numberOf(fields['maxSampleIntervalUs']),
  };
}

function orNull<Value>(read: (value: unknown) => Value): (value: unknown) => Value | null {
  return (value) => (value === null || value === undefined ? null : read(value));
}

function fieldsOf(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new DamageError('an object is missing in it');
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new DamageError('a list is missing in it');
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new DamageError('a text is missing in it');
}

function numberOf(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DamageError('a number is missing in it');
}

function timeOf(value: unknown): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw new DamageError('a time is missing in it');
}
