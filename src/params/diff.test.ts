import { describe, expect, test } from 'vitest';
import { diffParams } from './diff.ts';
import { parseParams } from './parse.ts';
import { resolveParams } from './resolve.ts';
import type { Params } from './types.ts';

const params = (tree: object): Params => resolveParams(parseParams(tree, 'test'), 0);

describe('a commit', () => {
  test('of the same changes nothing', () => {
    const tree = { attrs: 'auto', targets: [{ pid: 7 }], schemes: [{ action: 'stat' }] };
    expect(diffParams(params(tree), params(tree))).toEqual([]);
  });

  test('of other quantities shows both in their unit', () => {
    const scheme = (sizeBytes: string, agePermil: string, min: string) => ({
      schemes: [
        {
          action: 'pageout',
          pattern: { sizeBytes: { min } },
          quota: { sizeBytes, weights: { agePermil } },
        },
      ],
    });
    expect(
      diffParams(params(scheme('128M', '10 %', '4K')), params(scheme('64M', '5 %', '1M'))),
    ).toEqual([
      'schemes[0].pattern.sizeBytes.min: 4 KiB -> 1 MiB',
      'schemes[0].quota.sizeBytes: 128 MiB -> 64 MiB',
      'schemes[0].quota.weights.agePermil: 10 % -> 5 %',
    ]);
  });

  test('of other attrs restarts the window', () => {
    expect(
      diffParams(
        params({}),
        params({ attrs: { sampleIntervalUs: '10ms', intervalsGoal: { accessBp: 400 } } }),
      ),
    ).toEqual([
      'attrs.sampleIntervalUs: 5 ms -> 10 ms',
      'attrs.intervalsGoal.accessBp: 0 % -> 4 %',
      'attrs.intervalsGoal.aggregations: 0 -> 3',
      'attrs.intervalsGoal.minSampleIntervalUs: 0 us -> 5 ms',
      'attrs.intervalsGoal.maxSampleIntervalUs: 0 us -> 10 s',
      'attrs change: the running window restarts, ages are rescaled, and every scheme and the ' +
        'operations update wait a full interval from now on',
    ]);
  });

  test('of more or fewer schemes names them and what is lost', () => {
    const one = params({ schemes: [{ action: 'stat' }] });
    const two = params({ schemes: [{ action: 'stat' }, { action: 'pageout' }] });
    expect(diffParams(one, two)).toEqual(['schemes[1]: added (page out regions)']);
    expect(diffParams(two, one)).toEqual([
      'schemes[1]: removed (page out regions), with its statistics',
    ]);
  });

  test('of another action at the same place keeps the statistics there', () => {
    const one = params({ schemes: [{ action: 'stat' }] });
    const other = params({ schemes: [{ action: 'cold' }] });
    expect(diffParams(one, other)).toEqual([
      'schemes[0].action: stat -> cold',
      'schemes[0] goes on with the statistics and the quota state of the old action',
    ]);
  });

  test('of anything wakes schemes up and measures pressure anew', () => {
    const tree = (paused: boolean) => ({
      paused,
      schemes: [
        {
          action: 'pageout',
          quota: { goals: [{ metric: 'some_mem_psi_us', targetValue: '10ms' }] },
          watermarks: { metric: 'free_mem_rate', highPermil: 500, midPermil: 400 },
        },
      ],
    });
    expect(diffParams(params(tree(false)), params(tree(true)))).toEqual([
      'paused: false -> true',
      'schemes[0] is active again until its watermarks are checked',
      'schemes[0] measures memory pressure anew from now on',
    ]);
  });

  test('of other targets tells what stays of the old ones', () => {
    const before = params({ targets: [{ pid: 7 }, { pid: 8 }, { pid: 9 }] });
    const after = params({
      targets: [
        { pid: 7, obsolete: true },
        { pid: 80, regions: [{ start: 0, end: 4096 }] },
      ],
    });
    expect(diffParams(before, after)).toEqual([
      'targets[0]: removed (process 7), with all that was learnt of it',
      'targets[1].pid: 8 -> 80',
      'targets[1].regions[0]: added ({"start":0,"end":4096})',
      'targets[1] keeps the regions and counts of the old pid',
      'targets[1] drops regions outside the new ranges; the others keep their counts',
      'targets[2]: removed (process 9), with all that was learnt of it',
    ]);
  });

  test('without ranges keeps those that run', () => {
    const before = params({
      operations: 'paddr',
      targets: [{ regions: [{ start: 0, end: 4096 }] }],
    });
    expect(diffParams(before, params({ operations: 'paddr' }))).toEqual([
      'targets[0].regions[0]: removed ({"start":0,"end":4096})',
      'targets[0] keeps the regions that it has',
    ]);
  });
});
