import { expect, test } from 'vitest';
import { LeveledHistory } from './leveled-history.ts';

/** The items that one stands for. */
interface Span {
  readonly from: number;
  readonly to: number;
}

const join = (spans: readonly Span[]): Span => ({ from: spans[0]!.from, to: spans.at(-1)!.to });

function historyOf(maxBytes: number, nrItems: number, bytesOf: () => number) {
  const history = new LeveledHistory<Span>({ maxBytes, bytesOf, join });
  for (let at = 0; at < nrItems; at++) history.add({ from: at, to: at + 1 });
  return history;
}

test('keeps what it has room for as it is', () => {
  expect(historyOf(4000, 10, () => 100).items()).toEqual(
    Array.from({ length: 10 }, (_, at) => ({ from: at, to: at + 1 })),
  );
});

test('has no gap up to the newest item, and coarser items the older they are', () => {
  const spans = historyOf(4000, 5000, () => 100).items();
  for (const [index, { from }] of spans.slice(1).entries()) expect(from).toBe(spans[index]!.to);
  expect(spans.at(-1)).toEqual({ from: 4999, to: 5000 });
  const lengths = spans.map(({ from, to }) => to - from);
  expect(lengths).toEqual(lengths.toSorted((a, b) => b - a));
  expect([...new Set(lengths)]).toEqual([512, 64, 8, 1]);
});

test('never takes more than it may, but for the newest of each level', () => {
  const history = new LeveledHistory<Span>({ maxBytes: 4000, bytesOf: () => 100, join });
  for (let at = 0; at < 100_000; at++) {
    history.add({ from: at, to: at + 1 });
    expect(history.bytes).toBeLessThanOrEqual(4000);
  }
  expect(history.bytes).toBe(history.items().length * 100);
  expect(historyOf(4000, 1000, () => 9999).items()).toHaveLength(4);
});

test('has a limit of items, too', () => {
  expect(historyOf(2 ** 40, 300_000, () => 1).items().length).toBeLessThanOrEqual(4 * 512);
});
