import type { ComponentChildren } from 'preact';
import { matchOf, whyIdle } from '../../src/analysis/why-idle.ts';
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import { describeScheme } from '../../src/params/format.ts';
import type { SchemeFigures } from '../../src/params/scheme-figures.ts';
import type { Snapshot } from '../../src/params/snapshot.ts';
import type { Attrs, Goal, Params, Scheme } from '../../src/params/types.ts';
import { LineChart } from '../figures/line-chart.tsx';
import { type Tile, Tiles } from '../parts/tiles.tsx';
import { ratesOf } from './scheme-rates.ts';

/** All schemes of a monitor at one moment. */
export interface SchemesPoint {
  readonly timeUs: number;
  readonly schemes: readonly SchemeFigures[];
}

interface SchemesPanelProps {
  readonly params: Params;
  /** Oldest first. */
  readonly points: readonly SchemesPoint[];
  readonly snapshot: Snapshot | undefined;
  /** Whether `timeUs` is of a virtual clock. */
  readonly virtual: boolean;
  /** What is beside the title of a scheme: the way to change it. */
  readonly edit?: (index: number) => ComponentChildren;
}

/** Recent enough to be called now. */
const RECENT_US = 5e6;

/** What each scheme is, what it did, and why not. */
export function SchemesPanel(props: SchemesPanelProps) {
  const { params } = props;
  if (params.schemes.length === 0) {
    return <p class="quiet">No schemes: this monitor only watches.</p>;
  }
  return (
    <ul class="schemes">
      {params.schemes.map((scheme, index) => (
        <li key={index} class="scheme">
          <SchemeCard {...props} scheme={scheme} index={index} />
        </li>
      ))}
    </ul>
  );
}

function SchemeCard({
  scheme,
  index,
  params,
  points,
  snapshot,
  virtual,
  edit,
}: SchemesPanelProps & { readonly scheme: Scheme; readonly index: number }) {
  const series = points
    .map(({ timeUs, schemes }) => ({ timeUs, figures: schemes[index] }))
    .filter((point): point is { timeUs: number; figures: SchemeFigures } => !!point.figures);
  const now = series.at(-1);
  const before = now && series.findLast(({ timeUs }) => timeUs <= now.timeUs - RECENT_US);
  const idle =
    now && snapshot ? whyIdle(scheme, now.figures, before?.figures ?? null, snapshot) : null;
  return (
    <>
      <header>
        <h3>
          <code>{scheme.action}</code>
          <StateBadge scheme={scheme} isIdle={idle !== null} />
        </h3>
        {edit?.(index)}
      </header>
      <p>{sentence(scheme, attrsInForce(params, snapshot))}</p>
      {idle !== null && (
        <p class="why">
          <b>Nothing in the last seconds.</b> {idle}
        </p>
      )}
      {now && snapshot && (
        <SchemeTotals scheme={scheme} figures={now.figures} snapshot={snapshot} />
      )}
      {series.length > 1 && <SchemeCharts scheme={scheme} series={series} virtual={virtual} />}
    </>
  );
}

/** Whoever only counts does not act. */
function StateBadge({ scheme, isIdle }: { readonly scheme: Scheme; readonly isIdle: boolean }) {
  if (isIdle) return <span class="badge">idle</span>;
  if (scheme.action === 'stat') return <span class="badge">counting</span>;
  return <span class="badge acting">acting</span>;
}

function SchemeTotals({
  scheme,
  figures,
  snapshot,
}: {
  readonly scheme: Scheme;
  readonly figures: SchemeFigures;
  readonly snapshot: Snapshot;
}) {
  const match = matchOf(scheme, snapshot);
  const { triedBytes, nrQuotaExceeds, effectiveQuotaBytes } = figures;
  const quota =
    effectiveQuotaBytes === null ? 'none' : `${formatBytes(effectiveQuotaBytes)} a window`;
  const tiles: readonly Tile[] = [
    ['Matches now', formatBytes(match.bytes), `${match.nrRegions} regions`],
    ['Tried', formatBytes(triedBytes), `${figures.nrTried} times`],
    ['Applied', ...appliedText(scheme, figures)],
    ['Quota', quota, nrQuotaExceeds > 0 ? `reached ${nrQuotaExceeds} times` : 'never reached'],
  ];
  return <Tiles tiles={tiles} />;
}

function appliedText(
  { action }: Scheme,
  { triedBytes, appliedBytes }: SchemeFigures,
): readonly [string, string] {
  if (action === 'stat') return ['–', 'it only counts'];
  const share = triedBytes > 0 ? `${formatShare(appliedBytes / triedBytes)} of it` : 'nothing yet';
  return [formatBytes(appliedBytes), share];
}

interface SeriesPoint {
  readonly timeUs: number;
  readonly figures: SchemeFigures;
}

interface ChartsProps {
  readonly scheme: Scheme;
  readonly series: readonly SeriesPoint[];
  readonly virtual: boolean;
}

function SchemeCharts(props: ChartsProps) {
  const { scheme, series, virtual } = props;
  const timesUs = series.map(({ timeUs }) => timeUs);
  return (
    <div class="scheme-charts">
      <WorkChart {...props} />
      {scheme.quota.goals.map((goal, index) => (
        <LineChart
          key={goal.metric}
          title={`Aim: ${goal.metric}`}
          timesUs={timesUs}
          virtual={virtual}
          height={8}
          format={goalFormat(goal)}
          lines={[
            {
              name: 'value',
              colour: '--warm',
              values: series.map(({ figures }) => figures.goalValues[index] ?? null),
            },
            {
              name: 'aim',
              colour: '--ink-2',
              values: timesUs.map(() => goal.targetValue),
              dashed: true,
            },
          ]}
        />
      ))}
    </div>
  );
}

function WorkChart({ scheme, series, virtual }: ChartsProps) {
  const { resetIntervalMs } = scheme.quota;
  const windowS = resetIntervalMs === 'max' ? null : resetIntervalMs / 1000;
  const windowUs = Math.max(windowS ?? 1, 1) * 1e6;
  const quota = series.map(({ figures: { effectiveQuotaBytes } }) =>
    effectiveQuotaBytes === null || windowS === null ? null : effectiveQuotaBytes / windowS,
  );
  const line = (name: string, colour: string, counter: (figures: SchemeFigures) => number) => ({
    name,
    colour,
    values: ratesOf(series, counter, windowUs),
  });
  return (
    <LineChart
      title="Work"
      timesUs={series.map(({ timeUs }) => timeUs)}
      virtual={virtual}
      height={8}
      format={(value) => `${formatBytes(value)}/s`}
      binary
      lines={[
        ...(scheme.action === 'stat'
          ? []
          : [{ ...line('applied', '--warm', ({ appliedBytes }) => appliedBytes), filled: true }]),
        line('tried', '--cold', ({ triedBytes }) => triedBytes),
        ...(quota.some((value) => value !== null)
          ? [{ name: 'quota', colour: '--ink-2', values: quota, dashed: true }]
          : []),
      ]}
    />
  );
}

function goalFormat({ metric }: Goal): (value: number) => string {
  if (metric.endsWith('_bp')) return (value) => formatShare(value / 10_000);
  return metric.endsWith('_us') ? formatDuration : String;
}

function attrsInForce({ attrs }: Params, snapshot: Snapshot | undefined): Attrs {
  if (snapshot === undefined) return attrs;
  const { sampleIntervalUs, aggregationIntervalUs } = snapshot;
  return { ...attrs, sampleIntervalUs, aggregationIntervalUs };
}

function sentence(scheme: Scheme, attrs: Attrs): string {
  const text = describeScheme(scheme, attrs);
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
