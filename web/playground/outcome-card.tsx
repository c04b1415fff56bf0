import { formatBytes, formatShare } from '../../src/base/units.ts';
import { LineChart } from '../figures/line-chart.tsx';
import { SIDE_NAMES, SIDES, type Side } from './messages.ts';
import {
  differenceText,
  isBetter,
  outcomeRows,
  residentBytes,
  throughputOf,
  verdictOf,
} from './outcome.ts';
import type { OutcomePoint } from './playground-run.ts';

const BETTER: ReadonlyMap<boolean | null, string> = new Map([
  [true, 'better'],
  [false, 'worse'],
]);

/** What came of it: a verdict, figures of both machines, and how they got there. */
export function OutcomeCard({ points }: { readonly points: readonly OutcomePoint[] }) {
  const last = points.at(-1);
  if (last === undefined) return <p class="card">The machines are starting.</p>;
  return (
    <section class="card outcome" aria-labelledby="outcome-title">
      <h2 id="outcome-title">Outcome</h2>
      <p class="verdict">{verdictOf(last.trial, last.baseline)}</p>
      <div class="outcome-body">
        <OutcomeTable last={last} />
        <OutcomeChart
          title="Resident memory"
          points={points}
          of={residentBytes}
          format={formatBytes}
          binary
        />
        <OutcomeChart
          title="Throughput so far"
          points={points}
          of={throughputOf}
          format={formatShare}
        />
      </div>
      <p class="quiet">
        The consequences are modelled, and slowdowns come out lower than they were measured on real
        machines: compare schemes with each other here, and try them in shadow on a real machine
        before they act.
      </p>
    </section>
  );
}

function OutcomeTable({ last }: { readonly last: OutcomePoint }) {
  return (
    <table>
      <thead>
        <tr>
          <td />
          {SIDES.map((side) => (
            <th key={side} scope="col">
              {SIDE_NAMES[side]}
            </th>
          ))}
          <th scope="col">Difference</th>
        </tr>
      </thead>
      <tbody>
        {outcomeRows(last.trial, last.baseline).map((row) => (
          <tr key={row.name}>
            <th scope="row" title={row.meaning}>
              {row.name}
            </th>
            <td>{row.format(row.trial)}</td>
            <td>{row.format(row.baseline)}</td>
            <td class={BETTER.get(isBetter(row)) ?? ''}>{differenceText(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OutcomeChart({
  title,
  points,
  of,
  format,
  binary = false,
}: {
  readonly title: string;
  readonly points: readonly OutcomePoint[];
  readonly of: (machine: OutcomePoint[Side]) => number;
  readonly format: (value: number) => string;
  readonly binary?: boolean;
}) {
  return (
    <LineChart
      title={title}
      timesUs={points.map(({ timeUs }) => timeUs)}
      virtual
      lines={SIDES.map((side) => ({
        name: SIDE_NAMES[side].toLowerCase(),
        colour: side === 'trial' ? '--warm' : '--cold',
        values: points.map((point) => of(point[side])),
        dashed: side === 'baseline',
      }))}
      format={format}
      binary={binary}
    />
  );
}
