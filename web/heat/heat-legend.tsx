import type { Signal } from '@preact/signals';
import { formatDuration } from '../../src/base/units.ts';
import { gradientCss, PALETTE_NAMES, type PaletteName } from './palette.ts';
import type { Picture } from './picture.ts';

/** The scale with its units, and the choice of colours. */
export function HeatLegend({
  palette,
  picture,
}: {
  readonly palette: Signal<PaletteName>;
  readonly picture: Picture;
}) {
  void picture.revision.value;
  const snapshot = picture.latest?.snapshot;
  const everyUs =
    snapshot === undefined ? null : snapshot.aggregationIntervalUs / snapshot.maxNrAccesses;
  return (
    <div class="legend">
      <div class="scale">
        <i style={{ background: gradientCss(palette.value, 'to right') }} />
        <ol aria-label="Heat: share of the samples that found memory accessed">
          {[0, 1, 4, 9, 16].map((step) => {
            const share = step / 16;
            return (
              <li key={step} style={{ left: `${Math.sqrt(share) * 100}%` }}>
                {Math.round(share * 100)} %
              </li>
            );
          })}
        </ol>
      </div>
      <p class="quiet">
        of samples found it accessed
        {everyUs !== null && `; a sample every ${formatDuration(everyUs)}`}
      </p>
      <label class="choice">
        Colours
        <select
          value={palette.value}
          onChange={({ currentTarget }) => {
            palette.value = currentTarget.value as PaletteName;
          }}
        >
          {PALETTE_NAMES.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
