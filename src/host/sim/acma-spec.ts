/** The part of a scenario that makes its machine a guest whose memory is scaled (docs/acma.md). */
import { z } from 'zod';
import { bytes, duration } from './scenario-quantities.ts';

/** How far a guest can be trusted, and how fast it is. */
export interface GuestSpec {
  /** It gives up memory no faster than this. */
  readonly bytesPerSecond: number;
  /** What it reports is this old, and what it is told is done this much later. */
  readonly delayUs: number;
  /** From then on it reports no pressure, and that half of its memory is cold. */
  readonly liesFromUs: number;
  /** From then on it neither reports nor gives up anything; memory is still put back into use. */
  readonly silentFromUs: number;
  /** Stalls of another cause than memory, which its pressure tells of all the same. */
  readonly noiseStallUs: number;
  /** Mean time between them; they come by chance. */
  readonly noiseEveryUs: number;
}

/** Somebody needs memory in one piece. */
export interface PoolDemand {
  readonly atUs: number;
  readonly sizeBytes: number;
  /** Until it is given back. */
  readonly forUs: number;
}

/** Contiguous memory that is kept ready. */
export interface PoolSpec {
  readonly targetBytes: number;
  readonly demands: readonly PoolDemand[];
}

/** The three knobs, and the guest. */
export interface AcmaSpec {
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Share of time that may be lost to a lack of memory, 0…1. */
  readonly pressureShare: number;
  readonly guest: GuestSpec;
  readonly pool: PoolSpec | null;
}

const pressure = z
  .union([z.number(), z.string().regex(/^\d+(\.\d+)? ?%$/)])
  .transform((value) => (typeof value === 'number' ? value : Number.parseFloat(value) / 100))
  .pipe(z.number().min(0).max(1));

const never = Number.POSITIVE_INFINITY;

const guest = z
  .strictObject({
    bytesPerSecond: bytes.optional(),
    delayMs: duration(1000).default(0),
    liesFromMs: duration(1000).optional(),
    silentFromMs: duration(1000).optional(),
    noiseStallMs: duration(1000).default(0),
    noiseEveryMs: duration(1000).default(10_000_000),
  })
  .transform(
    (written): GuestSpec => ({
      bytesPerSecond: written.bytesPerSecond ?? never,
      delayUs: written.delayMs,
      liesFromUs: written.liesFromMs ?? never,
      silentFromUs: written.silentFromMs ?? never,
      noiseStallUs: written.noiseStallMs,
      noiseEveryUs: written.noiseEveryMs,
    }),
  );

const demand = z
  .strictObject({ atMs: duration(1000), sizeBytes: bytes, forMs: duration(1000) })
  .transform(({ atMs, sizeBytes, forMs }): PoolDemand => ({ atUs: atMs, sizeBytes, forUs: forMs }));

const pool = z.strictObject({
  targetBytes: bytes,
  demands: z.array(demand).max(1000).default([]),
});

export const acmaSpec: z.ZodType<AcmaSpec> = z
  .strictObject({
    minBytes: bytes,
    maxBytes: bytes,
    pressure: pressure.default(0.001),
    guest: guest.prefault({}),
    pool: pool.nullable().default(null),
  })
  .refine(({ minBytes, maxBytes }) => minBytes <= maxBytes, {
    message: 'minBytes is above maxBytes; swap them',
  })
  .transform(({ pressure: pressureShare, ...rest }) => ({ ...rest, pressureShare }));
