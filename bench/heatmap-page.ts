/** What the bench `heatmap` runs in the browser: the renderer on snapshots of its own making. */
import type { Snapshot } from '../src/params/snapshot.ts';
import { AddressAxis } from '../web/heat/address-axis.ts';
import { HeatHistory } from '../web/heat/heat-history.ts';
import { HeatRenderer } from '../web/heat/heat-renderer.ts';
import { followed, type HeatView, pan, zoom } from '../web/heat/heat-view.ts';
import { paletteWords } from '../web/heat/palette.ts';

const CELLS = 2000;
const PAGE = 4096;
const NR_REGIONS = 1000;
const SNAPSHOT_US = 100_000;
const NR_FRAMES = 240;
const NR_RECOLOURS = 12;

/** Milliseconds of script of each round. */
export interface HeatmapTimes {
  readonly newColumnMs: readonly number[];
  readonly panMs: readonly number[];
  readonly zoomMs: readonly number[];
  readonly recolourMs: readonly number[];
}

/** Regions of two pages each whose heat moves a little from one snapshot to the next. */
function snapshotAt(index: number): Snapshot {
  const start = new Float64Array(NR_REGIONS);
  const end = new Float64Array(NR_REGIONS);
  const nrAccesses = new Uint32Array(NR_REGIONS);
  const regionBytes = (CELLS * PAGE) / NR_REGIONS;
  for (let row = 0; row < NR_REGIONS; row++) {
    start[row] = row * regionBytes;
    end[row] = (row + 1) * regionBytes;
    nrAccesses[row] = Math.round(10 + 10 * Math.sin((row + index) / 40));
  }
  return {
    timeUs: (index + 1) * SNAPSHOT_US,
    wallTimeUs: null,
    tick: index * 20,
    sampleIntervalUs: SNAPSHOT_US / 20,
    aggregationIntervalUs: SNAPSHOT_US,
    maxNrAccesses: 20,
    windowSamples: 20,
    nrRegions: NR_REGIONS,
    targetPids: [1],
    targetIndex: new Uint32Array(NR_REGIONS),
    start,
    end,
    nrAccesses,
    age: new Uint32Array(NR_REGIONS),
    probeHits: null,
    filterPassedBytes: null,
  };
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

function timed(work: () => void): number {
  const beforeMs = performance.now();
  work();
  return performance.now() - beforeMs;
}

async function rounds(count: number, work: (round: number) => void): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < count; round++) {
    await nextFrame();
    times.push(timed(() => work(round)));
  }
  return times;
}

async function run(): Promise<HeatmapTimes> {
  const host = document.createElement('div');
  host.style.cssText = `position:relative;overflow:hidden;width:${CELLS}px;height:${CELLS}px`;
  document.body.append(host);
  const history = new HeatHistory(Number.POSITIVE_INFINITY);
  for (let index = 0; index < CELLS; index++) history.add(snapshotAt(index));
  const axis = new AddressAxis([{ targetIndex: 0, start: 0, end: CELLS * PAGE }]);
  const renderer = new HeatRenderer(host, paletteWords('thermocline'), () => performance.now());
  renderer.show(history, axis);
  const world = () => ({ fromUs: 0, toUs: history.toUs, totalBytes: axis.totalBytes });
  let view: HeatView = {
    fromUs: 0,
    usPerPixel: SNAPSHOT_US,
    offset: 0,
    bytesPerPixel: PAGE,
    width: CELLS,
    height: CELLS,
  };
  while (!renderer.draw(view)) await nextFrame();
  let next = CELLS;
  const newColumnMs = await rounds(NR_FRAMES, () => {
    history.add(snapshotAt(next++));
    view = followed(view, world());
    renderer.draw(view);
  });
  const panMs = await rounds(NR_FRAMES, (round) => {
    view = pan(view, round % 60 < 30 ? 3 : -3, 0, world());
    renderer.draw(view);
  });
  // Between two sizes of cells a zoom only scales; each doubling draws the tiles that are missing.
  const middle = { x: CELLS / 2, y: CELLS / 2 };
  const zoomMs = await rounds(NR_FRAMES, (round) => {
    const factor = round % 60 < 30 ? 1.02 : 1 / 1.02;
    view = zoom(view, middle, { x: factor, y: factor }, world(), SNAPSHOT_US);
    renderer.draw(view);
  });
  const palettes = [paletteWords('cividis'), paletteWords('thermocline')];
  const recolourMs = await rounds(NR_RECOLOURS, (round) =>
    renderer.recolour(palettes[round % palettes.length]!),
  );
  return { newColumnMs, panMs, zoomMs, recolourMs };
}

(globalThis as { runHeatmapBench?: typeof run }).runHeatmapBench = run;
