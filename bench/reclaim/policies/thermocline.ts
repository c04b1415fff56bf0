/** The loop of `thermocline reclaim run`, with its preset knobs, on the whole machine. */
import { VirtualClock } from '../../../src/base/clock.ts';
import { firstParams, PolicyLoop } from '../../../src/control/policy-loop.ts';
import { SimLoopHost, simFacts } from '../../../src/control/sim-loop-host.ts';
import { SimulatedMachine } from '../../../src/host/sim/index.ts';
import { VirtualMonitor } from '../../../src/monitor/virtual-monitor.ts';
import { type PolicyFacts, presetKnobs } from '../../../src/policies/policy.ts';
import { reclaim } from '../../../src/policies/reclaim.ts';
import type { Policy } from '../policy.ts';

const STEP_US = 1_000_000;

/** Steps once a second. */
export const thermocline: Policy = {
  async start({ scenario }) {
    const knobs = presetKnobs(reclaim);
    const facts: PolicyFacts = {
      host: simFacts(new SimulatedMachine(scenario, new VirtualClock())),
      subject: { kind: 'machine' },
      watcher: 'sim',
      pids: [],
      ownCgroup: null,
      intervals: null,
    };
    const options = { policy: reclaim, knobs, facts, mode: 'run' } as const;
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
          await loop.step();
        }
      },
    };
  },
};
