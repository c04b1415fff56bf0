import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { clockText } from '../heat/place-text.ts';
import { remPx } from '../parts/text-size.ts';

/** One line of a chart. */
export interface ChartLine {
  readonly name: string;
  /** A custom property of the style sheet: `--warm`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
  readonly filled?: boolean;
}

interface LineChartProps {
  /** What it shows, for screen readers. */
  readonly title: string;
  /** Microseconds, ascending. */
  readonly timesUs: readonly number[];
  /** Of a virtual clock, whose ticks are durations. */
  readonly virtual: boolean;
  readonly lines: readonly ChartLine[];
  readonly format: (value: number) => string;
  /** Values are bytes: round numbers are powers of two. */
  readonly binary?: boolean;
  /** At least so high, in rem; it fills what is there. */
  readonly height?: number;
}

/** Lines over time. The library comes when the first chart does. */
export function LineChart(props: LineChartProps) {
  const { title, lines, virtual, format, height = 9.5 } = props;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const element = host.current!;
    let gone = false;
    const resize = new ResizeObserver(() => chart.current?.setSize(sizeOf(element)));
    const restyle = new MutationObserver(() => chart.current?.redraw(false));
    void loadUplot().then((UPlot) => {
      if (gone) return;
      chart.current = new UPlot(
        optionsOf(latest.current, element),
        dataOf(latest.current),
        element,
      );
      resize.observe(element);
      restyle.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    });
    return () => {
      gone = true;
      resize.disconnect();
      restyle.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [lines.length, virtual, remPx.value]);
  useEffect(() => {
    chart.current?.setData(dataOf(props) as uPlot.AlignedData);
  });
  const now = lines
    .map(({ name, values }) => {
      const last = values.at(-1);
      return last == null ? null : `${name} ${format(last)}`;
    })
    .filter((text) => text !== null);
  return (
    <figure class="chart">
      <figcaption>
        {title}
        <ul>
          {lines.map(({ name, colour, dashed, values }) => (
            <li key={name}>
              <i
                class={dashed ? 'chart-line dashed' : 'chart-line'}
                style={{ borderColor: `var(${colour})` }}
              />
              {name}
              {values.at(-1) != null && <b>{format(values.at(-1)!)}</b>}
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        ref={host}
        role="img"
        aria-label={`${title}: ${now.join(', ') || 'no data yet'}`}
        style={{ minHeight: `${height}rem` }}
      />
    </figure>
  );
}

function sizeOf({ clientWidth, clientHeight }: HTMLElement): { width: number; height: number } {
  return { width: Math.max(clientWidth, 50), height: Math.max(clientHeight, 50) };
}

const BINARY_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

async function loadUplot(): Promise<typeof uPlot> {
  const [module] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
  return module.default;
}

function dataOf({ timesUs, lines }: LineChartProps): uPlot.AlignedData {
  return [timesUs.map((time) => time / 1e6), ...lines.map(({ values }) => [...values])];
}

function optionsOf(props: LineChartProps, element: HTMLElement): uPlot.Options {
  const { lines, virtual, format, binary } = props;
  const rem = remPx.value;
  const colour = (name: string) => () => getComputedStyle(element).getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour('--ink-2'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: `${0.75 * rem}px "Instrument Sans Variable", sans-serif`,
  };
  return {
    ...sizeOf(element),
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: {
      x: { time: false },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 1.6 * rem,
        space: 4.6 * rem,
        values: (_chart, ticks) =>
          ticks.map((tick) => clockText(virtual ? tick * 1e6 : 0, virtual ? null : tick * 1e6)),
      },
      {
        ...axis,
        size: 4.6 * rem,
        space: 2 * rem,
        values: (_chart, ticks) => ticks.map((tick) => format(tick)),
        ...(binary && { incrs: BINARY_STEPS }),
      },
    ],
    series: [
      {},
      ...lines.map(
        (line): uPlot.Series => ({
          label: line.name,
          stroke: colour(line.colour),
          width: 1.75,
          ...(line.dashed && { dash: [5, 4] }),
          ...(line.filled && { fill: () => `${colour(line.colour)()}22` }),
          points: { show: false },
        }),
      ),
    ],
  };
}
