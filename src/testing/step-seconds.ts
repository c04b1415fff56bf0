import type { VirtualClock } from '../base/clock.ts';
import type { AcmaLoop, AcmaReport } from '../control/acma/acma-loop.ts';
import type { FakeQemu } from './fake-qemu.ts';

/** A fake guest under a loop on a clock that stands still otherwise. */
export interface Stepped {
  readonly loop: AcmaLoop;
  readonly clock: VirtualClock;
  readonly qemu: FakeQemu;
}

/** Steps once a second, `each` before each step; returns the last report. */
export async function stepSeconds(
  { loop, clock, qemu }: Stepped,
  seconds: number,
  each: () => void = () => {},
): Promise<AcmaReport> {
  let report: AcmaReport | null = null;
  for (let second = 0; second < seconds; second++) {
    clock.advance(1e6);
    each();
    qemu.tick();
    report = await loop.step();
  }
  return report!;
}
