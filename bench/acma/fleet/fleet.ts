/** The fleet: guests of the suite in other sizes, with other seeds, and at other times. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { type AccessSpec, parseScenario, type Scenario } from '../../../src/host/sim/index.ts';

/** One row of `fleet.yaml`. */
interface Member {
  readonly plant: string;
  readonly size: number;
  readonly seed: number;
  readonly laterS: number;
}

/** Guests of one host. */
export interface Fleet {
  readonly guests: readonly Scenario[];
  /** What all of them may have together. */
  readonly budgetBytes: number;
}

/** Reads the fleet and its plants. */
export function readFleet(): Fleet {
  const here = import.meta.dirname;
  const { budgetShare, guests } = parse(readFileSync(path.join(here, 'fleet.yaml'), 'utf8')) as {
    readonly budgetShare: number;
    readonly guests: readonly Member[];
  };
  const scenarios = guests.map((member) => {
    const file = path.join(here, '..', 'plants', `${member.plant}.yaml`);
    return scenarioOf(parseScenario(readFileSync(file, 'utf8'), file), member);
  });
  const most = scenarios.reduce((sum, { acma }) => sum + acma!.maxBytes, 0);
  return { guests: scenarios, budgetBytes: budgetShare * most };
}

function scenarioOf(plant: Scenario, { size, seed, laterS }: Member): Scenario {
  const scaled = <T extends { readonly sizeBytes: number }>(one: T): T => ({
    ...one,
    sizeBytes: one.sizeBytes * size,
  });
  const acma = plant.acma!;
  const { minBytes, maxBytes, guest } = acma;
  return {
    ...plant,
    seed,
    nodes: plant.nodes.map(scaled),
    swap: scaled(plant.swap),
    acma: {
      ...acma,
      minBytes: minBytes * size,
      maxBytes: maxBytes * size,
      guest: { ...guest, bytesPerSecond: guest.bytesPerSecond * size },
    },
    processes: plant.processes.map((process) => ({
      ...process,
      vmas: process.vmas.map(scaled),
      accesses: process.accesses.map((access) => rateOf(access, size)),
      phases: process.phases.map((phase, index) => ({
        ...phase,
        durationUs: phase.durationUs + (index === 0 ? laterS * 1e6 : 0),
        accesses: phase.accesses.map((access) => rateOf(access, size)),
      })),
    })),
  };
}

/** Rates are by page; what goes by bytes grows with the mapping. */
function rateOf(access: AccessSpec, size: number): AccessSpec {
  if (!('bytesPerSecond' in access)) return access;
  return { ...access, bytesPerSecond: access.bytesPerSecond * size };
}
