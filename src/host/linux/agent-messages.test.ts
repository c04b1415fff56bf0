import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type AgentMessage,
  agentLine,
  MAX_LINE_LENGTH,
  MAX_NR_BLOCKS,
  MessageError,
  parseMessage,
  parseOrder,
} from './agent-messages.ts';
import { BoundedLines } from './bounded-lines.ts';

const REPORT = {
  ...{ freeBytes: 2 ** 20, availableBytes: 2 ** 21, coldBytes: 0 },
  ...{ someTotalUs: 12, refaultedBytes: 0, reclaimedBytes: 0, nrFreeBlocks: 3, agentBytes: 4096 },
  nrHeldBlocks: 0,
  structBytesGivenUp: 0,
};

test('what one side says the other reads', () => {
  const order = { id: 7, reclaimBytes: 2 ** 21, compact: true };
  expect(parseOrder(agentLine(order).trim())).toEqual(order);
  const messages: AgentMessage[] = [
    { id: 7, report: REPORT },
    { id: 7, error: 'no' },
    { someTotalUs: 9 },
  ];
  for (const message of messages) {
    expect(agentLine(message).length).toBeLessThan(MAX_LINE_LENGTH);
    expect(parseMessage(agentLine(message).trim())).toEqual(message);
  }
});

test('orders on blocks and what answers them are read as they were said, and fit a line', () => {
  const nonce = '0123456789abcdef'.repeat(2);
  const most = Array.from({ length: MAX_NR_BLOCKS }, (_, nr) => 2 ** 44 - (nr + 1) * 2 ** 21);
  for (const order of [
    { id: 1, hold: MAX_NR_BLOCKS, nonce },
    { id: 2, release: most },
    { id: 3, listFrom: 2 ** 21 },
  ]) {
    expect(agentLine(order).length).toBeLessThan(MAX_LINE_LENGTH);
    expect(parseOrder(agentLine(order).trim())).toEqual(order);
  }
  const answer = { id: 4, blocks: most };
  expect(parseMessage(agentLine(answer).trim())).toEqual(answer);
});

test.each([
  [[1], /list of at most 128 addresses of blocks of 2 MiB/],
  [[2 ** 44], /list of at most/],
  [[-(2 ** 21)], /list of at most/],
  [['2097152'], /list of at most/],
  [7, /list of at most/],
  [Array.from({ length: 129 }, (_, nr) => nr * 2 ** 21), /list of at most/],
  [[2 ** 21, 0, 2 ** 21], /has a block twice/],
])('blocks %j are none', (blocks, why) => {
  expect(() => parseMessage(JSON.stringify({ version: 1, id: 1, blocks }))).toThrow(why);
  const order = JSON.stringify({ version: 1, id: 1, release: blocks });
  expect(() => parseOrder(order)).toThrow(why);
});

test.each([
  ['{"version":1,"id":1,"hold":129,"nonce":"00000000000000000000000000000000"}', /above 128/],
  ['{"version":1,"id":1,"hold":1,"nonce":"0000"}', /"nonce" is none/],
  ['{"version":1,"id":1,"hold":1}', /"nonce" is none/],
  ['{"version":1,"id":1,"listFrom":-1}', /"listFrom" has to be a whole/],
  ['{"version":1,"id":1,"reclaimBytes":1}', /"compact" has to be true or false/],
  ['{"version":1,"id":1,"reclaimBytes":-1,"compact":true}', /"reclaimBytes" has to be a whole/],
  ['{"version":1,"id":1,"reclaimBytes":1e300,"compact":true}', /"reclaimBytes" has to be a whole/],
  ['{"version":2,"id":1,"reclaimBytes":1,"compact":true}', /"version" has to be 1/],
  ['[1]', /has to be an object/],
  ['{"version":1', /no JSON/],
])('%s is no order, and the sentence says why', (line, why) => {
  expect(() => parseOrder(line)).toThrow(why);
  expect(() => parseOrder(line)).toThrow(MessageError);
});

test('a report lacks no field, and what a guest calls an error can not steer a terminal', () => {
  for (const name of Object.keys(REPORT)) {
    const report = { ...REPORT, [name]: 'much' };
    expect(() => parseMessage(JSON.stringify({ version: 1, id: 1, report }))).toThrow(name);
  }
  const error = `\u001b[2J${'x'.repeat(1000)}`;
  const message = parseMessage(JSON.stringify({ version: 1, id: 1, error }));
  expect(message).toEqual({ id: 1, error: `?[2J${'x'.repeat(196)}` });
});

test('whatever comes, in whatever pieces, is a message or one sentence, and takes little memory', () => {
  const valid = fc.constantFrom(
    agentLine({ id: 1, report: REPORT }),
    agentLine({ someTotalUs: 1 }),
    agentLine({ id: 3, reclaimBytes: 5, compact: false }),
    agentLine({ id: 4, hold: 1, nonce: '0'.repeat(32) }),
    agentLine({ id: 5, blocks: [2 ** 21] }),
  );
  const hostile = fc.oneof(
    valid.map((line) => Buffer.from(line)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(`${text}\n`)),
    fc.nat({ max: 3 * MAX_LINE_LENGTH }).map((length) => Buffer.alloc(length, '{')),
    // A message in which one byte is another.
    fc.tuple(valid, fc.nat(), fc.nat({ max: 255 })).map(([line, at, byte]) => {
      const bytes = Buffer.from(line);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 20 }), fc.integer({ min: 1, max: 999 }), check),
    { seed: 1, numRuns: 300 },
  );
});

function check(pieces: readonly Buffer[], cut: number): void {
  const lines = new BoundedLines(MAX_LINE_LENGTH);
  // What it ends with is understood, whatever came before it.
  const all = Buffer.concat([...pieces, Buffer.from(agentLine({ someTotalUs: 77 }))]);
  const heard: unknown[] = [];
  for (let at = 0; at < all.length; at += cut) {
    for (const line of lines.push(all.subarray(at, at + cut))) {
      if (line === null) continue;
      expect(line.length).toBeLessThanOrEqual(MAX_LINE_LENGTH);
      for (const parse of [parseMessage, parseOrder]) {
        try {
          heard.push(parse(line));
        } catch (error) {
          expect(error).toBeInstanceOf(MessageError);
        }
      }
    }
  }
  expect(heard.at(-1)).toEqual({ someTotalUs: 77 });
}
