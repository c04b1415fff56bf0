/** The playground as a static page, in a real browser. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, whyNoBrowser } from '../browser.ts';
import { accessibilityProblems } from './accessibility.ts';
import { buildPages, StaticPages } from './pages.ts';

const skipped = whyNoBrowser();
if (skipped !== null) process.stderr.write(`${skipped}\n`);

describe.skipIf(skipped !== null)('the static playground', { timeout: 120_000 }, () => {
  let pages: StaticPages;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    pages = await StaticPages.serve(await buildPages('demo'));
    browser = await launchBrowser();
    page = await open('light', 1440);
  });

  afterAll(async () => {
    await browser.close();
    await pages[Symbol.asyncDispose]();
  });

  async function open(colorScheme: 'light' | 'dark', width: number): Promise<Page> {
    const opened = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    opened.setDefaultTimeout(60_000);
    opened.on('pageerror', (error) => problems.push(error.message));
    opened.on('requestfailed', (request) => problems.push(request.url()));
    await opened.goto(pages.url);
    await opened.getByText('in use', { exact: false }).first().waitFor();
    return opened;
  }

  const readout = () => page.locator('.readout').textContent();

  test('shows heat of a simulated machine, beside one that is left alone', async () => {
    await page.getByText(/less memory in use/).waitFor();
    expect(await readout()).toMatch(/MiB of .* in use \(.* %\)\. Hottest: /);
    await page.getByRole('button', { name: 'Left alone' }).click();
    await page.getByRole('application', { name: /left alone/ }).waitFor();
    await page.getByRole('button', { name: 'With the scheme' }).click();
  });

  test('reads out what is under the crosshair, by mouse and by keys', async () => {
    const heat = page.getByRole('application');
    await heat.hover({ position: { x: 20, y: 60 } });
    await expect.poll(readout).toMatch(/^\d:\d\d(\.\d)?, .+: .*accessed/);
    await page.mouse.move(0, 0);
    await heat.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowDown');
    await expect.poll(readout).toMatch(/^\d:\d\d/);
    await page.keyboard.press('Escape');
    await expect.poll(readout).toMatch(/Hottest/);
  });

  test('zooms by keys, and pauses there', async () => {
    const ticks = () => page.locator('.heat-times').textContent();
    const before = await ticks();
    await page.getByRole('application').focus();
    for (let press = 0; press < 5; press++) await page.keyboard.press('+');
    await expect.poll(ticks).not.toBe(before);
    await page.keyboard.press('0');
    await page.getByRole('button', { name: 'Zoom in', exact: true }).click();
  });

  test('narrows tables and figures to a selection', async () => {
    const box = (await page.getByRole('application').boundingBox())!;
    await page.keyboard.down('Shift');
    await page.mouse.move(box.x + 10, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 90);
    await page.mouse.up();
    await page.keyboard.up('Shift');
    await page
      .getByText(/^The selection: /)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Clear selection' }).click();
    await page.getByText('The newest picture, all addresses.').first().waitFor();
  });

  test('turns a knob, and begins again with it', async () => {
    await page.getByLabel('Workload').selectOption('hot-tenth');
    const age = page.getByRole('slider', { name: /Cold after/ });
    await age.focus();
    await page.keyboard.press('End');
    await page.getByText('at least 2 m', { exact: false }).waitFor();
    await page.getByText(/Nothing in the last seconds/).waitFor();
    expect(await page.locator('.why').textContent()).toMatch(/not for 2 m or more; the nearest/);
  });

  test('remembers the theme and the colours', async () => {
    await page.getByTitle('Dark colours').click();
    await page.getByLabel('Colours').selectOption('cividis');
    await page.reload();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(await page.getByLabel('Colours').inputValue()).toBe('cividis');
  });

  test.each([
    ['light', 1440],
    ['dark', 1440],
    ['light', 360],
  ] as const)('has no accessibility violations in %s at %d px', async (theme, width) => {
    const opened = await open(theme, width);
    await opened.getByText(/less memory in use/).waitFor();
    expect(await accessibilityProblems(opened)).toEqual([]);
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    expect(await opened.evaluate(overflow)).toBeLessThanOrEqual(0);
    await opened.close();
  });

  test('has had no error and no failed request', () => {
    expect(problems).toEqual([]);
  });

  test('needs nothing but its own files', () => {
    const html = readFileSync(path.join(pages.folder, 'index.html'), 'utf8');
    expect(html).not.toMatch(/https?:/);
    expect(readdirSync(pages.folder).sort()).toEqual(['assets', 'index.html', 'mark.svg']);
  });
});
