import { describe, expect, test } from 'vitest';
import { RequestLatency } from './request-latency.ts';

const idle = { seconds: 1, perSecond: 0, cost: 1, waits: 0, waitUs: 0 };

describe('requests one after the other', () => {
  test('take as long as their work, spread exponentially', () => {
    const latency = new RequestLatency(1000);
    latency.add(idle, 1);
    expect(latency.quantileUs(0.5) / (1000 * Math.log(2))).toBeCloseTo(1, 2);
    expect(latency.quantileUs(0.99) / (1000 * Math.log(100))).toBeCloseTo(1, 2);
  });

  test('wait for pages, and for slower memory', () => {
    const latency = new RequestLatency(1000);
    // 800 requests in a second, each of 1.1 ms and a quarter of a page of 600 us.
    latency.add({ ...idle, cost: 1.1, waits: 200, waitUs: 600 }, 0.8);
    expect(latency.quantileUs(0.99) / (1250 * Math.log(100))).toBeCloseTo(1, 2);
  });

  test('are remembered, and can be looked at from a moment on', () => {
    const latency = new RequestLatency(1000);
    for (let second = 0; second < 100; second++) latency.add(idle, 1);
    const before = latency.counts.slice();
    latency.add({ ...idle, cost: 10 }, 0.1);
    // One second in a hundred is slow, but few requests are served in it.
    expect(latency.quantileUs(0.99) / (1000 * Math.log(100))).toBeLessThan(1.05);
    expect(latency.quantileUs(0.99, before) / (10_000 * Math.log(100))).toBeCloseTo(1, 2);
  });
});

describe('requests at a rate of their own', () => {
  test.each([0.1, 0.5, 0.9])('queue as the books say at a load of %f', (load) => {
    const latency = new RequestLatency(1000);
    latency.add({ ...idle, perSecond: load * 1000 }, 1);
    const p99Us = (1000 / (1 - load)) * Math.log(100);
    expect(latency.quantileUs(0.99) / p99Us).toBeCloseTo(1, 2);
  });

  test('pile up in a moment of stalls, and late ones count', () => {
    const latency = new RequestLatency(1000);
    latency.add({ ...idle, perSecond: 500 }, 1);
    const before = latency.counts.slice();
    latency.add({ ...idle, perSecond: 500 }, 0);
    latency.add({ ...idle, perSecond: 500 }, 1);
    expect(latency.quantileUs(0.5, before)).toBeGreaterThan(300_000);
  });
});

test('no requests have no latency', () => {
  expect(new RequestLatency(1000).quantileUs(0.99)).toBe(0);
});
