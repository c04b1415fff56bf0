import { type ReadonlySignal, type Signal, useComputed } from '@preact/signals';
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import { HeatMap } from '../heat/heat-map.tsx';
import type { AskedDetail } from '../heat/missing-detail.ts';
import type { PaletteName } from '../heat/palette.ts';
import { labelAt, type Picture } from '../heat/picture.ts';
import {
  accessedWithin,
  type HeatSelection,
  type SelectedRegion,
  selectedRegions,
} from '../heat/selection.ts';
import { workingSetBytes } from '../heat/working-set-trace.ts';
import { DepthProfile } from './depth-profile.tsx';
import { IdleBars } from './idle-bars.tsx';
import { LineChart } from './line-chart.tsx';
import { sumsOf } from './region-figures.ts';
import { RegionTable } from './region-table.tsx';

interface PicturePanelsProps {
  readonly picture: Picture;
  readonly name: string;
  readonly palette: Signal<PaletteName>;
  readonly selection: Signal<HeatSelection | null>;
  /** Called each second with what is visible, for whoever can get more detail. */
  readonly refine?: (visible: AskedDetail) => void;
}

/** The heat map with everything that is read from it; a selection narrows all of them. */
export function PicturePanels(props: PicturePanelsProps) {
  const { picture, name, palette, selection, refine } = props;
  const regions = useComputed(() => {
    void picture.revision.value;
    return selectedRegions(picture.history, picture.axis.value, selection.value);
  });
  const summary = useComputed(() => summaryOf(picture, regions.value));
  return (
    <>
      <div class="panels picture">
        <div class="card wide">
          <HeatMap
            picture={picture}
            palette={palette}
            selection={selection}
            name={name}
            summary={summary}
            {...(refine !== undefined && { refine })}
          />
        </div>
        <section class="card lake" aria-labelledby="depth-title">
          <h2 id="depth-title">Depth profile</h2>
          <Scope selection={selection} />
          <DepthProfile regions={regions.value} palette={palette.value} />
        </section>
      </div>
      <div class="panels thirds">
        <section class="card lake" aria-label="Working set over time">
          <WorkingSetChart picture={picture} selection={selection} />
        </section>
        <section class="card" aria-labelledby="idle-title">
          <h2 id="idle-title">Idle time</h2>
          <IdleBars regions={regions.value} />
        </section>
        <section class="card spread" aria-labelledby="regions-title">
          <h2 id="regions-title">Regions</h2>
          <Scope selection={selection} />
          <RegionTable
            regions={regions.value}
            labels={picture.labels.value}
            palette={palette.value}
          />
        </section>
      </div>
    </>
  );
}

function Scope({ selection }: { readonly selection: ReadonlySignal<HeatSelection | null> }) {
  const selected = selection.value;
  return (
    <p class="quiet scope">
      {selected === null
        ? 'The newest picture, all addresses.'
        : `The selection: ${formatDuration(selected.toUs - selected.fromUs)}, ` +
          `${formatBytes(selected.toOffset - selected.fromOffset)} of addresses.`}
    </p>
  );
}

/** More points than a chart has pixels are not seen. */
const MAX_POINTS = 600;

function WorkingSetChart({
  picture,
  selection,
}: Pick<PicturePanelsProps, 'picture' | 'selection'>) {
  void picture.revision.value;
  const selected = selection.value;
  const entries =
    selected === null
      ? picture.history.entries
      : picture.history.within(selected.fromUs, selected.toUs);
  const step = Math.max(Math.ceil(entries.length / MAX_POINTS), 1);
  const shown = entries.filter((_, index) => (entries.length - 1 - index) % step === 0);
  const offsetUs = picture.wallOffsetUs;
  if (shown.length < 2) {
    return (
      <>
        <h2>Working set</h2>
        <p class="quiet">A line over time needs two pictures; the next one is on its way.</p>
      </>
    );
  }
  return (
    <LineChart
      title="Working set"
      timesUs={shown.map(({ toUs }) => toUs + (offsetUs ?? 0))}
      virtual={offsetUs === null}
      lines={[
        {
          name: 'in use',
          colour: '--warm',
          values: shown.map(({ snapshot }) =>
            selected === null
              ? workingSetBytes(snapshot)
              : accessedWithin(snapshot, picture.axis.value, selected),
          ),
          filled: true,
        },
      ]}
      format={formatBytes}
      binary
      height={13}
    />
  );
}

/** `410 MiB of 4 GiB in use (10 %); hottest: data + 1.7 GiB, 80 %`. */
function summaryOf(picture: Picture, regions: readonly SelectedRegion[]): string {
  const { watchedBytes, workingSetBytes: used } = sumsOf(regions);
  if (watchedBytes === 0) return 'Waiting for the first picture.';
  const hottest = regions.reduce((best, one) => (one.heat > best.heat ? one : best));
  const label = labelAt(picture.labels.value, hottest.targetIndex, hottest.start);
  const place =
    label === null
      ? `0x${hottest.start.toString(16)}`
      : hottest.start <= label.start
        ? label.name
        : `${label.name} + ${formatBytes(hottest.start - label.start)}`;
  const share = formatShare(used / watchedBytes);
  return (
    `${formatBytes(used)} of ${formatBytes(watchedBytes)} in use (${share}). ` +
    (hottest.heat > 0
      ? `Hottest: ${place}, accessed in ${formatShare(hottest.heat)} of the samples.`
      : 'Nothing was accessed.')
  );
}
