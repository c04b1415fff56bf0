/**
 * The program that `thermocline demo` watches: eight mappings of 16 MiB, whose temperature is
 * known. Says on standard output, once, where each lies and what is done to it. Ends when its
 * parent does, or after 15 minutes unless it is told to be `endless`.
 */
import { readFileSync } from 'node:fs';

const MAPPING_BYTES = 16 * 2 ** 20;
const PAGE_BYTES = 4096;
const WASM_PAGE_BYTES = 64 * 1024;
/** Well below the interval in which anybody samples. */
const TOUCH_INTERVAL_MS = 50;
const MOVE_INTERVAL_MS = 2000;
const LIFE_MS = 15 * 60 * 1000;

/** Names and order are those of the simulated twin. */
const NAMES = [
  'hot-1',
  'cold-1',
  'cold-2',
  'moving',
  'cold-3',
  'hot-2',
  'cold-4',
  'cold-5',
] as const;
type Name = (typeof NAMES)[number];

/** One mapping as it is announced. */
export interface WorkloadMapping {
  readonly name: Name;
  readonly start: number;
  readonly end: number;
  /** What of it is touched all the time. */
  readonly touchedBytes: number;
}

interface Buffer {
  readonly name: Name;
  readonly bytes: Uint8Array;
}

/**
 * Memory with a mapping of its own in the address space: WebAssembly's lies alone between reserved
 * addresses, where plain array buffers would merge with their neighbours into one mapping.
 */
function allocate(name: Name): Buffer {
  const pages = MAPPING_BYTES / WASM_PAGE_BYTES;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const bytes = new Uint8Array(memory.buffer);
  touch(bytes, 0, MAPPING_BYTES);
  return { name, bytes };
}

function touch(bytes: Uint8Array, from: number, to: number): void {
  for (let place = from; place < to; place += PAGE_BYTES) bytes[place]! += 1;
}

/**
 * What is touched of a mapping at all times; of the moving one, another quarter from time to time.
 */
function touchedBytes(name: Name): number {
  if (name.startsWith('hot')) return MAPPING_BYTES;
  return name === 'moving' ? MAPPING_BYTES / 4 : 0;
}

function touchAll(buffers: readonly Buffer[], sinceStartMs: number): void {
  const turn = Math.floor(sinceStartMs / MOVE_INTERVAL_MS);
  for (const { name, bytes } of buffers) {
    const length = touchedBytes(name);
    const from = length === 0 ? 0 : (turn * length) % MAPPING_BYTES;
    touch(bytes, from, from + length);
  }
}

/** Starts of writable mappings of exactly the buffers' size. */
function mappingStarts(): Set<number> {
  const starts = new Set<number>();
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (match === null) continue;
    const start = Number.parseInt(match[1]!, 16);
    if (Number.parseInt(match[2]!, 16) - start === MAPPING_BYTES) starts.add(start);
  }
  return starts;
}

function run(): void {
  const buffers: Buffer[] = [];
  const mappings: WorkloadMapping[] = [];
  let known = mappingStarts();
  for (const name of NAMES) {
    buffers.push(allocate(name));
    const now = mappingStarts();
    for (const start of now.difference(known)) {
      mappings.push({ name, start, end: start + MAPPING_BYTES, touchedBytes: touchedBytes(name) });
    }
    known = now;
  }
  process.stdout.write(`${JSON.stringify(mappings)}\n`);
  const startMs = performance.now();
  setInterval(() => touchAll(buffers, performance.now() - startMs), TOUCH_INTERVAL_MS);
  if (process.argv[2] !== 'endless') setTimeout(() => process.exit(0), LIFE_MS);
  process.stdin.on('end', () => process.exit(0)).resume();
}

if (import.meta.main) run();
