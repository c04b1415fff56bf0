import { formatBytes } from '../../src/base/units.ts';
import { LineChart } from '../figures/line-chart.tsx';

/** One moment of a trial. */
interface OutAndBackPoint {
  readonly timeUs: number;
  readonly outBytes: number;
  /** Since its beginning. */
  readonly cameBackBytes: number;
}

interface OutAndBackProps {
  readonly title: string;
  readonly virtual: boolean;
  readonly points: readonly OutAndBackPoint[];
}

/** What is out of memory, and what came back, over the time of a trial. */
export function OutAndBack({ title, virtual, points }: OutAndBackProps) {
  if (points.length < 2) return null;
  return (
    <LineChart
      title={title}
      timesUs={points.map(({ timeUs }) => timeUs)}
      virtual={virtual}
      format={formatBytes}
      binary
      lines={[
        {
          name: 'out of memory',
          colour: '--warm',
          values: points.map(({ outBytes }) => outBytes),
          filled: true,
        },
        {
          name: 'came back in all',
          colour: '--cold',
          values: points.map(({ cameBackBytes }) => cameBackBytes),
        },
      ]}
    />
  );
}
