/** DAMON's operations on a simulated machine: see README.md. */
import type { MonitoredTarget, Operations, OperationsContext } from '../../core/operations.ts';
import {
  type MappedRun,
  PAGE_SIZE,
  runsWithin,
  type SimProcess,
  type SimulatedMachine,
} from '../../host/sim/index.ts';
import type { OperationsId } from '../../params/types.ts';
import { physicalPriority, virtualPriority } from '../priorities.ts';
import { threeRegions } from '../three-regions.ts';
import { largestCount, SimAccess } from './access.ts';
import { applyPhysical, applyVirtual } from './apply.ts';
import { countProbeHits } from './attributes.ts';
import { simCapabilities } from './probe.ts';

/**
 * Operations on the machine's processes (`vaddr`, `fvaddr`) or on its physical memory (`paddr`).
 */
export function simOperations(machine: SimulatedMachine, operationsId: OperationsId): Operations {
  return operationsId === 'paddr'
    ? physicalOperations(machine)
    : virtualOperations(machine, operationsId);
}

function virtualOperations(machine: SimulatedMachine, id: 'vaddr' | 'fvaddr'): Operations {
  const access = new SimAccess(machine);
  const processOf = ({ pid }: MonitoredTarget): SimProcess | undefined =>
    pid === undefined ? undefined : machine.process(pid);
  const follow = (context: OperationsContext, targets: readonly MonitoredTarget[]) => {
    for (const target of targets) {
      const process = processOf(target);
      const ranges = process && threeRegions(process.vmas, context.minRegionSize);
      if (ranges) context.setRegions(target, ranges);
    }
  };
  return {
    id,
    capabilities: () => simCapabilities(id),
    ...(id === 'vaddr' && {
      init: (context) =>
        follow(
          context,
          context.targets.filter(({ regions }) => regions.nr === 0),
        ),
      update: (context) => follow(context, context.targets),
    }),
    prepare: (context, target) => {
      if (processOf(target)) access.prepare(context, target);
    },
    check: (context, target) => {
      const process = processOf(target);
      return process ? access.check(context, target, process) : largestCount(target.regions, 0);
    },
    priority: virtualPriority,
    apply: (_context, region, outcome) => {
      machine.catchUp();
      const process = processOf(region.target);
      if (process) applyVirtual(machine, process, region, outcome);
    },
    targetValid: (target) => processOf(target) !== undefined,
  };
}

function physicalOperations(machine: SimulatedMachine): Operations {
  const access = new SimAccess(machine);
  let frames: readonly MappedRun[] = [];
  let framesVersion = -1;
  // A pass works on what was in memory when it began.
  let inPass = false;
  const framesNow = () => {
    if (framesVersion !== machine.memory.version) frames = machine.mappedFrames();
    framesVersion = machine.memory.version;
    return frames;
  };
  return {
    id: 'paddr',
    capabilities: () => simCapabilities('paddr'),
    prepare: (context, target) => access.prepare(context, target),
    check: (context, target) => access.check(context, target, null),
    probe: (context, target) => {
      if (context.probes.length === 0) return;
      machine.catchUp();
      const map = access.mapOf(null, context.attrs.sampleIntervalUs);
      countProbeHits(context, target, map);
    },
    priority: physicalPriority,
    apply: (context, region, outcome) => {
      machine.catchUp();
      if (!inPass) framesNow();
      inPass = true;
      applyPhysical(machine, frames, context.addrUnit, region, outcome);
    },
    passEnded: () => {
      inPass = false;
    },
    residentBytes: ({ addrUnit }, _target, start, end, nid) => {
      const nodes = machine.physicalRanges;
      const within = nid < 0 ? nodes : nodes.slice(nid, nid + 1);
      const all = inPass ? frames : framesNow();
      const pages = within.flatMap((node) =>
        runsWithin(all, Math.max(start * addrUnit, node.start), Math.min(end * addrUnit, node.end)),
      );
      return pages.reduce((sum, run) => sum + (run.end - run.first) * PAGE_SIZE, 0);
    },
  };
}
