import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellLevel, fitted, followed, type HeatView, isAtEnd, pan, zoom } from './heat-view.ts';

const SNAPSHOT_US = 100_000;
const world = { fromUs: 0, toUs: 60e6, totalBytes: 4 * 2 ** 30 };
const view: HeatView = {
  fromUs: 0,
  usPerPixel: 60_000,
  offset: 0,
  bytesPerPixel: world.totalBytes / 500,
  width: 1000,
  height: 500,
};

describe('cells of a view', () => {
  test('are snapshots and pages where these are large enough to be seen', () => {
    const near = { ...view, usPerPixel: 50_000, bytesPerPixel: 1000 };
    expect(cellLevel(near, SNAPSHOT_US)).toEqual({ usPerCell: SNAPSHOT_US, bytesPerCell: 4096 });
  });

  test('are at least a pixel, and below two, where they are not', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e6, noNaN: true }), (farther) => {
        const usPerPixel = SNAPSHOT_US * farther;
        const pixels = cellLevel({ ...view, usPerPixel }, SNAPSHOT_US).usPerCell / usPerPixel;
        expect(pixels).toBeGreaterThanOrEqual(1 - 1e-6);
        expect(pixels).toBeLessThan(2 + 1e-6);
      }),
    );
  });
});

describe('moving about', () => {
  test('zooms around a point, which keeps its place', () => {
    const at = { x: 300, y: 200 };
    const nearer = zoom(view, at, { x: 4, y: 2 }, world, SNAPSHOT_US);
    expect(nearer.fromUs + at.x * nearer.usPerPixel).toBeCloseTo(at.x * view.usPerPixel);
    expect(nearer.offset + at.y * nearer.bytesPerPixel).toBeCloseTo(at.y * view.bytesPerPixel);
    expect(nearer.usPerPixel).toBe(15_000);
  });

  test('reaches single pages and single snapshots, and not below', () => {
    let nearest = view;
    for (let step = 0; step < 60; step++) {
      nearest = zoom(nearest, { x: 0, y: 0 }, { x: 2, y: 2 }, world, SNAPSHOT_US);
    }
    expect(nearest.bytesPerPixel).toBe(64);
    expect(nearest.usPerPixel).toBe(SNAPSHOT_US / 64);
  });

  test('never leaves what there is', () => {
    const move = fc.record({
      x: fc.integer({ min: -3000, max: 3000 }),
      y: fc.integer({ min: -3000, max: 3000 }),
      factor: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), (moves) => {
        let at = view;
        for (const { x, y, factor } of moves) {
          at = pan(at, x, y, world);
          at = zoom(at, { x: 500, y: 250 }, { x: factor, y: factor }, world, SNAPSHOT_US);
          expect(at.offset).toBeGreaterThanOrEqual(0);
          expect(at.offset + at.height * at.bytesPerPixel).toBeLessThanOrEqual(
            world.totalBytes * (1 + 1e-9),
          );
          expect(at.fromUs + at.width * at.usPerPixel).toBeLessThanOrEqual(world.toUs + 1);
        }
      }),
    );
  });

  test('knows the end, and goes back to it', () => {
    const nearer = zoom(view, { x: 0, y: 0 }, { x: 4, y: 1 }, world, SNAPSHOT_US);
    expect(isAtEnd(nearer, world)).toBe(false);
    expect(isAtEnd(followed(nearer, world), world)).toBe(true);
  });

  test('fits all addresses', () => {
    const tall = fitted({ ...view, height: 100, offset: 2 ** 30 }, world);
    expect(tall.offset).toBe(0);
    expect(tall.bytesPerPixel * tall.height).toBe(world.totalBytes);
  });
});
