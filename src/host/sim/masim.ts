import { ThermoclineError } from '../../base/errors.ts';
import { PAGE_SIZE } from './page.ts';
import type { AccessSpec, PhaseSpec, VmaSpec } from './scenario.ts';

/** masim accesses memory as fast as it can: about one access in the 100 ns that one takes. */
const ACCESSES_PER_SECOND = 10_000_000;

const MAX_LINES = 100_000;

interface Paragraph {
  readonly lines: readonly string[];
  /** Line number of the first, from 1. */
  readonly firstLine: number;
}

/**
 * Reads a configuration file of masim, the memory access simulator that DAMON is tested with: a
 * paragraph of regions, then one for each phase. Comments, blanks, repeated empty lines and a
 * missing final newline are taken where masim is strict.
 * @param source names the file in errors
 */
export function parseMasim(
  text: string,
  source: string,
): { readonly vmas: readonly VmaSpec[]; readonly phases: readonly PhaseSpec[] } {
  const fail = (line: number, problem: string): never => {
    throw new ThermoclineError('TC_INVALID', `The masim file ${source}, line ${line}: ${problem}.`);
  };
  const [regions, ...rest] = paragraphs(text, fail);
  if (regions === undefined) return fail(1, 'it has no regions; begin with lines like "a, 4096"');
  if (rest.length === 0) return fail(1, 'it has no phases; add one after an empty line');
  const vmas = regions.lines.map((line, index) => region(line, regions.firstLine + index, fail));
  const sizes = new Map(vmas.map(({ name, sizeBytes }) => [name, sizeBytes]));
  if (sizes.size < vmas.length) fail(regions.firstLine, 'two regions have one name');
  return { vmas, phases: rest.map((paragraph) => phase(paragraph, sizes, fail)) };
}

type Fail = (line: number, problem: string) => never;

function paragraphs(text: string, fail: Fail): Paragraph[] {
  const result: Paragraph[] = [];
  let lines: string[] = [];
  const all = text.split(/\r?\n/);
  if (all.length > MAX_LINES) fail(MAX_LINES, `it has more than ${MAX_LINES} lines`);
  for (const [index, raw] of [...all, ''].entries()) {
    const line = raw.trim();
    if (line.startsWith('#')) continue;
    if (line !== '') {
      lines.push(line);
      if (lines.length === 1) result.push({ lines, firstLine: index + 1 });
    } else {
      lines = [];
    }
  }
  return result;
}

function region(line: string, number: number, fail: Fail): VmaSpec {
  const [name, size, data, ...more] = fields(line);
  if (!name || size === undefined || more.length > 0) {
    return fail(number, `"${line}" is not a region; write a name and its bytes, like "a, 4096"`);
  }
  if (data !== undefined && data !== 'none') {
    fail(
      number,
      `region ${name} wants the data of file "${data}", which has no use here; say none`,
    );
  }
  const bytes = count(size, number, `the size of region ${name}`, fail);
  if (bytes === 0 || bytes > 2 ** 46) fail(number, `region ${name} can't have ${bytes} bytes`);
  const sizeBytes = Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
  return { name, kind: 'anon', sizeBytes, populated: true };
}

function phase(paragraph: Paragraph, sizes: ReadonlyMap<string, number>, fail: Fail): PhaseSpec {
  const [name, time, ...lines] = paragraph.lines;
  const { firstLine } = paragraph;
  if (time === undefined) return fail(firstLine, `phase "${name}" lacks its milliseconds`);
  const durationMs = count(time, firstLine + 1, `the milliseconds of phase "${name}"`, fail);
  if (durationMs === 0) fail(firstLine + 1, `phase "${name}" takes no time`);
  const patterns = lines.map((line, index) => pattern(line, firstLine + 2 + index, sizes, fail));
  const total = patterns.reduce((sum, { weight }) => sum + weight, 0);
  const accesses = patterns
    .filter(({ weight }) => weight > 0)
    .map(({ vma, weight, pageShare }): AccessSpec => {
      const pages = sizes.get(vma)! / PAGE_SIZE;
      const ratePerSecond = (ACCESSES_PER_SECOND * (weight / total) * pageShare) / pages;
      return { vma, pattern: 'uniform', from: 0, to: 1, ratePerSecond };
    });
  return { durationUs: durationMs * 1000, accesses, releases: [] };
}

/** `pageShare`: page visits in one access; steps shorter than a page stay on it for a while. */
function pattern(
  line: string,
  number: number,
  sizes: ReadonlyMap<string, number>,
  fail: Fail,
): { vma: string; weight: number; pageShare: number } {
  const [vma, random, stride, weight, mode, ...more] = fields(line);
  if (!vma || random === undefined || stride === undefined || weight === undefined || more.length) {
    return fail(number, `"${line}" is not "region, random (1 or 0), stride, weight"`);
  }
  if (!sizes.has(vma)) fail(number, `"${vma}" is not one of the regions`);
  if (random !== '0' && random !== '1') fail(number, `random is "${random}"; write 1 or 0`);
  if (mode !== undefined && !['ro', 'wo', 'rw'].includes(mode)) {
    fail(number, `the mode is "${mode}"; write ro, wo or rw`);
  }
  const strideBytes = count(stride, number, 'the stride', fail);
  const pageShare = random === '1' ? 1 : Math.min(1, Math.max(1, strideBytes) / PAGE_SIZE);
  return { vma, weight: count(weight, number, 'the weight', fail), pageShare };
}

function fields(line: string): string[] {
  return line.split(',').map((field) => field.trim());
}

function count(text: string, line: number, what: string, fail: Fail): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) fail(line, `${what} is "${text}"; write a whole number`);
  return value;
}
