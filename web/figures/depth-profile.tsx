import { formatBytes, formatShare } from '../../src/base/units.ts';
import { heatCss, type PaletteName } from '../heat/palette.ts';
import type { SelectedRegion } from '../heat/selection.ts';
import { type DepthStep, depthProfile, sumsOf } from './region-figures.ts';

const WIDTH = 220;
const HEIGHT = 300;
/** More steps than this can't be told apart. */
const MAX_STEPS = 150;

/**
 * Memory as a lake: all bytes by heat, the hottest at the surface. The thermocline is where what is
 * accessed ends.
 */
export function DepthProfile({
  regions,
  palette,
}: {
  readonly regions: readonly SelectedRegion[];
  readonly palette: PaletteName;
}) {
  const { watchedBytes, workingSetBytes } = sumsOf(regions);
  if (watchedBytes === 0) return <p class="quiet">Nothing has been seen here yet.</p>;
  const steps = joinThin(depthProfile(regions), watchedBytes);
  const y = (bytes: number) => (bytes / watchedBytes) * HEIGHT;
  const lineY = y(workingSetBytes);
  const text = `${formatBytes(workingSetBytes)} in use`;
  return (
    <figure class="depth">
      <div class="depth-lake">
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={
            `Memory by heat: of ${formatBytes(watchedBytes)}, ${formatBytes(workingSetBytes)} ` +
            `(${formatShare(workingSetBytes / watchedBytes)}) were accessed.`
          }
        >
          {steps.map(({ fromBytes, toBytes, heat }) => (
            <rect
              key={fromBytes}
              x={0}
              y={y(fromBytes)}
              width={WIDTH}
              height={Math.max(y(toBytes) - y(fromBytes) + 0.4, 0.4)}
              fill={heatCss(palette, heat)}
            />
          ))}
          <path class="depth-curve" d={curve(steps, y)} />
        </svg>
        <div class="depth-line" style={{ top: `${(lineY / HEIGHT) * 100}%` }}>
          <svg viewBox="0 0 120 6" preserveAspectRatio="none" aria-hidden="true">
            <path d="M0 3q7.5-4 15 0t15 0 15 0 15 0 15 0 15 0 15 0 15 0" />
          </svg>
          <b class={lineY / HEIGHT > 0.85 ? 'above' : ''}>{text}</b>
        </div>
      </div>
      <figcaption class="quiet">
        <span>never</span>
        <span>{formatBytes(watchedBytes)} deep</span>
        <span>always accessed</span>
      </figcaption>
    </figure>
  );
}

/** Heat to the right, depth down. */
function curve(steps: readonly DepthStep[], y: (bytes: number) => number): string {
  const x = (heat: number) => 6 + heat * (WIDTH - 18);
  return steps
    .map(({ fromBytes, toBytes, heat }, index) => {
      const at = x(heat).toFixed(1);
      return `${index === 0 ? 'M' : 'L'}${at} ${y(fromBytes).toFixed(1)}L${at} ${y(toBytes).toFixed(1)}`;
    })
    .join('');
}

/** Joins neighbours until few are left; their heat is averaged by bytes. */
function joinThin(steps: readonly DepthStep[], totalBytes: number): DepthStep[] {
  const least = totalBytes / MAX_STEPS;
  const joined: DepthStep[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    const size = step.toBytes - step.fromBytes;
    if (last === undefined || last.toBytes - last.fromBytes + size > least) {
      joined.push(step);
      continue;
    }
    const lastSize = last.toBytes - last.fromBytes;
    const heat = (last.heat * lastSize + step.heat * size) / (lastSize + size);
    joined[joined.length - 1] = { fromBytes: last.fromBytes, toBytes: step.toBytes, heat };
  }
  return joined;
}
