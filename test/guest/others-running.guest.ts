/**
 * No command changes anything of three slots of somebody else: a kdamond that runs, a set-up beside
 * it that does not, and a kdamond whose last snapshot is in its files, as damo leaves it there.
 */
import { HandMadeKdamond, switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite } from './harness.ts';
import { testsBeside } from './other-users.ts';
import type { Workload } from './workload.ts';

function threeSlots({ pid }: Workload): Disposable {
  switchDamonStatOff();
  using slots = new DisposableStack();
  const made = [
    { operations: 'vaddr', pid } as const,
    { operations: 'vaddr', pid } as const,
    { operations: 'paddr', start: 0x10000000, end: 0x18000000 } as const,
  ].map((watched, index) => slots.use(new HandMadeKdamond(watched, { index, count: 3 })));
  const [running, , looked] = made;
  running!.command('on');
  looked!.command('on');
  // Any question to it would replace these.
  looked!.regions();
  looked!.command('update_schemes_stats');
  return slots.move();
}

const suite: GuestSuite = {
  kernels: ['newest', '6.12'],
  topology: 'plain',
  onRequest: true,
  tests: testsBeside(threeSlots),
};
export default suite;
