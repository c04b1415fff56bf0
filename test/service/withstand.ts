/** Lets hostile requests loose on a service, and checks that each is refused and none acts. */
import { listenOnLoopback } from '../../src/service/listen.ts';
import { bytesInUse } from './bytes-in-use.ts';
import { type Answer, attack, attackSlowly } from './hostile-requests.ts';
import { VirtualService } from './virtual-service.ts';

/** What came of it. */
export interface Withstood {
  /** How many requests got which status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Not refused, or refused without a sentence. */
  readonly wrong: readonly Answer[];
  /** Whether any monitor is other than before. */
  readonly acted: boolean;
  readonly faults: number;
  /** Memory in use after a collection, beside that after a tenth of the requests. */
  readonly grownBytes: number;
}

/** @param nrSlow requests that never become whole, at the same time as the others */
export async function withstand(count: number, nrSlow: number, seed: number): Promise<Withstood> {
  await using virtual = new VirtualService();
  const goals = [{ metric: 'user_input', targetValue: 10 }];
  await virtual.service.create(
    {
      name: 'app',
      watch: { kind: 'simulation', scenario: 'demo' },
      params: { schemes: [{ action: 'stat', quota: { goals } }] },
    },
    'api',
  );
  // Nobody is refused for being too fast here: that would hide what the others are refused for.
  const clock = setInterval(() => {
    virtual.nowMs += 60_000;
  }, 1);
  const listener = await listenOnLoopback(virtual.app, 0);
  virtual.hosts.push(`127.0.0.1:${listener.port}`);
  const state = () => JSON.stringify(virtual.service.monitors().map((monitor) => monitor.view()));
  const before = state();
  const target = { port: listener.port, actToken: virtual.token('act'), seed };
  try {
    const slow = Array.from({ length: nrSlow }, () => attackSlowly(target));
    const answers = await attack(target, Math.ceil(count / 10));
    const early = await bytesInUse();
    answers.push(...(await attack({ ...target, seed: seed + 1 }, count - answers.length)));
    const grownBytes = (await bytesInUse()) - early;
    answers.push(...(await Promise.all(slow)));
    const statuses: Record<string, number> = {};
    for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1;
    const wrong = answers.filter(({ status, detail }) => {
      return status < 400 || status >= 500 || !/^\w.{10,}\.$/s.test(detail);
    });
    const acted = state() !== before;
    return { statuses, wrong, acted, faults: virtual.faults.length, grownBytes };
  } finally {
    clearInterval(clock);
    await listener.close();
  }
}
