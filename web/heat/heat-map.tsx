import type { ReadonlySignal, Signal } from '@preact/signals';
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { gapRows, nameMarks, timeMarks } from './axis-marks.ts';
import { HeatController } from './heat-controller.ts';
import { listen } from './heat-gestures.ts';
import { HeatLegend } from './heat-legend.tsx';
import { HeatRenderer } from './heat-renderer.ts';
import type { HeatView } from './heat-view.ts';
import type { AskedDetail } from './missing-detail.ts';
import { type PaletteName, paletteWords } from './palette.ts';
import type { Picture } from './picture.ts';
import { clockText } from './place-text.ts';
import { Scrubber } from './scrubber.tsx';
import type { HeatSelection } from './selection.ts';

interface HeatMapProps {
  readonly picture: Picture;
  readonly palette: Signal<PaletteName>;
  readonly selection: Signal<HeatSelection | null>;
  /** What the picture is of, for screen readers. */
  readonly name: string;
  /** What is seen of it at present, in a sentence. */
  readonly summary: ReadonlySignal<string>;
  readonly refine?: (visible: AskedDetail) => void;
}

const REFINE_EVERY_MS = 1000;
/** Pixels: no time is cut off at an edge. */
const HALF_A_TIME = 34;

const KEYS_HELP =
  'Arrow keys move the crosshair, with shift the picture. Plus and minus zoom, 0 shows all, space ' +
  'pauses, Enter begins and ends a selection, Escape clears it.';

/** The heat of addresses over time, with everything to move about in it. */
export function HeatMap(props: HeatMapProps) {
  const { picture, palette, selection, name, summary, refine } = props;
  const heat = useMemo(() => new HeatController(picture, selection), [picture]);
  useEffect(() => {
    if (refine === undefined) return;
    const timer = setInterval(() => refine(visibleOf(heat.view.peek())), REFINE_EVERY_MS);
    return () => clearInterval(timer);
  }, [heat]);
  const spoken = useComputed(() => {
    const { revision } = picture;
    void revision.value;
    const reading = heat.reading();
    return reading === null ? '' : `${reading.time}, ${reading.place}: ${reading.sentence}`;
  });
  return (
    <section class="heat" aria-label={`Heat map of ${name}`}>
      <Toolbar heat={heat} />
      <div class="heat-body">
        <AddressNames heat={heat} />
        <div class="heat-frame">
          <Tiles heat={heat} palette={palette} name={name} />
          <Overlay heat={heat} />
        </div>
        <TimeTicks heat={heat} />
      </div>
      <Scrubber heat={heat} />
      <HeatLegend palette={palette} picture={picture} />
      <p class="readout" aria-live="polite">
        {spoken.value || <span class="quiet">{summary.value}</span>}
      </p>
    </section>
  );
}

function visibleOf({ fromUs, usPerPixel, width }: HeatView): AskedDetail {
  return { fromUs, toUs: fromUs + width * usPerPixel, usPerPixel };
}

function Toolbar({ heat }: { readonly heat: HeatController }) {
  const { follows, selects, selection } = heat;
  return (
    <div class="toolbar" role="toolbar" aria-label="Heat map">
      <button
        type="button"
        aria-pressed={!follows.value}
        onClick={() => heat.follow(!follows.value)}
      >
        <Icon name={follows.value ? 'pause' : 'play'} />
        {follows.value ? 'Pause' : 'Follow'}
      </button>
      <span class="group">
        <button
          type="button"
          title="Zoom out"
          onClick={() => heat.zoom({ x: 1 / 1.5, y: 1 / 1.5 })}
        >
          <Icon name="minus" />
        </button>
        <button type="button" title="Zoom in" onClick={() => heat.zoom({ x: 1.5, y: 1.5 })}>
          <Icon name="plus" />
        </button>
        <button
          type="button"
          title="Zoom into time only"
          onClick={() => heat.zoom({ x: 1.5, y: 1 })}
        >
          <Icon name="wider" />
        </button>
        <button
          type="button"
          title="Zoom into addresses only"
          onClick={() => heat.zoom({ x: 1, y: 1.5 })}
        >
          <Icon name="taller" />
        </button>
        <button type="button" onClick={() => heat.fitAll()}>
          All
        </button>
      </span>
      <button
        type="button"
        aria-pressed={selects.value}
        title="Drag to select; also with shift held down"
        onClick={() => {
          selects.value = !selects.value;
        }}
      >
        <Icon name="select" />
        Select
      </button>
      {selection.value !== null && (
        <button type="button" class="warm" onClick={() => heat.select(null, null)}>
          <Icon name="close" />
          Clear selection
        </button>
      )}
    </div>
  );
}

function Tiles({
  heat,
  palette,
  name,
}: Pick<HeatMapProps, 'palette' | 'name'> & { readonly heat: HeatController }) {
  const surface = useRef<HTMLDivElement>(null);
  const renderer = useRef<HeatRenderer | null>(null);
  const frame = useRef(0);
  const drawSoon = () => {
    if (frame.current !== 0) return;
    frame.current = requestAnimationFrame(() => {
      frame.current = 0;
      const { picture } = heat;
      renderer.current?.show(picture.history, picture.axis.peek());
      if (renderer.current?.draw(heat.view.peek()) === false) drawSoon();
    });
  };
  useEffect(() => {
    const element = surface.current!;
    const words = paletteWords(palette.peek());
    renderer.current = new HeatRenderer(element, words, () => performance.now());
    const listening = new AbortController();
    listen(element, heat, listening.signal);
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      heat.resize(Math.round(width), Math.round(height));
    });
    observer.observe(element);
    drawSoon();
    return () => {
      listening.abort();
      observer.disconnect();
      cancelAnimationFrame(frame.current);
      frame.current = 0;
      element.replaceChildren();
    };
  }, [heat]);
  useSignalEffect(() => {
    renderer.current?.recolour(paletteWords(palette.value));
  });
  useSignalEffect(() => {
    void heat.picture.revision.value;
    heat.update();
  });
  useSignalEffect(() => {
    void heat.view.value;
    void heat.picture.revision.value;
    drawSoon();
  });
  return (
    <div
      ref={surface}
      class="heat-surface"
      role="application"
      aria-roledescription="heat map"
      aria-label={`Heat of ${name} by address and time. ${KEYS_HELP}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the picture has keys of its own
      tabIndex={0}
    />
  );
}

/** Crosshair, selection, and lines where addresses were left out. */
function Overlay({ heat }: { readonly heat: HeatController }) {
  const { fromUs, usPerPixel, offset, bytesPerPixel, width } = heat.view.value;
  const cursor = heat.cursor.value;
  const selected = heat.selection.value;
  const gaps = gapRows(heat.view.value, heat.picture.axis.value);
  return (
    <svg class="heat-overlay" aria-hidden="true">
      {gaps.map((y) => (
        <line key={y} class="gap" x1={0} x2={width} y1={y} y2={y} />
      ))}
      {selected !== null && (
        <rect
          class="selected"
          x={(selected.fromUs - fromUs) / usPerPixel}
          y={(selected.fromOffset - offset) / bytesPerPixel}
          width={(selected.toUs - selected.fromUs) / usPerPixel}
          height={(selected.toOffset - selected.fromOffset) / bytesPerPixel}
        />
      )}
      {cursor !== null && (
        <>
          <line class="cross" x1={cursor.x} x2={cursor.x} y1={0} y2="100%" />
          <line class="cross" x1={0} x2={width} y1={cursor.y} y2={cursor.y} />
        </>
      )}
    </svg>
  );
}

function AddressNames({ heat }: { readonly heat: HeatController }) {
  const { axis, labels } = heat.picture;
  const marks = nameMarks(heat.view.value, axis.value, labels.value, 18);
  return (
    <ul class="heat-names" aria-label="What lies where">
      {marks.map(({ y, top, bottom, name }) => (
        <li key={`${name} ${top}`} style={{ top: `${y}px` }} title={name}>
          <i style={{ height: `${Math.max(bottom - top - 2, 1)}px`, top: `${top - y}px` }} />
          <span>{name}</span>
        </li>
      ))}
    </ul>
  );
}

function TimeTicks({ heat }: { readonly heat: HeatController }) {
  const wide = useSignal(90);
  void heat.picture.revision.value;
  const wallOffsetUs = heat.picture.wallOffsetUs;
  const offsetUs = wallOffsetUs === null ? 0 : wallOffsetUs - zoneUs();
  const { width } = heat.view.value;
  const marks = timeMarks(heat.view.value, offsetUs, wide.value).filter(
    ({ x, timeUs }) =>
      (wallOffsetUs !== null || timeUs >= 0) && x >= HALF_A_TIME && x <= width - HALF_A_TIME,
  );
  return (
    <div class="heat-times" aria-hidden="true">
      {marks.map(({ x, timeUs }) => (
        <span key={timeUs} style={{ left: `${x}px` }}>
          {clockText(timeUs, wallOffsetUs)}
        </span>
      ))}
    </div>
  );
}

/** So that ticks are round in local time, too. */
function zoneUs(): number {
  return new Date().getTimezoneOffset() * 60e6;
}
