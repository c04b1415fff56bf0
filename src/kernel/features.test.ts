import { describe, expect, test } from 'vitest';
import { type HistoryName, releaseHas } from '../testing/fake-damon/release-history.ts';
import { FakeDamonSysfs, type Release } from '../testing/fake-damon-sysfs.ts';
import { type FeatureName, hasFeature, probeOwnSlot, readFeatures } from './features.ts';
import { ADMIN_FOLDER } from './sysfs-files.ts';

async function withSlots(release: Release, nr = 1) {
  const files = new FakeDamonSysfs({ release });
  await files.write(`${ADMIN_FOLDER}/kdamonds/nr_kdamonds`, String(nr));
  return files;
}

describe('probing a slot of our own', () => {
  test.each<Release>(['6.1', '6.12', '6.17', '7.3'])('finds out all about %s', async (release) => {
    const files = await withSlots(release);
    const features = await probeOwnSlot(files, 0);
    const wrong = [...features].filter(
      ([name, { present }]) => present !== releaseHas(release, name as HistoryName),
    );
    expect(wrong).toEqual([]);
    expect(files.list(`${ADMIN_FOLDER}/kdamonds/0/contexts`)).toEqual(['nr_contexts']);
  });

  test('touches no other slot, and starts nothing', async () => {
    const files = await withSlots('7.3', 3);
    await files.write(`${ADMIN_FOLDER}/kdamonds/0/contexts/nr_contexts`, '1');
    const before = files.writes.length;
    const others = files.dump(`${ADMIN_FOLDER}/kdamonds/0`);
    await probeOwnSlot(files, 2);
    const written = files.writes.slice(before).map(({ path }) => path);
    expect(written.length).toBeGreaterThan(20);
    expect(written.every((path) => path.startsWith(`${ADMIN_FOLDER}/kdamonds/2/contexts/`))).toBe(
      true,
    );
    expect(files.dump(`${ADMIN_FOLDER}/kdamonds/0`)).toEqual(others);
  });
});

describe('reading only', () => {
  test('leaves unknown what no slot shows', () => {
    const files = new FakeDamonSysfs();
    const features = readFeatures(files);
    expect(hasFeature(features, 'pause')).toBeNull();
    expect(hasFeature(features, 'action pageout')).toBeNull();
    expect(hasFeature(features, 'operations paddr')).toBeNull();
    expect(hasFeature(features, 'module damon_stat')).toBe(true);
    expect(features.get('pause')!.how).toBe(
      'no slot has a set-up that would show contexts/0/pause',
    );
    expect(files.writes).toEqual([]);
  });

  test('sees what a set-up of somebody else shows', async () => {
    const files = await withSlots('6.12', 2);
    const slot = `${ADMIN_FOLDER}/kdamonds/1`;
    await files.write(`${slot}/contexts/nr_contexts`, '1');
    await files.write(`${slot}/contexts/0/schemes/nr_schemes`, '1');
    const before = files.writes.length;
    const features = readFeatures(files);
    const told = (name: FeatureName) => hasFeature(features, name);
    expect(told('operations paddr')).toBe(true);
    expect(told('intervals_goal')).toBe(false);
    expect(told('core_filters')).toBe(false);
    expect(told('filters')).toBe(true);
    // No filter is there to look into, so whether they can allow stays open.
    expect(told('allow filters')).toBeNull();
    expect(told('goal metric user_input')).toBeNull();
    expect(features.get('core_filters')!.how).toBe(
      `${slot}/contexts/0/schemes/0/core_filters does not exist`,
    );
    expect(files.writes.length).toBe(before);
  });

  test('knows that words are unknown where nothing takes them', async () => {
    const files = await withSlots('6.1');
    const slot = `${ADMIN_FOLDER}/kdamonds/0`;
    await files.write(`${slot}/contexts/nr_contexts`, '1');
    await files.write(`${slot}/contexts/0/schemes/nr_schemes`, '1');
    const features = readFeatures(files);
    expect(hasFeature(features, 'filter type anon')).toBe(false);
    expect(hasFeature(features, 'goal metric user_input')).toBe(false);
    expect(hasFeature(features, 'action stat')).toBeNull();
  });

  test('refuses a kernel without DAMON in a sentence', () => {
    const nothing = { read: () => '', list: () => [], exists: () => false };
    expect(() => readFeatures(nothing)).toThrow(
      'kernel/mm/damon/admin does not exist: this kernel has no DAMON, or none with the sysfs ' +
        'interface. Thermocline watches processes from user space there: leave --kernel out.',
    );
  });
});
