/** Chromium for the tests and benches that need a real browser, and pages for it to open. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { projectRoot } from './sources.ts';

const PLACES: readonly string[] = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where the browser is, or null; `THERMOCLINE_CHROMIUM` names another. */
function chromiumPath(): string | null {
  const named = process.env['THERMOCLINE_CHROMIUM'];
  return [...(named === undefined ? [] : [named]), ...PLACES].find(existsSync) ?? null;
}

/** Why tests that need a browser are skipped, or null when they are not. */
export function whyNoBrowser(): string | null {
  if (chromiumPath() !== null) return null;
  return `Skipped: there is no Chromium at ${PLACES.join(' or ')}; install Debian's package chromium, or name one with THERMOCLINE_CHROMIUM.`;
}

/** Starts the browser; whoever asked closes it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error(whyNoBrowser()!);
  return chromium.launch({ executablePath, args: [...FLAGS] });
}

/** A folder of the project. */
export function projectFolder(name: string): string {
  return path.join(projectRoot, name);
}
