/**
 * What API v1 takes and gives, as JSON. `docs/service.md` explains each; the service's schemas are
 * checked against these types, and the OpenAPI document is made from those schemas.
 *
 * Counters that the core keeps in 64 bits are plain numbers here: beyond 2^53 the text has every
 * digit, and JavaScript reads the nearest double.
 */
import type { ErrorCode } from '../base/errors.ts';
import type { SchemeFigures } from '../params/scheme-figures.ts';
import type { GoalMetric, Params } from '../params/types.ts';

/** What a monitor watches. */
export type Watch =
  | {
      readonly kind: 'processes';
      readonly pids: readonly number[];
      /** Processes that these start are watched, too; so by default. */
      readonly followChildren?: boolean | undefined;
      /** Also very large ones, where each sample takes long. */
      readonly force?: boolean | undefined;
    }
  /**
   * With the kernel's own DAMON, which nothing else selects: processes, those of a cgroup, or
   * physical memory, of which a cgroup then says whose pages count. With none of these, the
   * targets that `params` name.
   */
  | {
      readonly kind: 'kernel';
      readonly pids?: readonly number[] | undefined;
      readonly cgroup?: string | undefined;
      /** Narrowed by numbers of nodes and names of zones, where there are any. */
      readonly physical?:
        | {
            readonly node?: readonly number[] | undefined;
            readonly zone?: readonly string[] | undefined;
          }
        | undefined;
      readonly followChildren?: boolean | undefined;
      /** Switched off while the monitor runs, and on again at its end. */
      readonly handover?: 'damon_stat' | undefined;
    }
  /** Path below the cgroup version 2 tree: `/system.slice/db.service`. */
  | { readonly kind: 'cgroup'; readonly path: string; readonly force?: boolean | undefined }
  /** A simulated machine: the name of one that comes with Thermocline, or a whole scenario. */
  | { readonly kind: 'simulation'; readonly scenario: string | Readonly<Record<string, unknown>> };

export const ACT_MODES = ['count', 'dry-run', 'act'] as const;
/**
 * What schemes may do to real memory: only count, say what they would call, or act. On a simulated
 * machine they always act.
 */
export type ActMode = (typeof ACT_MODES)[number];

/** A monitor as somebody wants it. */
export interface MonitorSpec {
  readonly name: string;
  readonly watch: Watch;
  /** Parameters in the form of files (docs/params.md); the defaults where absent. */
  readonly params?: unknown;
  readonly act?: ActMode | undefined;
  /** Share of one CPU that watching may cost, above 0; 0.01 where absent, 0.05 for simulations. */
  readonly cpuCeiling?: number | undefined;
}

/** Who asked for a monitor. Those of the configuration follow its file. */
export type MonitorOrigin = 'api' | 'command-line' | 'config';

export type MonitorState = 'running' | 'paused' | 'ended' | 'failed';

/** A monitor as it is. */
export interface MonitorView {
  readonly name: string;
  readonly origin: MonitorOrigin;
  readonly state: MonitorState;
  /** Why it has ended, or empty. */
  readonly message: string;
  readonly watch: Watch;
  readonly act: ActMode;
  readonly cpuCeiling: number;
  readonly kind: 'engine' | 'kernel';
  readonly operationsSet: string;
  readonly resolution: 'location' | 'amount';
  /** Sentences that every view must show. */
  readonly caveats: readonly string[];
  /** As asked for, each value in place. */
  readonly params: Params;
  /** Microseconds since 1970. */
  readonly startedAtUs: number;
  /** Where in the kernel it runs, owned by the service's process `ownerPid`; null: nowhere. */
  readonly slot: {
    readonly number: number;
    readonly kdamondPid: number | null;
    readonly ownerPid: number;
  } | null;
}

/** Figures of a monitor at one moment, or (in a history) at the end of a span. */
export interface FiguresPoint {
  /** Microseconds since 1970, or of a virtual clock. */
  readonly timeUs: number;
  /** Accessed in the last aggregation interval. */
  readonly workingSetBytes: number;
  readonly watchedBytes: number;
  /** Found accessed by half of the samples, or more. */
  readonly hotBytes: number;
  /** Neither hot nor cold. */
  readonly warmBytes: number;
  /** Not accessed for two minutes. */
  readonly coldBytes: number;
  /** Null where mappings are not known. */
  readonly residentBytes: number | null;
  readonly swappedBytes: number | null;
  /** Microseconds for which 0, 25, 50, 75, 90, 99 and 100 % of the bytes were idle at most. */
  readonly idlePercentilesUs: readonly number[];
  /** Bytes a second, if each sample that found a region accessed counts for all of its bytes. */
  readonly bandwidthBytesPerSecond: number;
  readonly nrRegions: number;
  /** In force; above what was asked for while the cost has to be kept down. */
  readonly sampleIntervalUs: number;
  readonly cpuShare: number;
  readonly schemes: readonly SchemeFigures[];
}

/** One mapping of a watched process. */
export interface MappingPoint {
  readonly targetIndex: number;
  readonly pid: number;
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** Null, as the following, where only the place is known: on simulated machines. */
  readonly residentBytes: number | null;
  readonly swappedBytes: number | null;
  readonly touchedBytes: number | null;
  readonly untouchedUs: number | null;
}

/** How a monitor is doing, and how it did. */
export interface StatsAnswer {
  readonly now: FiguresPoint;
  readonly cost: {
    readonly cpuUs: number;
    readonly cpuShare: number;
    readonly ceiling: number;
    readonly stretch: number;
    readonly lateTicks: number;
    readonly lastClearUs: number | null;
  };
  /** Largest first, up to 1,000; on simulated machines those of its processes. */
  readonly mappings: readonly MappingPoint[];
  readonly warnings: readonly string[];
  /** In the mode `dry-run`: the calls that would have been made, the latest last. */
  readonly dryRunCalls: readonly string[];
  /** Oldest first; the older, the further apart. */
  readonly history: readonly FiguresPoint[];
}

/** One goal of a scheme's quota. */
export interface GoalView {
  readonly schemeIndex: number;
  readonly goalIndex: number;
  readonly metric: GoalMetric;
  readonly targetValue: number;
  readonly currentValue: number;
}

/** A measurement for a goal whose metric is `user_input`. */
export interface GoalFeedback {
  readonly schemeIndex: number;
  readonly goalIndex: number;
  readonly value: number;
}

/** Something that has happened in the service. */
export interface ServiceEvent {
  /** Counts up by one from the start of the service. */
  readonly id: number;
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly type:
    | 'created'
    | 'committed'
    | 'paused'
    | 'resumed'
    | 'ended'
    | 'removed'
    | 'warning'
    | 'goal'
    | 'service';
  /** Null where it is about the service itself. */
  readonly monitor: string | null;
  /** One sentence. */
  readonly message: string;
}

/** One thing that a plan would do. */
export interface PlannedChange {
  readonly monitor: string;
  readonly action: 'create' | 'commit' | 'replace' | 'remove';
  /** Sentences without a full stop: what changes, and what that brings along. */
  readonly details: readonly string[];
}

/** What would have to change. */
export interface PlanView {
  readonly id: string;
  readonly changes: readonly PlannedChange[];
}

/** What to try on what a monitor has seen. */
export interface WhatIfAsk {
  /** Changes to the monitor's own parameters, as in a PATCH. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Part of the history, in microseconds of the clock of its pictures; all of it if absent. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** What pages would go to: disk where absent. */
  readonly swap?: 'disk' | 'zram' | undefined;
}

/** What would have come of it; docs/whatif.md says how each figure is reckoned. */
export interface WhatIfAnswer {
  readonly durationUs: number;
  /** Means over time. */
  readonly residentBytes: number;
  readonly savedBytes: number;
  readonly netSavedBytes: number;
  readonly savedShare: number;
  readonly endSavedBytes: number;
  readonly pagedOutBytes: number;
  readonly refaultedBytes: number;
  readonly refaultsPerSecond: number;
  readonly stallUs: number;
  readonly slowdownShare: number;
  readonly overTime: readonly {
    readonly timeUs: number;
    readonly watchedBytes: number;
    readonly savedBytes: number;
    readonly refaultedBytes: number;
  }[];
  /** What a replay can't know, as sentences. */
  readonly limits: readonly string[];
}

/** Totals since a shadow began. */
export interface ShadowPoint {
  readonly timeUs: number;
  readonly leftBytes: number;
  readonly cameBackBytes: number;
  /** Out at that moment; net: less what compressed swap would take for it. */
  readonly grossBytes: number;
  readonly netBytes: number;
  /** What waiting for what came back would have cost. */
  readonly stallUs: number;
}

/** Schemes in the shadow of a monitor: nothing is touched. */
export interface ShadowView {
  /** With the actions that are tried. */
  readonly params: Params;
  readonly durationUs: number;
  readonly now: ShadowPoint;
  readonly history: readonly ShadowPoint[];
  /** In what a shadow is not the real thing, as sentences. */
  readonly differences: readonly string[];
}

/** One process that could be watched. */
export interface ProcessView {
  readonly pid: number;
  readonly name: string;
  readonly residentBytes: number;
  readonly swappedBytes: number;
  readonly cgroup: string | null;
  /** Null, or why it can't be watched. */
  readonly unreadable: string | null;
}

/** One cgroup that could be watched. */
export interface CgroupView {
  readonly path: string;
  readonly currentBytes: number;
  readonly swappedBytes: number;
  readonly pressure: { readonly someUs: number; readonly fullUs: number } | null;
  readonly unreadable: string | null;
}

/** One thing that this machine can do, or why not. */
export interface CapabilityView {
  readonly name: string;
  readonly status: 'yes' | 'no' | 'note';
  readonly sentence: string;
}

/** What the machine is, how it stands, and what it can do. */
export interface HostView {
  readonly kernelRelease: string;
  readonly architecture: string;
  readonly pageSizeBytes: number;
  readonly nrCpus: number;
  readonly memory: {
    readonly totalBytes: number;
    readonly freeBytes: number;
    readonly availableBytes: number;
    readonly swapTotalBytes: number;
    readonly swapFreeBytes: number;
  };
  readonly nodes: readonly {
    readonly nid: number;
    readonly totalBytes: number;
    readonly freeBytes: number;
    readonly hasCpu: boolean;
    readonly distances: readonly number[];
  }[];
  readonly pressure: { readonly someUs: number; readonly fullUs: number } | null;
  readonly swapDevices: readonly {
    readonly kind: 'zram' | 'disk';
    readonly totalBytes: number;
    readonly usedBytes: number;
  }[];
  /** Whether pages on their way to swap are kept compressed in memory first. */
  readonly zswap: boolean;
  readonly capabilities: readonly {
    readonly name: string;
    readonly checks: readonly CapabilityView[];
  }[];
  /** Names of the simulated machines that come with Thermocline. */
  readonly scenarios: readonly string[];
  readonly version: string;
}

/** How to open the dashboard: `URL/#code=CODE`, once. */
export interface PageLink {
  readonly code: string;
  /** Null where the service has no port. */
  readonly url: string | null;
}

/** A problem document (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** One sentence with the way out. */
  readonly detail: string;
  readonly code: ErrorCode;
}
