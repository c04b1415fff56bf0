import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameSpace } from './frames.ts';

test('hands out every frame once, and takes all back', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(60), fc.integer({ min: -1, max: 140 })));
  fc.assert(
    fc.property(steps, (list) => {
      const space = new FrameSpace(20, 100);
      const held: { start: number; count: number }[] = [];
      const used = new Set<number>();
      for (const [take, count, hint] of list) {
        if (take && space.freeCount > 0 && count > 0) {
          const run = space.take(count, hint);
          expect(run.count).toBeGreaterThan(0);
          expect(run.count).toBeLessThanOrEqual(count);
          for (let frame = run.start; frame < run.start + run.count; frame++) {
            expect(frame).toBeGreaterThanOrEqual(20);
            expect(frame).toBeLessThan(120);
            expect(used.has(frame)).toBe(false);
            used.add(frame);
          }
          held.push({ ...run });
        } else if (!take && held.length > 0) {
          const [run] = held.splice(count % held.length, 1);
          space.give(run!.start, run!.count);
          for (let frame = run!.start; frame < run!.start + run!.count; frame++) used.delete(frame);
        }
        expect(space.freeCount).toBe(100 - used.size);
      }
      for (const { start, count } of held) space.give(start, count);
      expect(space.take(100, -1)).toEqual({ start: 20, count: 100 });
    }),
  );
});

test('continues where it is asked to', () => {
  const space = new FrameSpace(0, 100);
  expect(space.take(10, -1)).toEqual({ start: 0, count: 10 });
  expect(space.take(10, 50)).toEqual({ start: 50, count: 10 });
  expect(space.take(5, 60)).toEqual({ start: 60, count: 5 });
  expect(space.take(5, 55)).toEqual({ start: 10, count: 5 });
});

test('does not take a frame back twice', () => {
  const space = new FrameSpace(0, 100);
  space.take(10, -1);
  space.give(0, 10);
  expect(() => space.give(5, 1)).toThrow('frames freed twice');
});
