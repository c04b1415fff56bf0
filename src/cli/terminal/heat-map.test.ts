import { describe, expect, test } from 'vitest';
import { layOutBands } from './address-layout.ts';
import { bandHeat, type HeatColumn, heatMapLines, heatScale } from './heat-map.ts';
import { heatPanelLines } from './heat-panel.ts';
import { renderLine } from './line.ts';

function column(
  timeS: number,
  ...regions: [start: number, end: number, heat: number][]
): HeatColumn {
  return {
    timeUs: timeS * 1e6,
    start: Float64Array.from(regions, ([start]) => start),
    end: Float64Array.from(regions, ([, end]) => end),
    heat: Float64Array.from(regions, ([, , heat]) => heat),
  };
}

const ranges = [
  { start: 0, end: 400, weight: 400, name: '' },
  { start: 1000, end: 1200, weight: 200, name: '[heap]' },
];

describe('heat of a band', () => {
  const bands = layOutBands(ranges, 3, 1);

  test('is the average by bytes', () => {
    const mixed = column(0, [0, 50, 1], [50, 200, 0], [200, 400, 0.5]);
    expect([...bandHeat(mixed, bands)]).toEqual([0.25, 0.5, NaN]);
  });

  test('counts only what was watched, and is NaN where nothing was', () => {
    const partly = column(0, [100, 200, 1], [1100, 5000, 0.5]);
    expect([...bandHeat(partly, bands)]).toEqual([1, NaN, 0.5]);
  });
});

describe('the heat map', () => {
  const history = [
    column(0, [0, 400, 0]),
    column(1, [0, 400, 0], [1000, 1200, 0.1]),
    column(2, [0, 200, 1], [200, 400, 0], [1000, 1200, 0.3]),
  ];

  test('has addresses downwards and the newest column at the right', () => {
    const lines = heatMapLines(history, layOutBands(ranges, 3, 1), 5, 'none');
    expect(lines.map((line) => renderLine(line, 'none'))).toEqual(['  ..@', '  ...', '   =+']);
  });

  test('keeps the newest columns when not all fit', () => {
    const lines = heatMapLines(history, layOutBands(ranges, 3, 1), 2, 'none');
    expect(lines.map((line) => renderLine(line, 'none'))).toEqual(['.@', '..', '=+']);
  });

  test('shows two bands a row by half blocks where there are colours', () => {
    const lines = heatMapLines(history.slice(2), layOutBands(ranges.slice(0, 1), 1, 2), 1, '256');
    expect(renderLine(lines[0]!, 'truecolour')).toBe(
      '\x1b[0;38;2;255;236;160;48;2;10;24;66m▀\x1b[0m',
    );
  });

  test('leaves the half blank where nothing was watched', () => {
    const bands = layOutBands(ranges.slice(0, 1), 1, 2);
    const upper = heatMapLines([column(0, [0, 100, 1])], bands, 1, 'truecolour');
    const lower = heatMapLines([column(0, [300, 400, 1])], bands, 1, 'truecolour');
    expect(renderLine(upper[0]!, 'none') + renderLine(lower[0]!, 'none')).toBe('▀▄');
  });

  test('in its panel, has names and addresses at the left and time below', () => {
    const panel = heatPanelLines({
      ranges,
      history,
      width: 40,
      height: 4,
      depth: 'none',
      formatAddress: (address) => `0x${address.toString(16)}`,
    });
    expect(panel.map((line) => renderLine(line, 'none'))).toEqual([
      '0x0                                  ..@',
      '                                     ...',
      '[heap]                                =+',
      '                             2 s ago now',
    ]);
  });
});

describe('the scale', () => {
  test('goes from cold to hot', () => {
    expect(renderLine(heatScale('none', 9, 'never', 'always'), 'none')).toBe(
      'never .=+*##%%@ always',
    );
  });
});
