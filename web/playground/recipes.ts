/** Schemes to try, each with a few knobs. What they make is what a parameter file would hold. */
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';

const MIB = 2 ** 20;

/** One knob. Its slider runs evenly through `steps`. */
export interface Knob {
  readonly name: string;
  readonly meaning: string;
  readonly steps: readonly number[];
  readonly preset: number;
  readonly format: (value: number) => string;
}

/** Values of knobs by their names. */
export type KnobValues = Readonly<Record<string, number>>;

/** One way to act on memory. */
export interface Recipe {
  readonly name: string;
  readonly about: string;
  /** Nodes that the machine has to have. */
  readonly nrNodes: number;
  readonly knobs: readonly Knob[];
  params(values: KnobValues, nodes: readonly { readonly sizeBytes: number }[]): object;
}

const SECOND = 1e6;
const ages = [0.5, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 120].map((s) => s * SECOND);
const rates = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map((mib) => mib * MIB);
const perSecond = (bytes: number) => `${formatBytes(bytes)}/s`;

const coldAge: Knob = {
  name: 'Cold after',
  meaning: 'Memory that was not accessed for so long is cold.',
  steps: ages,
  preset: 5 * SECOND,
  format: formatDuration,
};

const rate = (meaning: string, preset: number): Knob => ({
  name: 'At most',
  meaning,
  steps: rates,
  preset: preset * MIB,
  format: perSecond,
});

const pressure: Knob = {
  name: 'Accepted pressure',
  meaning: 'Memory pressure (PSI) to aim at: share of time in which somebody waits for memory.',
  steps: [0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
  preset: 0,
  format: (share) => (share === 0 ? 'not looked at' : formatShare(share)),
};

const watch: Recipe = {
  name: 'Watch only',
  about: 'No scheme: both machines are the same. See what there is before you act.',
  nrNodes: 1,
  knobs: [],
  params: () => ({}),
};

const reclaim: Recipe = {
  name: 'Reclaim cold memory',
  about: 'Pages out what was not accessed for a while, the longest untouched first.',
  nrNodes: 1,
  knobs: [coldAge, rate('Pages out no more than this in a second.', 128), pressure],
  params: (values) => ({
    schemes: [
      {
        action: 'pageout',
        pattern: {
          sizeBytes: { min: '4K' },
          nrAccesses: { max: 0 },
          age: { min: `${values['Cold after']! / 1000}ms` },
        },
        quota: {
          sizeBytes: values['At most'],
          resetIntervalMs: '1s',
          weights: { agePermil: '100 %' },
          ...(values['Accepted pressure']! > 0 && {
            goals: [
              {
                metric: 'some_mem_psi_us',
                targetValue: Math.round(values['Accepted pressure']! * 1e6),
              },
            ],
          }),
        },
      },
    ],
  }),
};

const tier: Recipe = {
  name: 'Tier hot and cold memory',
  about:
    'Trades cold pages of the fast node for hot pages of the slow one, until two aims are met.',
  nrNodes: 2,
  knobs: [
    rate('Moves no more than this in a second, in each direction.', 256),
    {
      name: 'Keep free',
      meaning: 'Share of the fast node that is kept free for what comes next.',
      steps: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
      preset: 0.005,
      format: formatShare,
    },
  ],
  params: (values, [fast, slow]) => {
    const fastBytes = fast!.sizeBytes;
    const allBytes = fastBytes + slow!.sizeBytes;
    const quota = (goal: object) => ({
      sizeBytes: values['At most'],
      resetIntervalMs: '1s',
      weights: { nrAccessesPermil: 100, agePermil: 100 },
      goalTuner: 'temporal',
      goals: [goal],
    });
    const freeBp = Math.round(values['Keep free']! * 10_000);
    const outside = (start: number, end: number) => ({
      type: 'addr',
      matching: false,
      allow: false,
      range: { start, end },
    });
    return {
      operations: 'paddr',
      targets: [{ regions: [{ start: 0, end: allBytes }] }],
      attrs: 'auto',
      schemes: [
        {
          action: 'migrate_cold',
          targetNid: 1,
          pattern: { sizeBytes: { min: '4K' }, nrAccesses: { max: 0 } },
          applyIntervalUs: '1s',
          quota: quota({ metric: 'node_mem_free_bp', nid: 0, targetValue: freeBp }),
          filters: [outside(0, fastBytes), { type: 'young', allow: false }],
        },
        {
          action: 'migrate_hot',
          targetNid: 0,
          pattern: { sizeBytes: { min: '4K' }, nrAccesses: { min: 1 } },
          applyIntervalUs: '1s',
          // A little above what is kept free, so that pages keep trading places.
          quota: quota({
            metric: 'node_mem_used_bp',
            nid: 0,
            targetValue: Math.min(10_000 - freeBp + 20, 9_999),
          }),
          filters: [outside(fastBytes, allBytes), { type: 'young', matching: false, allow: false }],
        },
      ],
    };
  },
};

export const RECIPES: readonly Recipe[] = [reclaim, tier, watch];

/** The recipe of a name; the first one where there is none. */
export function recipeNamed(name: string): Recipe {
  return RECIPES.find((recipe) => recipe.name === name) ?? RECIPES[0]!;
}

/** Every knob at its preset. */
export function presets(recipe: Recipe): KnobValues {
  return Object.fromEntries(recipe.knobs.map(({ name, preset }) => [name, preset]));
}
