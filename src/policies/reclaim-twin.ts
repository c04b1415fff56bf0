import { formatBytes, formatDuration } from '../base/units.ts';
import type { Attrs, Params, Quota } from '../params/types.ts';
import type { Comparison } from './policy.ts';

/** DAMON_RECLAIM's defaults (spec 9.1) beside what `reclaim` plans. */
export function compareReclaim({ schemes, attrs, operations }: Params): Comparison[] {
  const { pattern, quota } = schemes.find(({ action }) => action === 'pageout')!;
  const age = Number(pattern.age.min) * attrs.aggregationIntervalUs;
  return [
    {
      setting: 'idle time',
      module: '120 s',
      ours: `${formatDuration(age)} at least, and longer where memory came back sooner`,
      why: 'one idle time for all machines is too short for some and too long for the others',
    },
    {
      setting: 'aim',
      module: 'none (quota_mem_pressure_us 0)',
      ours: 'memory pressure, and what a service measures of itself',
      why: 'without an aim it goes on at full quota however much it hurts',
    },
    {
      setting: 'quota',
      module: '128 MiB and 10 ms of work a second',
      ours: `from ${rateText(quota)} on, doubling while nobody feels it`,
      why: 'harm is found out with little memory, and time on a slow device says nothing of bytes',
    },
    {
      setting: 'watermarks',
      module: 'only from 40 % free memory down to 20 %',
      ours: 'none',
      why: 'memory is to be handed back also where there is enough of it',
    },
    {
      setting: 'accesses',
      module: 'none in a region',
      ours:
        operations === 'paddr'
          ? `${String(pattern.nrAccesses.max)} of 20 samples at most, and none to the page itself`
          : 'none in a region',
      why: operations === 'paddr' ? 'idle pages between busy ones are worth taking, too' : '',
    },
    {
      setting: 'sampling interval',
      module: '5 ms, or tuned from 5 ms to 10 s',
      ...samplingInterval(attrs),
    },
  ];
}

/** Two digits are enough: the quota itself has no more. */
function rateText({ sizeBytes, resetIntervalMs }: Quota): string {
  const perSecond = (Number(sizeBytes) * 1000) / Number(resetIntervalMs);
  return `${formatBytes(Number(perSecond.toPrecision(2)))} a second`;
}

function samplingInterval({ sampleIntervalUs, intervalsGoal }: Attrs) {
  if (intervalsGoal.aggregations === 0) {
    return {
      ours: formatDuration(sampleIntervalUs),
      why: 'reading a process has a cost of its own, which a ceiling bounds',
    };
  }
  return {
    ours: `tuned, up to ${formatDuration(intervalsGoal.maxSampleIntervalUs)}`,
    why: 'a rare access is seen only by who waits for it, and the idle time has to be told apart',
  };
}
