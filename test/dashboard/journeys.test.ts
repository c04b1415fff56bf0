/** What people do on the dashboard, by keyboard wherever that can be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningService } from '../../src/service/run-service.ts';
import { launchBrowser, whyNoBrowser } from '../browser.ts';
import { accessibilityProblems } from './accessibility.ts';
import { startDemoService } from './demo-service.ts';
import { buildPages } from './pages.ts';

const VIEWS = ['watch/twin', 'machine', 'playground'] as const;

describe.skipIf(whyNoBrowser() !== null)('on the dashboard', { timeout: 120_000 }, () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'thermocline-journeys-'));
  let folder: string;
  let running: RunningService;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    folder = await buildPages('production');
    running = await startDemoService({
      ...{ stateDir, port: 0, pagesFolder: folder },
      tellFault: (why) => problems.push(why),
    });
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(running.newLink()!);
    await page.getByText(/MiB of .* in use/).waitFor();
  });

  afterAll(async () => {
    await browser.close();
    await running[Symbol.asyncDispose]();
    for (const one of [stateDir, folder]) rmSync(one, { recursive: true, force: true });
  });

  const heat = () => page.getByRole('application');
  const times = () => page.locator('.heat-times').textContent();
  const scopes = () => page.locator('.scope').allTextContents();

  test('colours are chosen by keyboard, for picture, legend and table, and remembered', async () => {
    const colours = page.getByLabel('Colours');
    const legend = () => page.locator('.scale i').getAttribute('style');
    const before = await legend();
    await colours.focus();
    await page.keyboard.press('g');
    await expect.poll(() => colours.inputValue(), { timeout: 30_000 }).toBe('grey');
    expect(await legend()).not.toBe(before);
    await page.reload();
    await page.getByText(/MiB of .* in use/).waitFor();
    expect(await colours.inputValue()).toBe('grey');
    await colours.selectOption('thermocline');
    expect(await legend()).toBe(before);
  });

  test('space pauses, the bar scrubs through history, End follows again', async () => {
    await heat().focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Follow' }).waitFor();
    const paused = await times();
    const { nrPictures } = running.service.monitor('twin');
    await expect
      .poll(() => running.service.monitor('twin').nrPictures, { timeout: 30_000 })
      .toBeGreaterThan(nrPictures + 5);
    expect(await times()).toBe(paused);
    for (let press = 0; press < 8; press++) await page.keyboard.press('+');
    const bar = page.getByRole('slider', { name: 'Scrub through history' });
    const until = () => bar.getAttribute('aria-valuetext');
    const late = await until();
    await bar.focus();
    await page.keyboard.press('Home');
    await expect.poll(until, { timeout: 30_000 }).not.toBe(late);
    await heat().focus();
    await page.keyboard.press('End');
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await page.keyboard.press('0');
  });

  test('what is selected in the picture narrows the figures and the table', async () => {
    const rows = page.locator('table.regions tbody tr');
    await expect.poll(scopes, { timeout: 30_000 }).toContain('The newest picture, all addresses.');
    const all = await rows.count();
    await heat().focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowLeft', 'ArrowLeft']) {
      await page.keyboard.press(key);
    }
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => (await scopes()).every((text) => text.startsWith('The selection: ')), {
        timeout: 30_000,
      })
      .toBe(true);
    expect(await rows.count()).toBeLessThan(all);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Space');
    await expect.poll(scopes, { timeout: 30_000 }).toContain('The newest picture, all addresses.');
  });

  test('a scheme is tried on the past, with its limits, and nothing is changed', async () => {
    const before = running.service.monitor('twin').view();
    const trial = page.getByRole('region', { name: 'Try without acting' });
    await trial.getByLabel('Age from').focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('soon');
    await page.keyboard.press('Enter');
    await trial
      .getByRole('alert')
      .getByText(/age\.min/)
      .waitFor();
    await trial.getByLabel('Age from').fill('1 s');
    await page.keyboard.press('Enter');
    const said = trial.getByRole('status');
    await said
      .getByText(/would have been out of memory on average: .* of what was resident/)
      .waitFor();
    await said.getByText('no footprint', { exact: false }).waitFor();
    expect(await said.locator('.tiles dd').first().textContent()).toMatch(/^[1-9][\d.]* MiB/);
    expect(running.service.monitor('twin').view()).toEqual(before);
  });

  test('a shadow is begun and ended', async () => {
    const trial = page.getByRole('region', { name: 'Try without acting' });
    await trial.getByRole('button', { name: 'Begin a shadow' }).focus();
    await page.keyboard.press('Enter');
    await trial.getByText(/It has run for .* would be out of memory now/).waitFor();
    await trial.getByText('Nothing leaves, so a region keeps its age', { exact: false }).waitFor();
    await page.reload();
    await trial.getByText(/It has run for/).waitFor();
    await trial.getByRole('button', { name: 'End the shadow' }).click();
    await expect.poll(() => trial.getByText(/It has run for/).count(), { timeout: 30_000 }).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'no view has accessibility violations in %s',
    async (theme) => {
      await page.emulateMedia({ colorScheme: theme });
      await page.getByText('Add a scheme').click();
      expect(await accessibilityProblems(page)).toEqual([]);
      await page.goto(`${running.url}/#/machine`);
      for (const kind of ['Cgroups', 'Simulated machines', 'Processes']) {
        await page.getByRole('button', { name: kind }).click();
        expect(await accessibilityProblems(page), kind).toEqual([]);
      }
      await page.goto(`${running.url}/#/playground`);
      await page.getByRole('heading', { name: 'Outcome' }).waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      await page.goto(`${running.url}/#/watch/twin`);
      await page.getByText(/MiB of .* in use/).waitFor();
    },
  );

  test('fits, with text that can be read, from a telephone to 4K', async () => {
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    const textPx = 'parseFloat(getComputedStyle(document.querySelector("main p")).fontSize)';
    for (const [width, leastPx] of [
      [360, 15],
      [1024, 15],
      [1920, 15],
      [2560, 18],
      [3840, 25],
    ] as const) {
      await page.setViewportSize({ width, height: Math.min(width * 2, 1000) });
      for (const view of VIEWS) {
        await page.goto(`${running.url}/#/${view}`);
        await page.locator('main p').first().waitFor();
        expect(await page.evaluate(overflow), `${view} at ${width}`).toBeLessThanOrEqual(0);
        expect(await page.evaluate(textPx), `${view} at ${width}`).toBeGreaterThanOrEqual(leastPx);
      }
    }
  });

  test('there was no error', () => {
    expect(problems).toEqual([]);
  });
});
