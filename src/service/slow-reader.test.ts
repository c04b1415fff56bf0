import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bytesInUse } from '../../test/service/bytes-in-use.ts';
import { VirtualService } from '../../test/service/virtual-service.ts';
import { decodeFrame, FrameSplitter } from '../client/snapshot-frame.ts';
import { listenOnLoopback } from './listen.ts';

const MIB = 2 ** 20;
/** Each picture takes 28 KB, so that no buffer on the way holds many. */
const THOUSAND_REGIONS = {
  attrs: { sampleIntervalUs: 50_000, aggregationIntervalUs: 100_000, minNrRegions: 1000 },
};

/** Reads no further than the head of the answer. */
async function askWithoutReading(
  port: number,
  path: string,
  token: string,
): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${token}` };
  const call = get({ host: '127.0.0.1', port, path, agent: false, headers });
  const [answer] = await once(call, 'response');
  expect(answer.statusCode).toBe(200);
  return answer;
}

test('readers who stop reading make the service hold nothing, and get the newest then', async () => {
  await using virtual = new VirtualService();
  const listener = await listenOnLoopback(virtual.app, 0);
  virtual.hosts.push(`127.0.0.1:${listener.port}`);
  try {
    const watch = { kind: 'simulation', scenario: 'demo' } as const;
    await virtual.client().create({ name: 'app', watch, params: THOUSAND_REGIONS });
    const token = virtual.token('read');
    const paths = ['/api/v1/monitors/app/stream', '/api/v1/events'];
    const readers = await Promise.all(
      paths.map((path) => askWithoutReading(listener.port, path, token)),
    );
    const message = 'x'.repeat(10_000);
    const pass = async (seconds: number) => {
      await virtual.advance('app', seconds * 1e6);
      for (let event = 0; event < 10 * seconds; event++) {
        virtual.service.events.add('service', null, message);
      }
    };
    await pass(60);
    // What the monitor remembers grows up to its own limit, and is not what is asked here.
    const own = async () => (await bytesInUse()) - virtual.service.monitor('app').historyBytes;
    const early = await own();
    await pass(240);
    // 67 MiB of pictures and 23 MiB of events went by in the meantime.
    expect((await own()) - early).toBeLessThan(8 * MIB);
    expect(await lastPictureUs(readers[0]!)).toBeGreaterThan(299e6);
    for (const reader of readers) reader.destroy();
  } finally {
    await listener.close();
  }
}, 120_000);

/** Reads what was on its way, and what comes behind it. */
async function lastPictureUs(answer: IncomingMessage): Promise<number> {
  const splitter = new FrameSplitter();
  let lastUs = 0;
  answer.on('data', (piece: Buffer) => {
    for (const bytes of splitter.push(piece)) {
      lastUs = decodeFrame(bytes)?.snapshot.timeUs ?? lastUs;
    }
  });
  for (let waits = 0; waits < 100 && lastUs < 299e6; waits++) await delay(50);
  return lastUs;
}
