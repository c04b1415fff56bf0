import { expect, test } from 'vitest';
import { monitorNameFor } from './monitor-name.ts';
import { pressureShares } from './pressure-rate.ts';

test.each([
  ['postgres', [], 'postgres'],
  ['/system.slice/db.service', [], 'db.service'],
  ['Web Content (x)', [], 'Web-Content-x-'],
  ['/', [], 'monitor'],
  ['..hidden', [], 'hidden'],
  ['db', ['db', 'db-2'], 'db-3'],
  ['a'.repeat(99), [], 'a'.repeat(58)],
])('a monitor of %j, beside %j, is called %s', (subject, taken, name) => {
  expect(monitorNameFor(subject, taken)).toBe(name);
});

test('pressure is the share of time that was lost between two looks', () => {
  const before = { timeMs: 1000, someUs: 500, fullUs: 0 };
  expect(pressureShares(undefined, before)).toBeNull();
  expect(pressureShares(before, { timeMs: 2000, someUs: 250_500, fullUs: 1000 })).toEqual({
    some: 0.25,
    full: 0.001,
  });
  expect(pressureShares(before, before)).toBeNull();
});
