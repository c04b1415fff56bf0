/** What a run of a policy shows of each step. */
import { bandwidthBytesPerSecond, idleTimePercentilesMs } from '../../analysis/damon-stat.ts';
import { formatBytes, formatDuration, formatShare } from '../../base/units.ts';
import type { LoopMode, LoopReport } from '../../control/policy-loop.ts';

/** From here on, stretched intervals are worth a word. */
const NOTED_STRETCH = 2;

/** Percentiles of idle time that `stat` prints. */
const PERCENTILES = [25, 50, 75, 95] as const;

/** A step as one object for programs: bytes, microseconds, shares from 0 to 1. */
export function reportObject(policy: string, mode: LoopMode, report: LoopReport): object {
  const { snapshot, params, ...rest } = report;
  const taker = params.schemes.find(({ action }) => action !== 'stat');
  return {
    policy,
    mode,
    ...rest,
    score: { ...rest.score, value: Math.min(rest.score.value, Number.MAX_VALUE) },
    quotaBytes: taker?.quota.sizeBytes ?? null,
    sampleIntervalUs: snapshot.sampleIntervalUs,
    aggregationIntervalUs: snapshot.aggregationIntervalUs,
    nrRegions: snapshot.nrRegions,
    bandwidthBytesPerSecond: bandwidthBytesPerSecond(snapshot),
    idleTimePercentilesMs: idleTimePercentilesMs(snapshot),
  };
}

/** A step as one line for people. */
export function reportLine(mode: LoopMode, startUs: number, report: LoopReport): string {
  const time = formatDuration(Math.max(0, report.timeUs - startUs)).padStart(8);
  if (!report.params.schemes.some(({ action }) => action === 'pageout')) {
    const why = report.params.schemes.length > 0 ? `; ${report.why}` : '';
    return `${time}  ${idleText(report)}${why}${stretchText(report)}`;
  }
  const { leftBytes, cameBackBytes, grossBytes, netBytes, pressureShare, score } = report;
  const verb = mode === 'shadow' ? 'would have left' : 'left';
  return (
    `${time}  ${formatBytes(leftBytes)} ${verb}, ${formatBytes(cameBackBytes)} came back; ` +
    `saved ${formatBytes(netBytes)} net, ${formatBytes(grossBytes)} gross; ` +
    `pressure ${formatShare(pressureShare)}, score ${scoreText(score.value)} by ${score.by}; ${report.why}` +
    stretchText(report)
  );
}

/** Memory that is looked at so seldom is found cold late. */
export function stretchText({ stretch }: Pick<LoopReport, 'stretch'>): string {
  if (stretch < NOTED_STRETCH) return '';
  return ` Watching is ${stretch.toFixed(0)} times as slow as planned, to keep its ceiling.`;
}

function scoreText(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : 'unknown';
}

function idleText({ snapshot }: LoopReport): string {
  const percentiles = idleTimePercentilesMs(snapshot);
  const idle = PERCENTILES.map((percent) => {
    const ms = percentiles[percent] ?? 0;
    const since = ms < 0 ? 'in use' : formatDuration(ms * 1000);
    return `${percent} % ${since}`;
  });
  return (
    `idle for: ${idle.join(', ')}; about ${formatBytes(bandwidthBytesPerSecond(snapshot))} a second ` +
    `in ${snapshot.nrRegions} regions`
  );
}
