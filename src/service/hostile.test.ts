import { expect, test } from 'vitest';
import { withstand } from '../../test/service/withstand.ts';

test('a thousand hostile requests, and slow ones: all refused with a sentence, none acts, memory flat', async () => {
  const { statuses, wrong, acted, faults, grownBytes } = await withstand(1000, 8, 1);
  expect(wrong.slice(0, 5)).toEqual([]);
  expect({ acted, faults }).toEqual({ acted: false, faults: 0 });
  expect(Object.keys(statuses)).toEqual(
    expect.arrayContaining(['400', '401', '403', '404', '408', '413', '415', '431']),
  );
  expect(grownBytes).toBeLessThan(4 * 2 ** 20);
}, 120_000);
