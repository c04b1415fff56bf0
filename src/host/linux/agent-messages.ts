/**
 * What a host and the agent in a guest say to each other: one JSON object a line, version 1.
 *
 *     host   {"version":1,"id":7,"reclaimBytes":2097152,"compact":false}
 *     guest  {"version":1,"id":7,"report":{"freeBytes":…,"availableBytes":…,…}}
 *     guest  {"version":1,"id":7,"error":"…"}          the order was none
 *     guest  {"version":1,"someTotalUs":1234}          by itself, while time is being lost
 *
 * and on blocks of 2 MiB that the guest holds, so that the host can have them:
 *
 *     host   {"version":1,"id":8,"hold":2,"nonce":"00f1…"}     two more, filled (held-pattern.ts)
 *     host   {"version":1,"id":9,"release":[4194304]}
 *     host   {"version":1,"id":10,"listFrom":0}                those from an address on
 *     guest  {"version":1,"id":8,"blocks":[4194304,6291456]}   guest-physical addresses
 *
 * The answer names the blocks that are held by this order, released by it, or listed.
 *
 * Each side takes the other for hostile. A line has a limit, each field is checked, fields that are
 * not known are left out, and what is wrong is one sentence that costs nothing but that line.
 */
import { HELD_BLOCK_BYTES, NONCE } from './held-pattern.ts';

/** Of this description. */
const AGENT_VERSION = 1;
/** Name of the virtio-serial port by which both find it. */
export const AGENT_PORT = 'thermocline.acma';
/** Longest line, its end not counted; either side says far less. */
export const MAX_LINE_LENGTH = 4096;

/** What the host wants of a guest; it is answered by a report at once, and carried out after. */
export interface AgentOrder {
  readonly id: number;
  /** Cold memory that is to leave: what the kernel of the guest has found unused. */
  readonly reclaimBytes: number;
  /** Free memory is to be brought together in blocks of 2 MiB. */
  readonly compact: boolean;
}

/** What the host wants of blocks that a guest holds; it is answered once it is done. */
export type BlockOrder =
  | { readonly id: number; readonly hold: number; readonly nonce: string }
  | { readonly id: number; readonly release: readonly number[] }
  | { readonly id: number; readonly listFrom: number };

/** How a guest stands, by its own word. */
export interface AgentReport {
  readonly freeBytes: number;
  /** Free, or free as soon as it is wanted. */
  readonly availableBytes: number;
  /** Not available yet, but unused for long, and with room in swap: what it can spare beside. */
  readonly coldBytes: number;
  /** The total of `some` of its memory pressure, in microseconds. */
  readonly someTotalUs: number;
  /** Since its boot: what had been taken and had to come back. */
  readonly refaultedBytes: number;
  /** Since the agent's start: what left because a host had asked. */
  readonly reclaimedBytes: number;
  /** Blocks of 2 MiB that are free in one piece. */
  readonly nrFreeBlocks: number;
  /** What the agent itself takes. */
  readonly agentBytes: number;
  /** Blocks that it holds for a host. */
  readonly nrHeldBlocks: number;
  /** What its kernel has given up of the page structures of these. */
  readonly structBytesGivenUp: number;
}

/** What a guest says. */
export type AgentMessage =
  | { readonly id: number; readonly report: AgentReport }
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly blocks: readonly number[] }
  | { readonly someTotalUs: number };

const REPORT_FIELDS: readonly (keyof AgentReport)[] = [
  ...(['freeBytes', 'availableBytes', 'coldBytes', 'someTotalUs'] as const),
  ...(['refaultedBytes', 'reclaimedBytes', 'nrFreeBlocks', 'agentBytes'] as const),
  ...(['nrHeldBlocks', 'structBytesGivenUp'] as const),
];
/** No order is for more blocks at once, and no answer tells of more. */
export const MAX_NR_BLOCKS = 128;
/** No guest is larger. */
const MAX_ADDRESS = 2 ** 44;
/** Longest sentence of the other side that is shown. */
const MAX_ERROR_LENGTH = 200;

/** What came is no message; the sentence says why, and repeats nothing that could be harmful. */
export class MessageError extends Error {}

/** A line, with its end, and an end before it: what was cut off earlier spoils only itself. */
export function agentLine(message: AgentOrder | BlockOrder | AgentMessage): string {
  return `\n${JSON.stringify({ version: AGENT_VERSION, ...message })}\n`;
}

/** @throws MessageError for a line that is no order */
export function parseOrder(line: string): AgentOrder | BlockOrder {
  const fields = fieldsOf(line);
  const { compact, nonce } = fields;
  if ('hold' in fields) {
    const hold = count(fields, 'hold');
    if (typeof nonce !== 'string' || !NONCE.test(nonce)) throw new MessageError('"nonce" is none');
    if (hold > MAX_NR_BLOCKS) throw new MessageError(`"hold" is above ${MAX_NR_BLOCKS}`);
    return { id: count(fields, 'id'), hold, nonce };
  }
  if ('release' in fields) {
    return { id: count(fields, 'id'), release: addresses(fields, 'release') };
  }
  if ('listFrom' in fields) return { id: count(fields, 'id'), listFrom: count(fields, 'listFrom') };
  if (typeof compact !== 'boolean') throw new MessageError('"compact" has to be true or false');
  return { id: count(fields, 'id'), reclaimBytes: count(fields, 'reclaimBytes'), compact };
}

/** @throws MessageError for a line that a guest should not say */
export function parseMessage(line: string): AgentMessage {
  const fields = fieldsOf(line);
  if ('report' in fields) return { id: count(fields, 'id'), report: reportOf(fields['report']) };
  if ('blocks' in fields) {
    return { id: count(fields, 'id'), blocks: addresses(fields, 'blocks') };
  }
  if ('error' in fields) return { id: count(fields, 'id'), error: sentence(fields['error']) };
  return { someTotalUs: count(fields, 'someTotalUs') };
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(line: string): Fields {
  const fields = objectOf(parsed(line), 'a line');
  if (fields['version'] !== AGENT_VERSION) {
    throw new MessageError(`"version" has to be ${AGENT_VERSION}: both sides need the same one`);
  }
  return fields;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new MessageError('a line is no JSON');
  }
}

function objectOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new MessageError(`${what} has to be an object`);
}

function reportOf(value: unknown): AgentReport {
  const fields = objectOf(value, '"report"');
  const report = Object.fromEntries(REPORT_FIELDS.map((name) => [name, count(fields, name)]));
  return report as unknown as AgentReport;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new MessageError(`"${name}" has to be a whole number from 0 on`);
}

/** Of whole blocks, each at most once. */
function addresses(fields: Fields, name: string): readonly number[] {
  const all = fields[name];
  const isAddress = (value: unknown) =>
    Number.isSafeInteger(value) &&
    (value as number) >= 0 &&
    (value as number) < MAX_ADDRESS &&
    (value as number) % HELD_BLOCK_BYTES === 0;
  if (!Array.isArray(all) || all.length > MAX_NR_BLOCKS || !all.every(isAddress)) {
    const what = `at most ${MAX_NR_BLOCKS} addresses of blocks of 2 MiB`;
    throw new MessageError(`"${name}" has to be a list of ${what}`);
  }
  if (new Set(all).size < all.length) throw new MessageError(`"${name}" has a block twice`);
  return all;
}

/** It ends up on a terminal, so only what prints is kept. */
function sentence(value: unknown): string {
  if (typeof value !== 'string') throw new MessageError('"error" has to be a sentence');
  return value.slice(0, MAX_ERROR_LENGTH).replace(/[^\x20-\x7e]/g, '?');
}
