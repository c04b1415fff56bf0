/**
 * Runs in a guest, and goes on writing to the first block that the agent holds there, until there
 * is a file /tmp/let-go. Says then whether all of the block is as the agent and it have left it.
 */
import { existsSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadBlockMapping } from '../../src/host/linux/block-mapping.ts';
import { HELD_BLOCK_BYTES } from '../../src/host/linux/held-pattern.ts';

const file = '/run/thermocline-held/block-1';
const place = 1_000_000;
const own = Buffer.alloc(8);
const mapping = await loadBlockMapping();
process.stdout.write('waits\n');
while (!existsSync(file)) await sleep(1);
const at = mapping.map(openSync(file, 'r+'), HELD_BLOCK_BYTES);
while (!existsSync('/tmp/let-go')) {
  own.writeBigUInt64LE(own.readBigUInt64LE() + 1n);
  mapping.fill(at + place, own);
}
const seen = Buffer.alloc(HELD_BLOCK_BYTES);
readSync(openSync('/proc/self/mem', 'r'), seen, 0, seen.length, at);
const unit = seen.subarray(0, 32);
const expected = Buffer.alloc(HELD_BLOCK_BYTES, unit);
own.copy(expected, place);
const isFilled = !unit.equals(Buffer.alloc(unit.length));
process.stdout.write(isFilled && seen.equals(expected) ? 'kept\n' : 'lost\n');
