import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../base/clock.ts';
import { FakeAgent } from '../../testing/fake-agent.ts';
import { FakeQemu } from '../../testing/fake-qemu.ts';
import { AgentLink } from './agent-link.ts';

const GIB = 2 ** 30;
const NOTHING = { reclaimBytes: 0, compact: false };
const clock = new VirtualClock();
let folder = '';
let socketPath = '';
let qemu: FakeQemu;
let agent: FakeAgent;
let link: AgentLink;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thermocline-link-'));
  socketPath = join(folder, 'agent.sock');
  qemu = await FakeQemu.listen(join(folder, 'qmp.sock'), GIB, GIB / 2);
  agent = await FakeAgent.listen(socketPath, qemu);
  link = new AgentLink({ socketPath, clock, answerLimitMs: 50 });
});
afterEach(async () => {
  link[Symbol.dispose]();
  await agent[Symbol.asyncDispose]();
  await qemu[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 300 && !condition(); attempt++) await sleep(10);
  expect(condition()).toBe(true);
}

test('a report counts as of when it was asked for', async () => {
  await link.ask(NOTHING);
  clock.advance(5e6);
  const nowMs = clock.nowUs() / 1000;
  const asked = link.ask({ reclaimBytes: 2 ** 21, compact: true });
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1e6);
  await asked;
  expect(link.latest).toMatchObject({ takenAtMs: nowMs, freeBytes: GIB / 2 });
  expect(agent.orders).toEqual([{ reclaimBytes: 2 ** 21, compact: true }]);
  expect(link.trouble).toBeNull();
});

test('time that is being lost is told without a question', async () => {
  await link.ask(NOTHING);
  agent.say('{"version":1,"someTotalUs":4711}\n');
  await until(() => link.someTotalUs === 4711);
});

test.each([
  ['half a line', '{"version":1,"id":', /no JSON/],
  ['another version', '{"version":9,"id":1,"report":{}}', /"version" has to be 1/],
  ['a report of words', '{"version":1,"id":1,"report":{"freeBytes":"all"}}', /"freeBytes" has/],
  ['a refusal', '{"version":1,"id":0,"error":"too old"}', /it refuses: too old/],
  ['a line without an end', 'x'.repeat(5000), /a line is longer than 4096/],
])('%s leaves the latest report as it was, and is told in a sentence', async (_name, line, why) => {
  await link.ask(NOTHING);
  const before = link.latest;
  clock.advance(1e6);
  agent.nextLines.push(line);
  await link.ask(NOTHING);
  expect(link.latest).toBe(before);
  expect(link.trouble).toMatch(why);
  await link.ask(NOTHING);
  expect(link.latest!.takenAtMs).toBe(clock.nowUs() / 1000);
  expect(link.trouble).toBeNull();
});

test('answers to nothing that was asked are none', async () => {
  await link.ask(NOTHING);
  const before = link.latest;
  const report = { ...before, freeBytes: 1 };
  for (const id of [0, 1, 999]) agent.say(`${JSON.stringify({ version: 1, id, report })}\n`);
  agent.say('{"version":1,"someTotalUs":1}\n');
  await until(() => link.someTotalUs === 1);
  expect(link.latest).toBe(before);
});

test('an agent that is gone is asked again, a line that was cut is connected anew', async () => {
  agent.isSilent = true;
  await link.ask(NOTHING);
  expect(link.latest).toBeNull();
  agent.isSilent = false;
  agent.cut();
  await until(() => link.trouble !== null);
  expect(link.trouble).toMatch(/hung up/);
  await link.ask(NOTHING);
  expect(link.latest).not.toBeNull();
  await agent[Symbol.asyncDispose]();
  await until(() => link.trouble !== null);
  await link.ask(NOTHING);
  expect(link.trouble).toMatch(/can't be connected to \(ENOENT\)/);
});

test('a guest that floods its line is made to wait, and heard when it is done', async () => {
  await link.ask(NOTHING);
  agent.someTotalUs = 99;
  for (let nr = 0; nr < 4; nr++) agent.say('{}\n'.repeat(40_000));
  await link.ask(NOTHING);
  await until(() => link.someTotalUs === 99);
});
