import { formatBytes, formatDuration } from '../../src/base/units.ts';
import type { SelectedRegion } from '../heat/selection.ts';
import { IDLE_PERCENTILES, idleBuckets, idlePercentiles } from './region-figures.ts';

/** How long memory has been idle: bytes by duration, and percentiles. */
export function IdleBars({ regions }: { readonly regions: readonly SelectedRegion[] }) {
  const buckets = idleBuckets(regions);
  const most = Math.max(...buckets.map(({ bytes }) => bytes), 1);
  const percentiles = idlePercentiles(regions);
  return (
    <>
      <table class="bars">
        <caption>Memory by idle time</caption>
        <tbody>
          {buckets.map(({ from, to, bytes }, index) => (
            <tr key={from}>
              <th scope="row">{bucketName(from, to)}</th>
              <td class="bar">
                <i
                  style={{
                    width: `${(bytes / most) * 100}%`,
                    '--warmth': 1 - index / (buckets.length - 1),
                  }}
                />
              </td>
              <td>{bytes === 0 ? '–' : formatBytes(bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl class="percentiles" aria-label="Idle time percentiles, by bytes">
        {IDLE_PERCENTILES.map((percentile, index) => (
          <div key={percentile}>
            <dt>p{percentile}</dt>
            <dd>{idleText(percentiles[index] ?? null)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function bucketName(from: number, to: number): string {
  if (from === 0) return 'in use';
  if (from === 1) return `under ${formatDuration(to)}`;
  if (to === Number.POSITIVE_INFINITY) return `over ${formatDuration(from)}`;
  return `${formatDuration(from)} to ${formatDuration(to)}`;
}

function idleText(idleUs: number | null): string {
  if (idleUs === null) return '–';
  return idleUs === 0 ? 'in use' : formatDuration(idleUs);
}
