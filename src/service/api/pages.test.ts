import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualService } from '../../../test/service/virtual-service.ts';

let stateDir = '';
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'thermocline-pages-'));
  mkdirSync(join(stateDir, 'pages/assets'), { recursive: true });
  writeFileSync(join(stateDir, 'pages/index.html'), '<!doctype html><title>T</title>');
  writeFileSync(join(stateDir, 'pages/assets/a.js'), 'export {};');
  writeFileSync(join(stateDir, 'secret.js'), 'no');
});
afterEach(() => rmSync(stateDir, { recursive: true }));

test('gives the dashboard to anybody, also by a link from elsewhere, with rules for the browser', async () => {
  await using virtual = new VirtualService(stateDir);
  const page = await virtual.fetch('/', { headers: { 'sec-fetch-site': 'cross-site' } });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<title>T</title>');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  const script = await virtual.fetch('/assets/a.js');
  expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  const etag = script.headers.get('etag')!;
  expect((await virtual.fetch('/assets/a.js', { headers: { 'if-none-match': etag } })).status).toBe(
    304,
  );
});

test.each([
  '/secret.js',
  '/../secret.js',
  '/assets/../../secret.js',
  '/%2e%2e/secret.js',
  '/assets',
])('has nothing but its files: %s', async (path) => {
  await using virtual = new VirtualService(stateDir);
  const authorization = `Bearer ${virtual.token('read')}`;
  expect((await virtual.fetch(path, { headers: { authorization } })).status).toBe(404);
  expect((await virtual.fetch(path)).status).toBe(401);
});

test('answers to its own name only, and takes nothing', async () => {
  await using virtual = new VirtualService(stateDir);
  expect((await virtual.fetch('/', { headers: { host: 'evil.example' } })).status).toBe(403);
  expect((await virtual.fetch('/', { method: 'POST' })).status).toBe(405);
});
