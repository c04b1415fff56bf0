import { setImmediate as breathe } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { ThermoclineError } from '../../src/base/errors.ts';
import type { ServiceEvent } from '../../src/client/api-types.ts';
import type { ThermoclineClient } from '../../src/client/client.ts';
import { Connection } from './connection.ts';

/** A service that can be down, closed to strangers, or silent. */
class FakeService {
  mode: 'up' | 'down' | 'locked' = 'up';
  calls = 0;
  nowMs = 0;
  readonly waits: { durationMs: number; over: () => void }[] = [];
  #event: ((event: ServiceEvent | null) => void) | null = null;

  readonly connection: Connection = new Connection({
    client: this as unknown as ThermoclineClient,
    nowMs: () => this.nowMs,
    wait: (durationMs, signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waits.push({ durationMs, over: resolve });
      signal.addEventListener('abort', () => resolve());
      return promise;
    },
  });

  async monitors() {
    this.calls += 1;
    if (this.mode === 'down') throw new ThermoclineError('TC_SYSTEM', 'It does not answer.');
    if (this.mode === 'locked') throw new ThermoclineError('TC_DENIED', 'This needs a token.');
    return [];
  }

  async host() {
    return { nodes: [] };
  }

  async signIn(code: string) {
    if (code !== 'right') throw new ThermoclineError('TC_DENIED', 'The code is wrong.');
    this.mode = 'up';
  }

  async *events({ signal }: { signal: AbortSignal }) {
    while (true) {
      const { promise, resolve } = Promise.withResolvers<ServiceEvent | null>();
      this.#event = resolve;
      signal.addEventListener('abort', () => resolve(null));
      const event = await promise;
      if (event === null) return;
      yield event;
    }
  }

  say(id: number): void {
    this.#event?.({ id, timeUs: 0, type: 'created', monitor: 'a', message: 'a is there.' });
  }

  breakLine(): void {
    this.#event?.(null);
  }

  /** Ends the wait of so many milliseconds. */
  pass(durationMs: number): void {
    this.nowMs += durationMs;
    this.waits.findLast((wait) => wait.durationMs === durationMs)!.over();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await breathe();
}

describe('the connection', () => {
  let service = new FakeService();
  const state = () => service.connection.state.value;
  const open = async (mode: FakeService['mode'], code: string | null = null) => {
    service = new FakeService();
    service.mode = mode;
    void service.connection.run(code);
    await settle();
  };
  afterEach(() => service.connection.close());

  test('is live once the service has answered', async () => {
    await open('up');
    expect(state()).toEqual({ kind: 'live' });
  });

  test('looks again when something has happened', async () => {
    await open('up');
    const { calls } = service;
    service.say(7);
    await settle();
    expect(service.calls).toBe(calls + 1);
    expect(service.connection.events.value.map(({ id }) => id)).toEqual([7]);
  });

  test('says since when it is lost, tries less and less often, and comes back', async () => {
    await open('up');
    service.mode = 'down';
    service.nowMs = 1000;
    service.breakLine();
    await settle();
    expect(state()).toEqual({ kind: 'lost', sinceMs: 1000, retryAtMs: 1500 });
    service.pass(500);
    await settle();
    expect(state()).toEqual({ kind: 'lost', sinceMs: 1000, retryAtMs: 2500 });
    service.mode = 'up';
    service.pass(1000);
    await settle();
    expect(state()).toEqual({ kind: 'live' });
  });

  test('tries at once when asked to', async () => {
    await open('down');
    expect(state().kind).toBe('lost');
    service.mode = 'up';
    service.connection.retry();
    await settle();
    expect(state().kind).toBe('live');
  });

  test('takes long silence for a lost line', async () => {
    await open('up');
    service.mode = 'down';
    service.nowMs = 60_000;
    service.pass(5000);
    await settle();
    expect(state().kind).toBe('lost');
  });

  test('is locked for strangers until they have a code', async () => {
    await open('locked');
    expect(state()).toEqual({ kind: 'locked', message: 'This needs a token.' });
    await service.connection.signIn('wrong');
    await settle();
    expect(state().kind).toBe('locked');
    await service.connection.signIn('right');
    await settle();
    expect(state().kind).toBe('live');
  });

  test('signs in by the code of a link', async () => {
    await open('locked', 'right');
    expect(state().kind).toBe('live');
  });
});
