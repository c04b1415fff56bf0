/** What answers hold, for the OpenAPI document. The client's types check each. */
import { z } from '@hono/zod-openapi';
import type {
  CgroupView,
  FiguresPoint,
  GoalView,
  HostView,
  MonitorView,
  PageLink,
  PlanView,
  ProcessView,
  StatsAnswer,
} from '../../client/api-types.ts';
import { ACT_MODES } from '../../client/api-types.ts';
import { GOAL_METRICS, type Params } from '../../params/types.ts';
import type { PictureJson } from './picture-json.ts';
import { watchSchema } from './schemas.ts';

/** Bytes. */
export const bytes: z.ZodType<number> = z.number().openapi({ description: 'Bytes.' });
/** Microseconds. */
export const durationUs: z.ZodType<number> = z.number().openapi({ description: 'Microseconds.' });
const count = z.number();
const pressure = z.object({ someUs: durationUs, fullUs: durationUs }).nullable();

/** Its component is the schema of parameter files, where each value has a place. */
export const paramsInForce: z.ZodType<Params> = z
  .record(z.string(), z.unknown())
  .openapi({ allOf: [{ $ref: '#/components/schemas/Params' }] }) as unknown as z.ZodType<Params>;

/** One monitor. */
export const monitorSchema: z.ZodType<MonitorView> = z
  .object({
    name: z.string(),
    origin: z.enum(['api', 'command-line', 'config']),
    state: z.enum(['running', 'paused', 'ended', 'failed']),
    message: z.string().openapi({ description: 'Why it has ended, or empty.' }),
    watch: watchSchema,
    act: z.enum(ACT_MODES),
    cpuCeiling: z.number(),
    kind: z.enum(['engine', 'kernel']),
    operationsSet: z.string(),
    resolution: z.enum(['location', 'amount']),
    caveats: z.array(z.string()),
    params: paramsInForce,
    startedAtUs: durationUs,
    slot: z
      .object({ number: count, kdamondPid: count.nullable(), ownerPid: count })
      .nullable()
      .openapi({ description: 'Where in the kernel it runs.' }),
  })
  .openapi('Monitor');

/** All of them. */
export const monitorsSchema: z.ZodType<{ monitors: readonly MonitorView[] }> = z.object({
  monitors: z.array(monitorSchema),
});

const scheme = z.object({
  nrTried: count,
  triedBytes: bytes,
  nrApplied: count,
  appliedBytes: bytes,
  filterPassedBytes: bytes,
  nrQuotaExceeds: count,
  nrSnapshots: count,
  effectiveQuotaBytes: bytes.nullable(),
  active: z.boolean(),
  goalValues: z.array(z.number()),
});

const figures: z.ZodType<FiguresPoint> = z
  .object({
    timeUs: durationUs,
    workingSetBytes: bytes,
    watchedBytes: bytes,
    hotBytes: bytes,
    warmBytes: bytes,
    coldBytes: bytes,
    residentBytes: bytes.nullable(),
    swappedBytes: bytes.nullable(),
    idlePercentilesUs: z.array(durationUs),
    bandwidthBytesPerSecond: bytes,
    nrRegions: count,
    sampleIntervalUs: durationUs,
    cpuShare: z.number(),
    schemes: z.array(scheme),
  })
  .openapi('Figures');

/** Figures of a monitor. */
export const statsSchema: z.ZodType<StatsAnswer> = z
  .object({
    now: figures,
    cost: z.object({
      cpuUs: durationUs,
      cpuShare: z.number(),
      ceiling: z.number(),
      stretch: z.number(),
      lateTicks: count,
      lastClearUs: durationUs.nullable(),
    }),
    mappings: z.array(
      z.object({
        targetIndex: count,
        pid: count,
        start: bytes,
        end: bytes,
        name: z.string(),
        residentBytes: bytes.nullable(),
        swappedBytes: bytes.nullable(),
        touchedBytes: bytes.nullable(),
        untouchedUs: durationUs.nullable(),
      }),
    ),
    warnings: z.array(z.string()),
    dryRunCalls: z.array(z.string()),
    history: z.array(figures),
  })
  .openapi('Stats');

/** Goals of all schemes of a monitor. */
export const goalsSchema: z.ZodType<{ goals: readonly GoalView[] }> = z
  .object({
    goals: z.array(
      z.object({
        schemeIndex: count,
        goalIndex: count,
        metric: z.enum(GOAL_METRICS),
        targetValue: z.number(),
        currentValue: z.number(),
      }),
    ),
  })
  .openapi('Goals');

const memory = z.object({
  totalBytes: bytes,
  freeBytes: bytes,
  availableBytes: bytes,
  swapTotalBytes: bytes,
  swapFreeBytes: bytes,
});

const check = z.object({
  name: z.string(),
  status: z.enum(['yes', 'no', 'note']),
  sentence: z.string(),
});

/** The machine. */
export const hostSchema: z.ZodType<HostView> = z
  .object({
    kernelRelease: z.string(),
    architecture: z.string(),
    pageSizeBytes: bytes,
    nrCpus: count,
    memory,
    nodes: z.array(
      z.object({
        nid: count,
        totalBytes: bytes,
        freeBytes: bytes,
        hasCpu: z.boolean(),
        distances: z.array(z.number()),
      }),
    ),
    pressure,
    swapDevices: z.array(
      z.object({ kind: z.enum(['zram', 'disk']), totalBytes: bytes, usedBytes: bytes }),
    ),
    zswap: z.boolean(),
    capabilities: z.array(z.object({ name: z.string(), checks: z.array(check) })),
    scenarios: z.array(z.string()),
    version: z.string(),
  })
  .openapi('Host');

/** Processes that could be watched. */
export const processesSchema: z.ZodType<{ processes: readonly ProcessView[] }> = z
  .object({
    processes: z.array(
      z.object({
        pid: count,
        name: z.string(),
        residentBytes: bytes,
        swappedBytes: bytes,
        cgroup: z.string().nullable(),
        unreadable: z.string().nullable(),
      }),
    ),
  })
  .openapi('Processes');

/** Cgroups that could be watched. */
export const cgroupsSchema: z.ZodType<{ cgroups: readonly CgroupView[] }> = z
  .object({
    cgroups: z.array(
      z.object({
        path: z.string(),
        currentBytes: bytes,
        swappedBytes: bytes,
        pressure,
        unreadable: z.string().nullable(),
      }),
    ),
  })
  .openapi('Cgroups');

/** The fields of a frame, with regions as a list. */
export const pictureSchema: z.ZodType<PictureJson> = z
  .object({
    timeUs: durationUs,
    wallTimeUs: durationUs.nullable(),
    tick: count,
    sampleIntervalUs: durationUs,
    aggregationIntervalUs: durationUs,
    maxNrAccesses: count,
    windowSamples: count,
    targetPids: z.array(count.nullable()),
    spanUs: durationUs,
    regions: z.array(
      z.object({
        targetIndex: count,
        start: bytes,
        end: bytes,
        nrAccesses: count,
        age: count.openapi({ description: 'In aggregation intervals.' }),
        filterPassedBytes: bytes.optional(),
        probeHits: z.array(count).length(4).optional(),
      }),
    ),
  })
  .openapi('Picture', { description: 'docs/service.md has each field.' });

/** Pictures of the past, for those who read no frames. */
export const picturesSchema: z.ZodType<{ readonly snapshots: readonly PictureJson[] }> = z
  .object({ snapshots: z.array(pictureSchema) })
  .openapi('Pictures');

/** A one-time code, and where the page is: null where the service has no port. */
export const codeSchema: z.ZodType<PageLink> = z
  .object({ code: z.string(), url: z.string().nullable() })
  .openapi('PageLink');

/** What a configuration would change, or has changed. */
export const planSchema: z.ZodType<PlanView> = z
  .object({
    id: z.string(),
    changes: z.array(
      z.object({
        monitor: z.string(),
        action: z.enum(['create', 'commit', 'replace', 'remove']),
        details: z.array(z.string()),
      }),
    ),
  })
  .openapi('Plan');
