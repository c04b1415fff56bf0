/**
 * What the processes of this user know of the kernel's slots: one file for each slot in the state
 * folder. A file is replaced as a whole, so whoever reads it sees it before or after a change.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '../host/linux/process-identity.ts';
import type { Claim } from './claim.ts';
import type { Feature, Features } from './features.ts';

/** Far more than the files of any slot take. */
const MAX_BYTES = 4 * 2 ** 20;

/** A slot of ours. */
export interface SlotRecord {
  readonly claim: Claim;
  /** The process that uses it; null while nobody does. */
  readonly owner: ProcessIdentity | null;
  /** What for, as people shall read it; empty while nobody uses it. */
  readonly purpose: string;
}

/** The records in one state folder. */
export class SlotRecords {
  readonly folder: string;

  /** @param stateDir checked by whoever opens it; it may not be there yet */
  constructor(stateDir: string) {
    this.folder = join(stateDir, 'kernel');
  }

  /** All of them, by slot. What can't be read as a record is none. */
  all(): SlotRecord[] {
    const slots = names(this.folder).flatMap((name) => /^slot-(\d+)\.json$/.exec(name)?.[1] ?? []);
    return slots
      .map(Number)
      .sort((a, b) => a - b)
      .flatMap((slot) => this.of(slot) ?? []);
  }

  of(slot: number): SlotRecord | null {
    const record = readJson(this.#file(slot));
    return isRecord(record) && record.claim.slot === slot ? record : null;
  }

  write(record: SlotRecord): void {
    this.#replace(this.#file(record.claim.slot), record);
  }

  /** The boot in which we switched DAMON_STAT off, which has to be put back; null: we have not. */
  get handoverBootId(): string | null {
    const found = readJson(this.#handoverFile) as { readonly bootId?: unknown } | null;
    return typeof found?.bootId === 'string' ? found.bootId : null;
  }

  set handoverBootId(bootId: string | null) {
    if (bootId === null) rmSync(this.#handoverFile, { force: true });
    else this.#replace(this.#handoverFile, { module: 'damon_stat', bootId });
  }

  /** What this boot's kernel was found to have; null while nobody has looked. */
  features(bootId: string): Features | null {
    const found = readJson(this.#featuresFile) as {
      readonly bootId?: unknown;
      readonly features?: readonly Feature[];
    } | null;
    if (found?.bootId !== bootId || !Array.isArray(found.features)) return null;
    return new Map(found.features.map((feature) => [feature.name, feature]));
  }

  writeFeatures(bootId: string, features: Features): void {
    this.#replace(this.#featuresFile, { bootId, features: [...features.values()] });
  }

  /** Forgets a slot. */
  remove(slot: number): void {
    rmSync(this.#file(slot), { force: true });
  }

  #file(slot: number): string {
    return join(this.folder, `slot-${slot}.json`);
  }

  get #featuresFile(): string {
    return join(this.folder, 'features.json');
  }

  get #handoverFile(): string {
    return join(this.folder, 'handover.json');
  }

  #replace(file: string, content: object): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    renameSync(draft, file);
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readJson(file: string): unknown {
  try {
    const text = readFileSync(file, 'utf8');
    return text.length > MAX_BYTES ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is SlotRecord {
  const { claim, owner, purpose } = (value ?? {}) as Partial<SlotRecord>;
  return (
    typeof claim === 'object' &&
    typeof claim?.bootId === 'string' &&
    Number.isSafeInteger(claim.slot) &&
    typeof claim.written === 'object' &&
    (owner === null || typeof owner?.pid === 'number') &&
    typeof purpose === 'string'
  );
}
