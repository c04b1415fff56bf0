import { signal } from '@preact/signals';
import { describe, expect, test } from 'vitest';
import { snapshotOf } from '../testing/snapshot-of.ts';
import { HeatController } from './heat-controller.ts';
import { Picture } from './picture.ts';

/** A picture of 30 s in 300 pixels that has seconds 1 to `untilS` of a history. */
function heatUntil(untilS: number): { heat: HeatController; goOn: (untilS: number) => void } {
  const picture = new Picture();
  const heat = new HeatController(picture, signal(null));
  let nowS = 0;
  const goOn = (until: number) => {
    while (nowS < until) {
      const snapshot = snapshotOf(++nowS, [{ pages: [0, 512], accesses: 1 }]);
      picture.add([{ snapshot, spanUs: 1e6 }]);
      heat.update();
    }
  };
  heat.resize(300, 100);
  goOn(untilS);
  return { heat, goOn };
}

describe('a paused picture', () => {
  for (const seenS of [5, 29, 300]) {
    test(`of ${seenS} s stays where it is, until it is to follow`, () => {
      const { heat, goOn } = heatUntil(seenS);
      heat.follow(false);
      const paused = heat.view.value;
      goOn(seenS + 100);
      expect(heat.view.value).toEqual(paused);
      heat.follow(true);
      expect(heat.view.value.fromUs).toBe(paused.fromUs + 100e6);
    });
  }

  test('of a history shorter than it stays paused as it moves along addresses', () => {
    const { heat, goOn } = heatUntil(10);
    heat.follow(false);
    heat.zoom({ x: 1, y: 2 });
    const { fromUs } = heat.view.value;
    goOn(15);
    heat.pan(0, -20);
    expect(heat.view.value.fromUs).toBe(fromUs);
    expect(heat.follows.value).toBe(false);
    heat.zoom({ x: 8, y: 1 });
    expect(heat.view.value.fromUs).toBe(heat.picture.world.fromUs);
  });

  test('is scrubbed to where it can be filled, and to the newest, which it follows then', () => {
    const { heat, goOn } = heatUntil(100);
    heat.scrubTo(1e6);
    expect(heat.view.value.fromUs).toBe(heat.picture.world.fromUs);
    expect(heat.follows.value).toBe(false);
    goOn(120);
    heat.scrubTo(60e6);
    expect(heat.view.value.fromUs).toBe(30e6);
    heat.scrubTo(120e6);
    expect(heat.follows.value).toBe(true);
  });
});
