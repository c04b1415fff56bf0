/** Files and folders of the fake sysfs tree, with the kernel's rules for what can be written. */
import { ULONG_MAX } from '../../base/arithmetic.ts';

/** A file; without `write` it is read only. */
export interface FakeFile {
  read(): string;
  write?(text: string): void;
}

export type FakeFolder = Map<string, FakeNode>;
export type FakeNode = FakeFile | FakeFolder;

/** Thrown by a file that refuses, with the name of the kernel's error number. */
export class Refusal extends Error {
  readonly errno: string;

  constructor(errno: string) {
    super(errno);
    this.errno = errno;
  }
}

/** A file that keeps one value. The kernel's side of the fake may set `value` at any time. */
export class ValueFile<T> implements FakeFile {
  value: T;
  readonly write?: (text: string) => void;
  readonly #format: (value: T) => string;

  /** @param parse absent for a file that is read only */
  constructor(value: T, format: (value: T) => string, parse?: (text: string) => T) {
    this.value = value;
    this.#format = format;
    if (parse) {
      this.write = (text) => {
        this.value = parse(text.replace(/\n$/, ''));
      };
    }
  }

  read(): string {
    return `${this.#format(this.value)}\n`;
  }
}

/** A folder of what is there; `false` stands for what this kernel lacks. */
export function folder(entries: Readonly<Record<string, FakeNode | false>>): FakeFolder {
  return new Map(
    Object.entries(entries).filter((entry): entry is [string, FakeNode] => entry[1] !== false),
  );
}

const number = (value: bigint) => String(value);

/** An `unsigned long`. */
export function unsigned(value: bigint): ValueFile<bigint> {
  return new ValueFile(value, number, (text) => parseInteger(text, 0n, ULONG_MAX));
}

/** An `unsigned int`. */
export function unsigned32(value: bigint): ValueFile<bigint> {
  return new ValueFile(value, number, (text) => parseInteger(text, 0n, 2n ** 32n - 1n));
}

/** An `int`. */
export function signed(value: bigint): ValueFile<bigint> {
  return new ValueFile(value, number, parseInt32);
}

/** The same file, which says EINVAL whatever it refuses a number for. */
export function onlyInvalid(file: FakeFile): FakeFile {
  return {
    read: () => file.read(),
    write: (text) => {
      try {
        file.write!(text);
      } catch {
        throw new Refusal('EINVAL');
      }
    },
  };
}

/** A counter that only the kernel sets. */
export function counter(value = 0n): ValueFile<bigint> {
  return new ValueFile(value, number);
}

/**
 * A `bool`, in any of the words that the kernel takes.
 * @param enables whether they may begin like "enabled" and "disabled"
 */
export function bool(enables: boolean): ValueFile<boolean> {
  return new ValueFile(
    false,
    (on) => (on ? 'Y' : 'N'),
    (text) => parseBool(text, enables),
  );
}

/** One of the words that are known. */
export function keyword(value: string, known: readonly string[]): ValueFile<string> {
  return new ValueFile(
    value,
    (word) => word,
    (text) => {
      if (!known.includes(text)) throw new Refusal('EINVAL');
      return text;
    },
  );
}

/** An `int` from text, or the refusal that the kernel has for it. */
export function parseInt32(text: string): bigint {
  return parseInteger(text, -(2n ** 31n), 2n ** 31n - 1n);
}

/** Any base by its prefix, as the kernel reads numbers (spec 10). */
function parseInteger(text: string, min: bigint, max: bigint): bigint {
  const match = /^([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  if (!match || (match[1] === '-' && min === 0n)) throw new Refusal('EINVAL');
  const digits = match[2]!;
  const size = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = match[1] === '-' ? -size : size;
  if (value < min || value > max) throw new Refusal('ERANGE');
  return value;
}

function parseBool(text: string, enables: boolean): boolean {
  if (/^([yt1]|on)/i.test(text) || (enables && /^e/i.test(text))) return true;
  if (/^([nf0]|of)/i.test(text) || (enables && /^d/i.test(text))) return false;
  throw new Refusal('EINVAL');
}
