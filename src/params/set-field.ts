import { ThermoclineError } from '../base/errors.ts';

/** A field of parameters and what it is to hold, as people write both. */
export interface FieldSetting {
  /** `schemes[0].quota.sizeBytes` */
  readonly path: string;
  /** As in a parameter file: `16MiB`, `5 ms`, `3`, `cold`, or JSON. */
  readonly text: string;
}

/**
 * Reads `path=value`.
 * @throws ThermoclineError TC_INVALID for anything else
 */
export function parseFieldSetting(setting: string): FieldSetting {
  const match = /^([\w.[\]]+)=(.*)$/s.exec(setting);
  if (match !== null) return { path: match[1]!, text: match[2]! };
  throw new ThermoclineError(
    'TC_INVALID',
    `--set is "${setting}"; write a field, = and a value, like schemes[0].quota.sizeBytes=16MiB.`,
  );
}

/**
 * A copy of parameters with one field set, yet to be read by `parseParams`, which knows units and
 * names.
 * @throws ThermoclineError TC_INVALID for an entry that a list doesn't have
 */
export function withField(params: unknown, { path, text }: FieldSetting): unknown {
  const keys = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  return changed(params, keys, writtenValue(text), path);
}

function changed(at: unknown, keys: readonly string[], value: unknown, path: string): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (Array.isArray(at)) {
    const index = Number(key);
    if (!(index < at.length)) {
      const has = `${at.length} ${at.length === 1 ? 'entry' : 'entries'}`;
      throw new ThermoclineError(
        'TC_INVALID',
        `${path}: the list has ${has}, and no entry ${key}; name one of them.`,
      );
    }
    return at.map((one, place) => (place === index ? changed(one, rest, value, path) : one));
  }
  const fields = typeof at === 'object' && at !== null ? (at as Record<string, unknown>) : {};
  return { ...fields, [key]: changed(fields[key], rest, value, path) };
}

/** JSON where it is some, else the text itself. */
function writtenValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
