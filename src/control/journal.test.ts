import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { Journal, listJournals } from './journal.ts';
import { parseJournal } from './journal-format.ts';

const base = mkdtempSync(join(tmpdir(), 'thermocline-journal-'));
afterAll(() => rmSync(base, { recursive: true }));
let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(base, 'state-'));
});

const step = (file: string, content: string) => ({
  text: `echo 1 > ${file}`,
  undo: { file, content },
});

describe('what is written', () => {
  test('each event is one line of JSON, in order', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.record(step('/c/a/memory.high', 'max\n'));
    journal.markUndone(journal.pending[0]!);
    journal.finish('owner');
    const lines = readFileSync(journal.file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l));
    expect(lines).toEqual([
      {
        type: 'begin',
        version: 1,
        owner: { pid: process.pid, startTicks: expect.any(Number), bootId: expect.any(String) },
        description: 'a run',
      },
      {
        type: 'step',
        id: 1,
        text: 'echo 1 > /c/a/memory.high',
        undo: { file: '/c/a/memory.high', content: 'max\n' },
      },
      { type: 'undone', id: 1 },
      { type: 'finished', by: 'owner' },
    ]);
  });

  test('a file keeps the content that it had before us, however often it is changed', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.record(step('/c/a/memory.high', 'max\n'));
    journal.record(step('/c/b/memory.high', '7\n'));
    journal.record(step('/c/a/memory.high', '1\n'));
    expect(journal.pending.map(({ undo }) => undo)).toEqual([
      { file: '/c/b/memory.high', content: '7\n' },
      { file: '/c/a/memory.high', content: 'max\n' },
    ]);
  });

  test('a step that is taken again after it was undone is recorded again', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.record(step('/c/a/memory.high', 'max\n'));
    journal.markUndone(journal.pending[0]!);
    journal.record(step('/c/a/memory.high', '5\n'));
    expect(journal.pending).toMatchObject([{ id: 2, undo: { content: '5\n' } }]);
  });

  test('a step without undo is kept as what was going to be done', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.record({ text: 'page out cold memory of process 7', undo: null });
    expect(journal.pending).toHaveLength(1);
    expect(journal.isFinished).toBe(false);
  });

  test('what another process wrote is seen after reloading', () => {
    using owner = Journal.create(stateDir, 'a run');
    owner.record(step('/c/a/memory.high', 'max\n'));
    using guard = Journal.open(owner.file);
    guard.finish('guard');
    expect(owner.isFinished).toBe(false);
    owner.reload();
    expect(owner.isFinished).toBe(true);
    expect(owner.pending).toEqual([]);
  });

  test('a step behind the end opens the journal again', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.finish('guard');
    journal.record(step('/c/a/memory.high', 'max\n'));
    using again = Journal.open(journal.file);
    expect(again.isFinished).toBe(false);
    expect(again.pending).toHaveLength(1);
  });
});

test('of one guest, each device and a pause are steps of their own', () => {
  using journal = Journal.create(stateDir, 'a run');
  const qmpSocket = '/run/a.qmp';
  const undos = [
    { qmpSocket, device: '/machine/peripheral/memory0', requestedBytes: 7 },
    { qmpSocket, device: '/machine/peripheral/balloon0', balloonBytes: 7, pollingSeconds: 0 },
    { pausedGuest: qmpSocket },
  ];
  for (const undo of [...undos, ...undos]) journal.record({ text: 'a step', undo });
  journal.reload();
  expect(journal.pending.map(({ undo }) => undo)).toEqual(undos.toReversed());
  // A pause comes and goes again and again.
  const pause = { text: 'a step', undo: undos[2]! };
  journal.markUndone(pause);
  expect(journal.pending).toHaveLength(2);
  journal.record(pause);
  expect(journal.pending).toHaveLength(3);
});

describe('what a crash leaves', () => {
  test('a torn last line is ignored, and removed by the next write', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.record(step('/c/a/memory.high', 'max\n'));
    appendFileSync(journal.file, '{"type":"step","id":2,"te');
    using guard = Journal.open(journal.file);
    expect(guard.pending.map(({ id }) => id)).toEqual([1]);
    guard.finish('guard');
    using after = Journal.open(journal.file);
    expect(after.isFinished).toBe(true);
  });

  test('a crash within the first line leaves nothing to do', () => {
    const file = join(stateDir, 'journal-1-00000000.jsonl');
    writeFileSync(file, '{"type":"be');
    using journal = Journal.open(file);
    expect(journal.head).toBeNull();
    expect(journal.isFinished).toBe(true);
  });

  test('wherever it is cut, the whole lines before the cut are read', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.record(step('/c/a/memory.high', 'max\n'));
    journal.record(step('/c/b/memory.high', 'max\n'));
    journal.finish('owner');
    const whole = readFileSync(journal.file);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length }), (length) => {
        const cut = whole.subarray(0, length);
        const { lines, lengthBytes } = parseJournal(cut, 'cut');
        expect(lines.length).toBe(cut.filter((byte) => byte === 0x0a).length);
        expect(lengthBytes).toBe(cut.lastIndexOf(0x0a) + 1);
      }),
    );
  });
});

describe('what is damaged', () => {
  const head =
    '{"type":"begin","version":1,"owner":{"pid":1,"startTicks":2,"bootId":"x"},"description":"d"}\n';

  test.each([
    ['no JSON', `${head}nonsense\n`, 2],
    ['an unknown type', `${head}{"type":"rm"}\n`, 2],
    ['a step without undo', `${head}{"type":"step","id":1,"text":"t"}\n`, 2],
    [
      'an undo without content',
      `${head}{"type":"step","id":1,"text":"t","undo":{"file":"/x"}}\n`,
      2,
    ],
    ['no begin', '{"type":"finished","by":"owner"}\n', 1],
    ['two begins', head + head, 2],
    ['a version of the future', head.replace('"version":1', '"version":2'), 1],
    ['an id that is no whole number', `${head}{"type":"undone","id":1.5}\n`, 2],
    ['a damaged line with good ones behind it', `${head}{\n{"type":"finished","by":"owner"}\n`, 2],
  ])('%s: one sentence with the line', (_, text, line) => {
    const file = join(stateDir, 'journal-1-00000000.jsonl');
    writeFileSync(file, text);
    expect(() => Journal.open(file)).toThrow(
      expect.objectContaining({
        code: 'TC_INVALID',
        message: expect.stringMatching(new RegExp(`^Line ${line} of the journal .* is damaged`)),
      }),
    );
  });

  test('no bytes crash the reader', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseJournal(bytes, 'noise');
        } catch (error) {
          expect(error).toMatchObject({ code: 'TC_INVALID' });
        }
      }),
    );
  });
});

test('the latest 50 finished journals are kept, and unfinished ones for ever', () => {
  const unfinished = Journal.create(stateDir, 'left open');
  unfinished[Symbol.dispose]();
  for (let run = 0; run < 55; run++) {
    using journal = Journal.create(stateDir, `run ${run}`);
    journal.finish('owner');
  }
  expect(listJournals(stateDir)).toContain(unfinished.file);
  expect(readdirSync(stateDir).length).toBeLessThanOrEqual(52);
});

describe('blocks of guests', () => {
  const MIB = 2 ** 20;
  const entry = (state: 'taking' | 'taken' | 'returned', start: number, end: number) =>
    ({ guest: 'vm0', state, ranges: [[start * MIB, end * MIB]] }) as const;

  test('are a table that whoever opens the journal reads', () => {
    using journal = Journal.create(stateDir, 'a run');
    journal.recordBlocks(entry('taking', 0, 6));
    journal.recordBlocks(entry('taken', 2, 6));
    journal.recordBlocks(entry('returned', 4, 6));
    using again = Journal.open(journal.file);
    expect([...again.blocks('vm0')]).toEqual([
      [0, 'taking'],
      [2 * MIB, 'taken'],
    ]);
    expect(again.blocks('vm1').size).toBe(0);
  });

  test('are put together when there are many lines, and a guard finds the new file', () => {
    using journal = Journal.create(stateDir, 'a run');
    using guard = Journal.open(journal.file);
    journal.record(step('/c/a/memory.high', 'max\n'));
    // Every other block of 4 GiB: some 20 KiB a line.
    const ranges = Array.from(
      { length: 1024 },
      (_, n) => [n * 4 * MIB, (n * 4 + 2) * MIB] as const,
    );
    for (let round = 0; round < 20; round++) {
      journal.recordBlocks({ guest: 'vm0', state: 'taking', ranges });
      journal.recordBlocks({ guest: 'vm0', state: 'returned', ranges: ranges.slice(1) });
    }
    expect(statSync(journal.file).size).toBeLessThan(2 ** 18 + 2 ** 16);
    guard.reload();
    expect(guard.pending).toEqual(journal.pending);
    expect([...guard.blocks('vm0')]).toEqual([[0, 'taking']]);
    guard.finish('guard');
    using after = Journal.open(journal.file);
    expect(after.isFinished).toBe(true);
    expect(listJournals(stateDir)).toEqual([journal.file]);
  });

  test.each([[[[1, 2 * MIB]]], [[[2 * MIB, 2 * MIB]]], [[[0, 2 ** 50]]], ['all']])(
    'with ranges %j are damaged',
    (ranges) => {
      const { file } = Journal.create(stateDir, 'a run');
      const line = { type: 'blocks', guest: 'vm0', state: 'taken', ranges };
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      expect(() => Journal.open(file)).toThrow(/Line 2 of the journal .* is damaged/);
    },
  );
});
