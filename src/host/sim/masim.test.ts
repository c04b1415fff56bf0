import { describe, expect, test } from 'vitest';
import { ThermoclineError } from '../../base/errors.ts';
import { parseMasim } from './masim.ts';

const ZIGZAG = `# two regions
a, 104857600, none
b, 104857600

zig
5000
a, 1, 4096, 50, wo
b, 1, 4096, 150

zag
2500
b, 0, 64, 1
`;

test('reads regions, phases and weights', () => {
  const { vmas, phases } = parseMasim(ZIGZAG, 'zigzag');
  expect(vmas).toEqual([
    { name: 'a', kind: 'anon', sizeBytes: 104857600, populated: true },
    { name: 'b', kind: 'anon', sizeBytes: 104857600, populated: true },
  ]);
  expect(phases.map(({ durationUs }) => durationUs)).toEqual([5_000_000, 2_500_000]);
  const uniform = { pattern: 'uniform', from: 0, to: 1 };
  // Ten million accesses a second, divided by weight, over 25,600 pages each.
  expect(phases[0]!.accesses).toEqual([
    { vma: 'a', ...uniform, ratePerSecond: 2_500_000 / 25_600 },
    { vma: 'b', ...uniform, ratePerSecond: 7_500_000 / 25_600 },
  ]);
  // In steps of 64 bytes, 64 accesses visit one page.
  expect(phases[1]!.accesses).toEqual([
    { vma: 'b', ...uniform, ratePerSecond: 10_000_000 / 64 / 25_600 },
  ]);
});

test('takes what masim itself stumbles over', () => {
  const loose = ZIGZAG.trimEnd()
    .replaceAll(', ', ',')
    .replaceAll('\n', '\r\n')
    .replace('\r\nzag', '\r\n\r\n  zag  ');
  expect(parseMasim(`\n${loose}`, 'loose')).toEqual(parseMasim(ZIGZAG, 'zigzag'));
});

test('rounds regions up to whole pages', () => {
  const { vmas } = parseMasim('a, 5000\n\np\n10\na, 1, 1, 1\n', 'small');
  expect(vmas[0]!.sizeBytes).toBe(8192);
});

describe('names the line of', () => {
  test.each([
    ['nothing', '', 1, 'no regions'],
    ['no phases', 'a, 4096\n', 1, 'no phases'],
    ['a region without size', 'a\n\np\n1\n', 1, 'not a region'],
    ['a size with a unit', 'a, 4K\n\np\n1\n', 1, '"4K"'],
    ['an empty region', 'a, 0\n\np\n1\n', 1, '0 bytes'],
    ['initial data', 'a, 4096, /etc/passwd\n\np\n1\n', 1, '/etc/passwd'],
    ['two regions of one name', 'a, 4096\na, 4096\n\np\n1\n', 1, 'one name'],
    ['a phase without time', 'a, 4096\n\np\n', 3, 'lacks its milliseconds'],
    ['a phase of no time', 'a, 4096\n\np\n0\n', 4, 'takes no time'],
    ['an unknown region', 'a, 4096\n\np\n1\nb, 1, 1, 1\n', 5, '"b"'],
    ['an odd randomness', 'a, 4096\n\np\n1\na, yes, 1, 1\n', 5, '"yes"'],
    ['an odd mode', 'a, 4096\n\np\n1\na, 1, 1, 1, x\n', 5, '"x"'],
    ['a short pattern', 'a, 4096\n\np\n1\na, 1\n', 5, 'is not "region'],
  ])('%s', (_, text, line, problem) => {
    const parse = () => parseMasim(text, 'bad.masim');
    expect(parse).toThrow(ThermoclineError);
    expect(parse).toThrow(`The masim file bad.masim, line ${line}: `);
    expect(parse).toThrow(problem);
  });
});
