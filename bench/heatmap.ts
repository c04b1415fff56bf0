/**
 * The dashboard's heat map in real Chromium: what a frame with a new column costs, beside colouring
 * all of its cells anew.
 */
import { build } from 'vite';
import { launchBrowser, projectFolder } from '../test/browser.ts';
import { type Bench, formatFigure, median } from './harness.ts';
import type { HeatmapTimes } from './heatmap-page.ts';

/** Of the time to colour all cells anew, a frame may take this share. */
const AIM = 1 / 20;

async function pageScript(): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      rolldownOptions: { input: projectFolder('bench/heatmap-page.ts') },
    },
  });
  const [first] = [output].flat();
  if (first === undefined || !('output' in first)) throw new Error('Nothing was built.');
  return first.output[0].code;
}

async function measure(): Promise<HeatmapTimes> {
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 2000, height: 2000 } });
    await page.setContent(
      '<style>canvas{position:absolute}.heat-layer{position:absolute;transform-origin:0 0}</style>',
    );
    await page.addScriptTag({ content: await pageScript(), type: 'module' });
    await page.waitForFunction('globalThis.runHeatmapBench !== undefined');
    return await page.evaluate('globalThis.runHeatmapBench()');
  } finally {
    await browser.close();
  }
}

export default {
  about: 'script of one frame of a heat map of 2,000 × 2,000 cells in Chromium, in milliseconds',
  async run(progress) {
    progress('building the page, and drawing 4 million cells');
    const times = await measure();
    const recolour = median(times.recolourMs);
    const row = (name: string, values: readonly number[]) => {
      const worst = Math.max(...values);
      const middle = median(values);
      return [
        name,
        formatFigure(middle),
        formatFigure(worst),
        `1/${formatFigure(recolour / middle)}`,
      ];
    };
    const met = median(times.newColumnMs) <= recolour * AIM;
    return {
      json: { ...times, recolourMedianMs: recolour, aim: AIM, met },
      table: [
        ['', 'median', 'worst', 'of recolouring'],
        row('a new column', times.newColumnMs),
        row('pan', times.panMs),
        row('zoom', times.zoomMs),
        row('recolour all cells', times.recolourMs),
      ],
      notes: [
        `The aim is 1/20 of recolouring for a new column: ${met ? 'met' : 'missed'}.`,
        'A zoom that doubles the size of cells draws missing tiles, at most 5 ms a frame.',
      ],
    };
  },
} satisfies Bench as Bench;
