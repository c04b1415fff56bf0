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
    const statuses: Record<string, number> = {};
    const wrong: Answer[] = [];
    // Nothing of the answers is kept but this, so that what grows is the service.
    const judge = (answers: readonly Answer[]) => {
      for (const answer of answers) {
        const { status, detail } = answer;
        statuses[status] = (statuses[status] ?? 0) + 1;
        const isRefused = status >= 400 && status < 500 && /^\w.{10,}\.$/s.test(detail);
        if (!isRefused) wrong.push(answer);
      }
    };
    const slow = Promise.all(Array.from({ length: nrSlow }, () => attackSlowly(target)));
    const nrEarly = Math.ceil(count / 10);
    judge(await attack(target, nrEarly));
    const early = await bytesInUse();
    judge(await attack({ ...target, seed: seed + 1 }, count - nrEarly));
    const grownBytes = (await bytesInUse()) - early;
    judge(await slow);
    const acted = state() !== before;
    return { statuses, wrong, acted, faults: virtual.faults.length, grownBytes };
  } finally {
    clearInterval(clock);
    await listener.close();
  }
}
