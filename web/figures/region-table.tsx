import { useSignal } from '@preact/signals';
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import { heatCss, type PaletteName } from '../heat/palette.ts';
import { type AddressLabel, labelAt } from '../heat/picture.ts';
import type { SelectedRegion } from '../heat/selection.ts';

const FIRST_ROWS = 12;
const MORE_ROWS = 100;

const ORDERS = {
  address: (a: SelectedRegion, b: SelectedRegion) =>
    a.targetIndex - b.targetIndex || a.start - b.start,
  heat: (a: SelectedRegion, b: SelectedRegion) => b.heat - a.heat || b.ageUs - a.ageUs,
  size: (a: SelectedRegion, b: SelectedRegion) => b.end - b.start - (a.end - a.start),
  idle: (a: SelectedRegion, b: SelectedRegion) => b.idleUs - a.idleUs || b.ageUs - a.ageUs,
} as const;
type Order = keyof typeof ORDERS;

const COLUMNS: readonly (readonly [order: Order | null, heading: string])[] = [
  ['address', 'Address'],
  [null, 'In'],
  ['size', 'Size'],
  ['heat', 'Accessed'],
  [null, 'Same for'],
  ['idle', 'Idle for'],
];

/** Every region in figures: the picture's alternative in text. */
export function RegionTable({
  regions,
  labels,
  palette,
}: {
  readonly regions: readonly SelectedRegion[];
  readonly labels: readonly AddressLabel[];
  readonly palette: PaletteName;
}) {
  const order = useSignal<Order>('heat');
  const nrShown = useSignal(FIRST_ROWS);
  const sorted = regions.toSorted(ORDERS[order.value]);
  const left = sorted.length - nrShown.value;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways where it is narrow
    <section class="table-scroll" tabIndex={0} aria-label="Table of regions">
      <table class="regions">
        <thead>
          <tr>
            {COLUMNS.map(([key, heading]) => (
              <th
                key={heading}
                scope="col"
                aria-sort={key === null || key !== order.value ? undefined : 'other'}
              >
                {key === null ? (
                  heading
                ) : (
                  <button
                    type="button"
                    aria-pressed={key === order.value}
                    onClick={() => {
                      order.value = key;
                    }}
                  >
                    {heading}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, nrShown.value).map((region) => (
            <RegionRow
              key={`${region.targetIndex} ${region.start}`}
              region={region}
              name={labelAt(labels, region.targetIndex, region.start)?.name ?? ''}
              colour={heatCss(palette, region.heat)}
            />
          ))}
        </tbody>
      </table>
      {left > 0 && (
        <button
          type="button"
          class="more"
          onClick={() => {
            nrShown.value += MORE_ROWS;
          }}
        >
          Show {left > MORE_ROWS ? `${MORE_ROWS} more of ${left}` : `${left} more`}
        </button>
      )}
    </section>
  );
}

function RegionRow({
  region,
  name,
  colour,
}: {
  readonly region: SelectedRegion;
  readonly name: string;
  readonly colour: string;
}) {
  const { start, end, heat, ageUs, idleUs } = region;
  return (
    <tr>
      <td class="address">
        <i class="swatch" style={{ background: colour }} />
        0x{start.toString(16)}
      </td>
      <td>{name}</td>
      <td>{formatBytes(end - start)}</td>
      <td>{heat === 0 ? '–' : formatShare(heat)}</td>
      <td>{ageUs === 0 ? 'new' : formatDuration(ageUs)}</td>
      <td>{idleUs === 0 ? '–' : formatDuration(idleUs)}</td>
    </tr>
  );
}
