/**
 * What a shadow learns from looking at pages: how many of them are idle, and how many of those that
 * were are touched again. A look tells how many pages were idle since the one before, and not
 * which. Of memory whose pages are all touched now and then, a longer time between two looks finds
 * fewer of them idle; of memory in which some pages are busy and the others are not, as many. So
 * looks come after shorter and longer times, in turns.
 */

/** How many bytes were found idle, as long after the look before. */
interface Finding {
  readonly timeUs: number;
  readonly gapUs: number;
  readonly idleBytes: number;
}

/** Findings that are kept. */
const NR_FINDINGS = 7;
/** Fewer bytes are nothing: a page. */
const LEAST_BYTES = 4096;

/** The looks at one part of memory. */
export class PageLooks {
  readonly #findings: Finding[] = [];
  #perUs = 0;
  #timeUs = 0;

  /** Share of the pages that are idle at times of which each is touched in `us`. */
  touchedShare(us: number): number {
    return -Math.expm1(-this.#perUs * us);
  }

  /**
   * Notes what a look has found.
   * @returns share of what had been idle at the look before that was touched since, beyond what is
   * touched at any time; below 0 where more is idle than was
   */
  note(foundBytes: number, gapUs: number): number {
    const before = this.#findings.at(-1);
    const idleBytes = Math.max(LEAST_BYTES, foundBytes);
    this.#timeUs += gapUs;
    this.#findings.push({ timeUs: this.#timeUs, gapUs, idleBytes });
    if (this.#findings.length > NR_FINDINGS) this.#findings.shift();
    if (before === undefined) return 0;
    this.#perUs = touchRate(this.#findings) ?? this.#perUs;
    const expected = before.idleBytes * Math.exp(this.#perUs * (before.gapUs - gapUs));
    return 1 - idleBytes / expected;
  }

  /** Bytes that are idle for a time, by the last look; 0 before the first. */
  idleBytes(us: number): number {
    const last = this.#findings.at(-1);
    if (last === undefined) return 0;
    return last.idleBytes * Math.exp(this.#perUs * (last.gapUs - us));
  }
}

/**
 * How often each of the pages that are idle at times is touched, in a microsecond, if they are
 * touched at random: exp(-rate · time) of them are found idle then. Findings after a longer time
 * are held against those before and after them, and those after a shorter time as well: more or
 * less memory from look to look moves the two apart, and the lower counts. Medians of each, so that
 * what is touched all of a sudden doesn't.
 */
function touchRate(findings: readonly Finding[]): number | null {
  const longer: number[] = [];
  const shorter: number[] = [];
  for (const [at, { timeUs, gapUs, idleBytes }] of findings.entries()) {
    const before = findings[at - 1];
    const after = findings[at + 1];
    if (before === undefined || after === undefined) continue;
    const share = (timeUs - before.timeUs) / (after.timeUs - before.timeUs);
    const between = (of: (finding: Finding) => number) =>
      of(before) + (of(after) - of(before)) * share;
    const byUs = gapUs - between((finding) => finding.gapUs);
    // Looks as long apart as each other tell nothing.
    if (Math.abs(byUs) < gapUs / 8) continue;
    const fewer = Math.log(between((finding) => finding.idleBytes) / idleBytes);
    if (Math.abs(Math.log(after.idleBytes / before.idleBytes)) > Math.abs(fewer)) continue;
    (byUs > 0 ? longer : shorter).push(fewer / byUs);
  }
  if (longer.length === 0 || shorter.length === 0) {
    return findings.length === 2 ? rateOf(findings[0]!, findings[1]!) : null;
  }
  return Math.max(0, Math.min(median(longer), median(shorter)));
}

/** By the first two looks, until there are more. */
function rateOf(first: Finding, second: Finding): number {
  const rate = Math.log(first.idleBytes / second.idleBytes) / (second.gapUs - first.gapUs);
  return first.gapUs < second.gapUs ? Math.max(0, rate) : 0;
}

function median(values: number[]): number {
  values.sort((left, right) => left - right);
  const middle = (values.length - 1) / 2;
  return (values[Math.floor(middle)]! + values[Math.ceil(middle)]!) / 2;
}
