/** The loop of `thermocline reclaim`, with its preset knobs, on the whole machine. */
import { VirtualClock } from '../../../src/base/clock.ts';
import {
  firstParams,
  type LoopMode,
  type LoopReport,
  PolicyLoop,
} from '../../../src/control/policy-loop.ts';
import { SimLoopHost, simFacts } from '../../../src/control/sim-loop-host.ts';
import { type Scenario, SimulatedMachine } from '../../../src/host/sim/index.ts';
import { VirtualMonitor } from '../../../src/monitor/virtual-monitor.ts';
import { type PolicyFacts, presetKnobs } from '../../../src/policies/policy.ts';
import { reclaim } from '../../../src/policies/reclaim.ts';
import type { Policy, PolicyRun } from '../policy.ts';

const STEP_US = 1_000_000;

/** As a run acts; steps once a second. */
export const thermocline: Policy = {
  start: ({ scenario }) => beginLoop(scenario, 'run', () => {}),
};

/** @param stepped told what each step has seen */
export async function beginLoop(
  scenario: Scenario,
  mode: LoopMode,
  stepped: (report: LoopReport) => void,
): Promise<PolicyRun> {
  const knobs = presetKnobs(reclaim);
  const facts: PolicyFacts = {
    host: simFacts(new SimulatedMachine(scenario, new VirtualClock())),
    subject: { kind: 'machine' },
    watcher: 'sim',
    pids: [],
    ownCgroup: null,
    intervals: null,
  };
  const options = { policy: reclaim, knobs, facts, mode } as const;
  const params = firstParams(options);
  const monitor = new VirtualMonitor({ scenario, params, seed: scenario.seed });
  const { machine } = monitor.simulation;
  await monitor.start();
  const host = new SimLoopHost(machine);
  const loop = new PolicyLoop({
    ...options,
    ...{ monitor, host, acceptableShare: knobs.pressureShare },
  });
  let leftUs = STEP_US;
  return {
    machine,
    async advance(durationUs) {
      for (let doneUs = 0; doneUs < durationUs; ) {
        const partUs = Math.min(leftUs, durationUs - doneUs);
        monitor.advance(partUs);
        doneUs += partUs;
        leftUs -= partUs;
        if (leftUs > 0) continue;
        leftUs = STEP_US;
        stepped(await loop.step());
      }
    },
  };
}
