import { describe, expect, test } from 'vitest';
import { FakeDamonSysfs } from '../testing/fake-damon-sysfs.ts';
import { applyParameterWrites, readModules, stageModule } from './module-parameters.ts';

const reclaim = (file: string) => `module/damon_reclaim/parameters/${file}`;

test('modules are read with what may be set and what they have counted', () => {
  const modules = readModules(new FakeDamonSysfs({ statAtBoot: true }));
  expect(modules.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['damon_stat', true],
    ['damon_reclaim', false],
    ['damon_lru_sort', false],
  ]);
  expect(modules[0]!.kdamondPid).toBeGreaterThan(0);
  expect(Object.keys(modules[0]!.parameters)).toEqual(['enabled']);
  expect(modules[0]!.figures).toMatchObject({ estimated_memory_bandwidth: '0' });
  expect(modules[1]!.parameters).toMatchObject({ min_age: '120000000', quota_sz: '134217728' });
  expect(readModules(new FakeDamonSysfs({ release: '6.12' })).map(({ name }) => name)).toEqual([
    'damon_reclaim',
    'damon_lru_sort',
  ]);
});

describe('setting parameters', () => {
  test('takes units, and switches on last', () => {
    const settings = ['enabled=Y', 'min_age=30s', 'quota_sz=64MiB', 'quota_reset_interval_ms=2s'];
    expect(stageModule(new FakeDamonSysfs(), 'damon_reclaim', settings)).toEqual([
      { path: reclaim('min_age'), text: '30000000' },
      { path: reclaim('quota_sz'), text: String(64 * 2 ** 20) },
      { path: reclaim('quota_reset_interval_ms'), text: '2000' },
      { path: reclaim('enabled'), text: 'Y' },
    ]);
  });

  test('of a module that runs ends with a commit', async () => {
    const fake = new FakeDamonSysfs();
    await applyParameterWrites(fake, stageModule(fake, 'damon_reclaim', ['enabled=Y']));
    const writes = stageModule(fake, 'damon_reclaim', ['min_age=30s']);
    expect(writes.at(-1)).toEqual({ path: reclaim('commit_inputs'), text: 'Y' });
    await applyParameterWrites(fake, writes);
    expect(fake.read(reclaim('min_age'))).toBe('30000000\n');
  });

  test.each([
    ['damon_nothing', 'a=1', 'This kernel has no module damon_nothing.'],
    ['damon_reclaim', 'min_ago=30s', 'damon_reclaim has no parameter min_ago; it has'],
    ['damon_reclaim', 'kdamond_pid=1', "is what the kernel tells; it can't be set."],
    ['damon_reclaim', 'min_age', '"min_age" is no setting'],
    ['damon_reclaim', 'min_age=old', 'min_age is "old"'],
    ['damon_reclaim', 'wmarks_high=many', 'write a whole number, or Y or N.'],
  ])('%s %s is refused in a sentence', (name, setting, sentence) => {
    expect(() => stageModule(new FakeDamonSysfs(), name, [setting])).toThrow(sentence);
  });

  test('says why the kernel refuses', async () => {
    const fake = new FakeDamonSysfs({ statAtBoot: true });
    const writes = stageModule(fake, 'damon_reclaim', ['enabled=Y']);
    // The kernel's lock would pass; that another module runs does not.
    await expect(applyParameterWrites(fake, writes)).rejects.toThrow('another module does');
  }, 20_000);
});
