/** The dashboard of a real service with simulated machines, in a real browser. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunningService } from '../../src/service/run-service.ts';
import { launchBrowser, whyNoBrowser } from '../browser.ts';
import { accessibilityProblems } from './accessibility.ts';
import { startDemoService } from './demo-service.ts';
import { FlakyNetwork } from './flaky-network.ts';
import { buildPages } from './pages.ts';

const MAX_FIRST_VIEW_BYTES = 60 * 1024;

/** Files that a browser loads before anything is shown. */
function firstScripts(folder: string): string[] {
  const seen = new Set<string>();
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
  const add = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const code = readFileSync(file, 'utf8');
    const imports = code.matchAll(/(?:^|[;}\s])(?:import|export)[^;()'"]*?["'](\.[^"']+\.js)["']/g);
    for (const [, name] of imports) add(path.join(path.dirname(file), name!));
  };
  for (const [, name] of html.matchAll(/(?:src|href)="(\.\/[^"]+\.js)"/g)) {
    add(path.join(folder, name!));
  }
  return [...seen];
}

let folder = '';
beforeAll(async () => {
  folder = await buildPages('production');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the built dashboard', () => {
  test('shows its first view after less than 60 KB of compressed script', () => {
    const scripts = firstScripts(folder);
    expect(scripts.length).toBeGreaterThan(0);
    const bytes = scripts.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
    expect(bytes).toBeLessThan(MAX_FIRST_VIEW_BYTES);
  });

  test('has the engine and the charts in files that are loaded when they are needed', () => {
    const names = readdirSync(path.join(folder, 'assets'));
    const first = firstScripts(folder).map((file) => path.basename(file));
    for (const part of [/^engine-worker-/, /^playground-/, /^uPlot/]) {
      const name = names.find((one) => part.test(one) && one.endsWith('.js'));
      expect(name, String(part)).toBeDefined();
      expect(first).not.toContain(name);
    }
  });
});

describe.skipIf(whyNoBrowser() !== null)('the dashboard', { timeout: 120_000 }, () => {
  const stateDir = mkdtempSync(path.join(tmpdir(), 'thermocline-dashboard-'));
  let running: RunningService;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const problems: string[] = [];

  const startService = (port: number) =>
    startDemoService({
      stateDir,
      port,
      pagesFolder: folder,
      tellFault: (why) => problems.push(why),
    });

  beforeAll(async () => {
    running = await startService(0);
    browser = await launchBrowser();
    context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) problems.push(message.text());
    });
  });

  afterAll(async () => {
    await browser.close();
    await running[Symbol.asyncDispose]();
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('lets nobody in without the link', async () => {
    await page.goto(running.url!);
    await page.getByRole('heading', { name: 'Open the link' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  test('opens by the link, takes the code out of the address, and shows heat', async () => {
    await page.goto(running.newLink()!);
    await page.getByText('Live', { exact: true }).waitFor();
    expect(page.url()).not.toContain('code=');
    await page.getByRole('heading', { name: 'twin' }).waitFor();
    await page.getByText(/MiB of .* in use \(.*\)\. Hottest: /).waitFor();
    await page.getByText('hot-1').first().waitFor();
  });

  test('zooms into the picture', async () => {
    const heat = page.getByRole('application');
    await heat.focus();
    for (let press = 0; press < 6; press++) await page.keyboard.press('+');
    await expect
      .poll(() => page.locator('.heat-names').textContent())
      .not.toContain('hot-1cold-1cold-2moving');
    await page.keyboard.press('0');
    await expect
      .poll(() => page.locator('.heat-names').textContent())
      .toContain('hot-1cold-1cold-2moving');
  });

  test('says why a scheme does nothing, and changes it', async () => {
    await page.getByText(/are accessed as it asks, but not for 10 m or more/).waitFor();
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    const age = page.locator('.scheme-edit').getByLabel('Age from');
    await age.fill('ten minutes');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page
      .getByRole('alert')
      .getByText(/age\.min/)
      .waitFor();
    await age.fill('1 s');
    await page.getByRole('button', { name: 'Apply' }).click();
    await page.getByText('Count regions not accessed for at least 1 s.').waitFor();
    const { params } = running.service.monitor('twin').view();
    expect(params.schemes[0]!.pattern.age.min).toBe(10);
    await page.getByText('counting', { exact: true }).waitFor();
  });

  test.each(['light', 'dark'] as const)('has no accessibility violations in %s', async (theme) => {
    await page.emulateMedia({ colorScheme: theme });
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.goto(`${running.url}/#/machine`);
    await page.getByRole('heading', { name: 'This machine' }).waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.goto(`${running.url}/#/watch/twin`);
    await page.getByText(/MiB of .* in use/).waitFor();
  });

  test('says that the connection is lost, and goes on once it is back', async () => {
    const { port } = new URL(running.url!);
    await running[Symbol.asyncDispose]();
    await page.getByRole('alert').getByText('The connection to the service is lost.').waitFor();
    await page.getByText(/MiB of .* in use/).waitFor();
    running = await startService(Number(port));
    // Whoever was signed in has to show a new link to a new service.
    await page.getByRole('heading', { name: 'Open the link' }).waitFor();
    await page.getByLabel('Link or code').fill(running.newLink()!);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText(/MiB of .* in use/).waitFor();
  });

  test('notices a network that falls silent, and goes on when it comes back', async () => {
    const { port } = new URL(running.url!);
    await using network = await FlakyNetwork.before(Number(port));
    const behind = await context.newPage();
    const code = running.newLink()!.split('#')[1];
    await behind.goto(`http://127.0.0.1:${network.port}/#${code}`);
    const use = behind.getByText(/MiB of .* in use/);
    await use.waitFor();
    await behind.getByText('Live', { exact: true }).waitFor();
    network.fallSilent();
    const lost = behind.getByRole('alert').getByText('The connection to the service is lost.');
    // The service says something every ten seconds, so that silence tells.
    await lost.waitFor({ timeout: 60_000 });
    await use.waitFor();
    network.comeBack();
    await behind.getByText('Live', { exact: true }).waitFor({ timeout: 60_000 });
    // Pictures come again, and time goes on with them.
    const times = behind.locator('.heat-times');
    const before = await times.textContent();
    await expect.poll(() => times.textContent(), { timeout: 60_000 }).not.toBe(before);
    await behind.close();
  });

  test('starts to watch with one click, and stops', async () => {
    await page.goto(`${running.url}/#/machine`);
    await page.getByText('There is no swap.').waitFor();
    await page.getByRole('button', { name: 'Simulated machines' }).click();
    await page.getByRole('button', { name: 'Watch demo' }).click();
    await page.getByRole('heading', { name: 'demo', exact: true }).waitFor();
    expect(running.service.monitors().map(({ name }) => name)).toEqual(['demo', 'twin']);
    await page.getByRole('button', { name: 'Stop watching' }).click();
    await page.getByRole('heading', { name: 'twin' }).waitFor();
    expect(running.service.monitors().map(({ name }) => name)).toEqual(['twin']);
  });

  test('fits on a telephone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    for (const view of ['watch/twin', 'machine', 'playground']) {
      await page.goto(`${running.url}/#/${view}`);
      await page.getByRole('heading').first().waitFor();
      expect(await page.evaluate(overflow), view).toBeLessThanOrEqual(0);
    }
  });

  test('has had no error', () => {
    expect(problems).toEqual([]);
  });
});
