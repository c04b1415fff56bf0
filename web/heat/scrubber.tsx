import { useComputed } from '@preact/signals';
import { formatBytes } from '../../src/base/units.ts';
import type { HeatController } from './heat-controller.ts';
import { clockText } from './place-text.ts';
import { workingSetTrace } from './working-set-trace.ts';

const WIDTH = 600;
const HEIGHT = 34;

/** The working set over the whole history, with the visible part in it to move through time. */
export function Scrubber({ heat }: { readonly heat: HeatController }) {
  const { picture } = heat;
  const trace = useComputed(() => {
    void picture.revision.value;
    return workingSetTrace(picture.history, picture.world, WIDTH);
  });
  const { fromUs, toUs } = picture.world;
  const { value: view } = heat.view;
  const spanUs = Math.max(toUs - fromUs, 1);
  const left = Math.max(view.fromUs - fromUs, 0) / spanUs;
  const right = Math.min((view.fromUs + view.width * view.usPerPixel - fromUs) / spanUs, 1);
  const { path, mostBytes } = trace.value;
  const rightUs = fromUs + right * spanUs;
  return (
    <div class="scrubber">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={path(HEIGHT)} />
        <rect x={left * WIDTH} y={0} width={Math.max(right - left, 0) * WIDTH} height={HEIGHT} />
      </svg>
      <input
        type="range"
        min={0}
        max={1000}
        value={Math.round(right * 1000)}
        aria-label="Scrub through history"
        aria-valuetext={`until ${clockText(rightUs, picture.wallOffsetUs)}`}
        onInput={({ currentTarget }) =>
          heat.scrubTo(fromUs + (currentTarget.valueAsNumber / 1000) * spanUs)
        }
      />
      <span class="quiet">working set, up to {formatBytes(mostBytes)}</span>
    </div>
  );
}
