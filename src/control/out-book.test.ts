import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutBook } from './out-book.ts';

test('what comes back is likelier to have left lately, and has been idle since before it left', () => {
  const book = new OutBook();
  book.leave(100, 10, 0);
  book.leave(100, 10, 990);
  const returns = book.comeBack(50, 1000);
  expect(returns.map(({ idleUs }) => idleUs)).toEqual([1010, 20]);
  expect(returns[1]!.bytes / returns[0]!.bytes).toBeCloseTo(1010 / 20);
});

test('gives back all of what came back, whatever was known of it, and stays small', () => {
  const event = fc.record({ left: fc.nat(1000), back: fc.nat(1000) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 200 }), (events) => {
      const book = new OutBook();
      let out = false;
      for (const [at, { left, back }] of events.entries()) {
        book.leave(left, 5, at * 10);
        out ||= left > 0;
        const returns = book.comeBack(back, at * 10 + 5);
        expect(returns.length).toBeLessThanOrEqual(64);
        const sum = returns.reduce((total, { bytes }) => total + bytes, 0);
        if (returns.length > 0) expect(sum).toBeCloseTo(back);
        else if (back > 0 && out) expect(returns).toEqual([]);
      }
    }),
  );
});
