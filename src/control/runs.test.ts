import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { ownIdentity, type ProcessIdentity } from '../host/linux/process-identity.ts';
import type { JournalLine } from './journal-format.ts';
import { listRuns, restoreAbandoned } from './runs.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-runs-'));
afterAll(() => rmSync(base, { recursive: true }));
let stateDir: string;
let cgroupRoot: string;
const roots = () => ({ proc: '/proc', sys: join(base, 'sys'), cgroup: cgroupRoot });
let files: string[];
beforeEach(() => {
  stateDir = mkdtempSync(join(base, 'state-'));
  cgroupRoot = mkdtempSync(join(base, 'cgroup-'));
  files = ['a', 'b'].map((name) => {
    mkdirSync(join(cgroupRoot, name));
    const file = join(cgroupRoot, name, 'memory.high');
    writeFileSync(file, '4096\n');
    return file;
  });
});

/** This process with another start: it had the number once and has gone. */
const gone = (): ProcessIdentity => ({ ...ownIdentity(), startTicks: 1 });

function writeJournal(owner: ProcessIdentity, lines: readonly JournalLine[]): void {
  const begin: JournalLine = { type: 'begin', version: 1, owner, description: 'a run' };
  const text = [begin, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(stateDir, `journal-${owner.pid}-0000000a.jsonl`), text);
}

function step(id: number, file: string, content: string): JournalLine {
  return { type: 'step', id, text: `echo 4096 > ${file}`, undo: { file, content } };
}

const contents = () => files.map((file) => readFileSync(file, 'utf8'));

test('what a process left that has gone is put back, the latest step first', async () => {
  const [a, b] = files as [string, string];
  // The first content of a file is the one that must win.
  writeJournal(gone(), [step(1, a, 'max\n'), step(2, b, '8192\n'), step(3, a, '1\n')]);
  expect(listRuns(stateDir).map((run) => run.state)).toEqual(['abandoned']);
  expect(await restoreAbandoned(stateDir, roots())).toEqual({
    done: [
      `${a} is "1" again.`,
      `${b} is "8192" again.`,
      `${a} is "max" again.`,
      `What process ${process.pid} left open is closed: a run.`,
    ],
    failed: [],
  });
  expect(contents()).toEqual(['max\n', '8192\n']);
  expect(listRuns(stateDir).map((run) => run.state)).toEqual(['finished']);
});

test('a second time there is nothing to do', async () => {
  writeJournal(gone(), [step(1, files[0]!, 'max\n')]);
  await restoreAbandoned(stateDir, roots());
  writeFileSync(files[0]!, '5\n');
  expect(await restoreAbandoned(stateDir, roots())).toEqual({ done: [], failed: [] });
  expect(contents()[0]).toBe('5\n');
});

test('what was undone already is not undone again', async () => {
  writeJournal(gone(), [step(1, files[0]!, 'max\n'), { type: 'undone', id: 1 }]);
  await restoreAbandoned(stateDir, roots());
  expect(contents()[0]).toBe('4096\n');
});

test('steps from before a reboot are not replayed', async () => {
  writeJournal({ ...ownIdentity(), bootId: 'another' }, [step(1, files[0]!, 'max\n')]);
  expect(listRuns(stateDir)[0]!.state).toBe('abandoned');
  const { done, failed } = await restoreAbandoned(stateDir, roots());
  expect(done[0]).toMatch(/before a reboot/);
  expect(failed).toEqual([]);
  expect(contents()[0]).toBe('4096\n');
  expect(listRuns(stateDir)[0]!.state).toBe('finished');
});

test('the living process that owns a journal keeps it', async () => {
  writeJournal(ownIdentity(), [step(1, files[0]!, 'max\n')]);
  await restoreAbandoned(stateDir, roots());
  expect(contents()[0]).toBe('4096\n');
});

test('a step that cannot be put back keeps the journal open; the others are put back', async () => {
  const outside = join(stateDir, 'memory.high');
  writeFileSync(outside, 'untouched');
  writeJournal(gone(), [step(1, files[0]!, 'max\n'), step(2, outside, 'max\n')]);
  const { done, failed } = await restoreAbandoned(stateDir, roots());
  expect(done).toEqual([`${files[0]} is "max" again.`]);
  expect(failed).toEqual([expect.stringContaining(`"${outside}" is not written to`)]);
  expect(readFileSync(outside, 'utf8')).toBe('untouched');
  expect(listRuns(stateDir)[0]!.state).toBe('abandoned');
});

test('a damaged journal is named and does not keep others from being restored', async () => {
  writeFileSync(join(stateDir, 'journal-1-00000001.jsonl'), 'nonsense\n');
  writeJournal(gone(), [step(1, files[0]!, 'max\n')]);
  const { failed } = await restoreAbandoned(stateDir, roots());
  expect(failed).toEqual([expect.stringMatching(/^Line 1 of the journal .* is damaged/)]);
  expect(contents()[0]).toBe('max\n');
});

test('a state folder that is not there knows of no runs', async () => {
  expect(listRuns(join(stateDir, 'missing'))).toEqual([]);
});
