import { ThermoclineError } from '../../base/errors.ts';
import { show, unknownField } from '../closest.ts';
import type { Bound } from '../types.ts';
import * as texts from './number-texts.ts';

/** A value of a damo file together with where it stands, so that every complaint can name it. */
export class Field {
  readonly path: string;
  readonly value: unknown;

  constructor(path: string, value: unknown) {
    this.path = path;
    this.value = value;
  }

  /** Left out, or null, which damo writes for what it has no value for. */
  get missing(): boolean {
    return this.value === undefined || this.value === null;
  }

  fail(expects: string): never {
    const problem = `${this.path} is ${show(this.value ?? undefined)}; write ${expects}.`;
    throw new ThermoclineError('TC_INVALID', problem);
  }

  /** Refuses fields that damo does not have, so that a slip is not taken for a default. */
  only(...known: readonly string[]): this {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      this.fail(`an object with ${known.join(', ')}`);
    }
    const strange = Object.keys(this.value).find((key) => !known.includes(key));
    if (strange === undefined) return this;
    throw new ThermoclineError('TC_INVALID', `${this.path} ${unknownField(strange, known)}`);
  }

  /** The field `key` of an object; missing when it isn't there. */
  at(key: string): Field {
    const value =
      typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, key)
        ? (this.value as Record<string, unknown>)[key]
        : undefined;
    return new Field(this.path === '' ? key : `${this.path}.${key}`, value);
  }

  /** The entries of a list; none when it is missing. */
  items(): Field[] {
    if (this.missing) return [];
    if (!Array.isArray(this.value)) this.fail('a list');
    return this.value.map((item: unknown, index) => new Field(`${this.path}[${index}]`, item));
  }

  #whole(read: (value: unknown) => Bound | undefined, expects: string, fallback?: number): number {
    if (this.missing && fallback !== undefined) return fallback;
    const number = read(this.value);
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) {
      this.fail(`${expects}, as a whole number below 2^53`);
    }
    return number;
  }

  #bound(read: (value: unknown) => Bound | undefined, expects: string, fallback: Bound): Bound {
    if (this.missing) return fallback;
    const bound = read(this.value);
    return bound === 'max' ? bound : this.#whole(read, expects);
  }

  count(fallback?: number): number {
    return this.#whole(texts.parseNumber, 'a count like 10 or "1,000"', fallback);
  }

  size(fallback?: number): number {
    return this.#whole(texts.parseSize, SIZE, fallback);
  }

  sizeBound(fallback: Bound): Bound {
    return this.#bound(texts.parseSize, `${SIZE} or "max"`, fallback);
  }

  time(unit: texts.TimeUnit, fallback?: number): number {
    const expects = `a time in whole ${unit} like 5 or "5 ms"`;
    return this.#whole((value) => texts.parseTime(value, unit), expects, fallback);
  }

  timeBound(unit: texts.TimeUnit, fallback: Bound): Bound {
    const expects = `a time in whole ${unit} like 5 or "5 ms" or "max"`;
    return this.#bound((value) => texts.parseTime(value, unit), expects, fallback);
  }

  share(whole: number, fallback?: number): number {
    const expects = `a share like "4 %", or parts of ${whole}`;
    return this.#whole((value) => texts.parseShare(value, whole), expects, fallback);
  }

  flag(fallback?: boolean): boolean {
    if (this.missing && fallback !== undefined) return fallback;
    return texts.parseFlag(this.value) ?? this.fail('true or false, or "Y" or "N"');
  }

  word<T extends string>(words: readonly T[], fallback?: T): T {
    if (this.missing && fallback !== undefined) return fallback;
    return words.find((word) => word === this.value) ?? this.fail(`one of ${words.join(', ')}`);
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '') this.fail('a text');
    return this.value;
  }
}

const SIZE = 'a size like 4096, "4K" or "1.5 GiB" (units in upper case)';
