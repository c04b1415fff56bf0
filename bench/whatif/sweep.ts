/**
 * How long a sweep of 200 parameter sets takes over a recording of a million region-samples: on all
 * processors, beside reading that recording once.
 */
import { availableParallelism } from 'node:os';
import { ask } from '../../src/analysis/question.ts';
import { gridOf } from '../../src/cli/whatif/grid.ts';
import { AccessRecording } from '../../src/cli/whatif/recorded-access.ts';
import { runSweep } from '../../src/cli/whatif/sweep.ts';
import { DEFAULT_ATTRS, DEFAULT_SCHEME, NO_QUOTA } from '../../src/params/defaults.ts';
import type { Params } from '../../src/params/types.ts';
import { type Bench, formatFigure } from '../harness.ts';
import { generateRecording } from '../record-generator.ts';

const nrSnapshots = 1000;
const nrRegions = 1000;
const mib = 2 ** 20;

/** Pages out what was untouched for `ageUs`, at most so much a second, coldest first. */
function paramsFor(ageUs: number, bytesPerSecond: number): Params {
  const min = Math.round(ageUs / DEFAULT_ATTRS.aggregationIntervalUs);
  return {
    ...{ operations: 'vaddr', addrUnit: 1, minRegionSize: 4096 },
    attrs: DEFAULT_ATTRS,
    ...{ targets: [], probes: [], paused: false },
    schemes: [
      {
        ...DEFAULT_SCHEME,
        action: 'pageout',
        pattern: {
          ...DEFAULT_SCHEME.pattern,
          nrAccesses: { min: 0, max: 0 },
          age: { min, max: 'max' },
        },
        quota: {
          ...NO_QUOTA,
          sizeBytes: bytesPerSecond,
          weights: { sizePermil: 0, nrAccessesPermil: 0, agePermil: 1000 },
        },
      },
    ],
  };
}

/** 200 of them, as `thermocline whatif --sweep` chooses them. */
function parameterSets(durationUs: number): Params[] {
  const knob = { meaning: '', preset: 0 };
  const knobs = [
    { ...knob, flag: 'cold-age', kind: 'duration', value: 5e6, min: 1e5, max: 2 ** 52 },
    {
      ...knob,
      flag: 'bytes-per-second',
      kind: 'byte-rate',
      value: 64 * mib,
      min: 4096,
      max: 2 ** 52,
    },
  ] as const;
  const ages = gridOf([knobs[0]], [], durationUs).filter((_, index) => index % 10 === 0);
  const rates = gridOf([knobs[1]], [], durationUs).filter((_, index) => index % 20 === 0);
  return ages.flatMap(([age]) => rates.map(([rate]) => paramsFor(age!, rate!)));
}

const bench: Bench = {
  about: 'a sweep over a recording of a million region-samples',
  async run(progress) {
    progress('whatif: reading the recording');
    const beganReading = performance.now();
    const [access] = await ask(generateRecording(nrSnapshots, nrRegions), [new AccessRecording()]);
    const readSeconds = (performance.now() - beganReading) / 1000;
    const pattern = access.pattern!;
    const sets = parameterSets(pattern.durationUs);
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    let shown = 0;
    await runSweep({
      ...{ pattern, sets, refaultUs: 100, absentBytes: 0, netShare: 1, seed: 1 },
      signal: new AbortController().signal,
      progress: (share) => {
        if (share < shown + 0.1) return;
        shown = share;
        progress(`whatif: ${Math.round(share * 100)} % of ${sets.length} sets`);
      },
    });
    const wallSeconds = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpuBefore);
    const cpuSeconds = (user + system) / 1e6;
    const samples = pattern.nrRegions * sets.length;
    const nsPerSample = (cpuSeconds * 1e9) / samples;
    const threads = Math.min(availableParallelism(), sets.length);
    const overReading = cpuSeconds / sets.length / readSeconds;
    return {
      json: {
        ...{ regionSamples: pattern.nrRegions, sets: sets.length, threads },
        ...{ wallSeconds, cpuSeconds, nsPerSample, readSeconds, overReading },
      },
      table: [
        [
          'region-samples',
          'sets',
          'threads',
          'wall s',
          'CPU s',
          'CPU / threads',
          'ns a sample',
          'set / reading',
        ],
        [
          ...[pattern.nrRegions, sets.length, threads].map(String),
          ...[wallSeconds, cpuSeconds, cpuSeconds / threads, nsPerSample].map(formatFigure),
          `${formatFigure(overReading)}x`,
        ],
      ],
      notes: [
        'A region-sample is one region of one snapshot; each is sampled 20 times.',
        'CPU / threads is what the wall time comes to where nothing else runs.',
        'Set / reading: the CPU of one set over generating and reading the recording once.',
      ],
    };
  },
};

export default bench;
