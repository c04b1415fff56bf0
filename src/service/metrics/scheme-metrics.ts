/** What schemes did, and their goals. */
import type { Registry } from 'prom-client';
import type { SchemeFigures } from '../../params/scheme-figures.ts';
import type { Scheme } from '../../params/types.ts';
import { LABELS, type Look, type MetricFamily, newMetric } from './series.ts';

/** Schemes and goals beyond these have no series. */
const MAX_SCHEMES = 16;
const MAX_GOALS = 8;

/** One scheme of a look. */
interface SchemeLook {
  readonly now: SchemeFigures;
  /** Null where there was no look before. */
  readonly before: SchemeFigures | null;
  readonly elapsedUs: number;
  readonly scheme: Scheme;
}

interface SchemeFamily extends MetricFamily {
  /** Null where it is not known. */
  readonly value: (scheme: SchemeLook) => number | null;
}

const SCHEME_FAMILIES: readonly SchemeFamily[] = [
  {
    name: 'thermocline_scheme_tried_bytes_total',
    help: 'Memory that a scheme was tried on.',
    type: 'counter',
    value: ({ now }) => now.triedBytes,
  },
  {
    name: 'thermocline_scheme_applied_bytes_total',
    help: 'Memory that a scheme was applied to.',
    type: 'counter',
    value: ({ now }) => now.appliedBytes,
  },
  {
    name: 'thermocline_scheme_failed_bytes_total',
    help: 'Memory that a scheme was tried on and could not be applied to.',
    type: 'counter',
    value: ({ now }) => Math.max(0, now.triedBytes - now.appliedBytes),
  },
  {
    name: 'thermocline_scheme_quota_bytes',
    help: 'What the quota of a scheme allows in one of its windows.',
    type: 'gauge',
    value: ({ now }) => now.effectiveQuotaBytes,
  },
  {
    name: 'thermocline_scheme_quota_used_ratio',
    help: 'Part of the quota that a scheme has used since the look before, a second ago.',
    type: 'gauge',
    value: quotaUsed,
  },
  {
    name: 'thermocline_scheme_quota_exceeded_total',
    help: 'How often a scheme has used up its quota.',
    type: 'counter',
    value: ({ now }) => now.nrQuotaExceeds,
  },
  {
    name: 'thermocline_scheme_active',
    help: 'Whether a scheme is on, 1, or off by its watermarks, 0.',
    type: 'gauge',
    value: ({ now }) => (now.active ? 1 : 0),
  },
];

const GOAL_TARGET = {
  name: 'thermocline_goal_target',
  help: 'What the quota of a scheme is tuned for, in the unit of the metric.',
  type: 'gauge',
} as const;
const GOAL_VALUE = {
  name: 'thermocline_goal_value',
  help: 'What the metric of a goal was measured as last, in its own unit.',
  type: 'gauge',
} as const;

/** Adds a value a scheme to each of their families. */
export function addSchemes(registry: Registry, looks: readonly Look[]): void {
  for (const family of SCHEME_FAMILIES) {
    const put = newMetric(registry, family, [...LABELS, 'scheme', 'action']);
    for (const { labels, figures, before, monitor } of looks) {
      for (const [index, scheme] of monitor.params.schemes.slice(0, MAX_SCHEMES).entries()) {
        const now = figures.schemes[index];
        // A commit has added it since the look.
        if (now === undefined) continue;
        const look = {
          now,
          before: before?.schemes[index] ?? null,
          elapsedUs: figures.timeUs - (before?.timeUs ?? 0),
          scheme,
        };
        const place = { ...labels, scheme: String(index), action: scheme.action };
        put(place, family.value(look));
      }
    }
  }
}

/** Adds targets and values. */
export function addGoals(registry: Registry, looks: readonly Look[]): void {
  const labelNames = [...LABELS, 'scheme', 'goal', 'metric'];
  const target = newMetric(registry, GOAL_TARGET, labelNames);
  const value = newMetric(registry, GOAL_VALUE, labelNames);
  for (const { labels, figures, monitor } of looks) {
    for (const [scheme, { quota }] of monitor.params.schemes.slice(0, MAX_SCHEMES).entries()) {
      for (const [goal, { metric, targetValue }] of quota.goals.slice(0, MAX_GOALS).entries()) {
        const place = { ...labels, scheme: String(scheme), goal: String(goal), metric };
        target(place, targetValue);
        value(place, figures.schemes[scheme]?.goalValues[goal] ?? null);
      }
    }
  }
}

/** What is charged to a quota is what was tried. */
function quotaUsed({ now, before, elapsedUs, scheme }: SchemeLook): number | null {
  const { effectiveQuotaBytes: quotaBytes } = now;
  const { resetIntervalMs } = scheme.quota;
  if (quotaBytes === null || before === null || resetIntervalMs === 'max') return null;
  const allowed = (quotaBytes * elapsedUs) / (1000 * resetIntervalMs);
  return allowed > 0 ? Math.max(0, now.triedBytes - before.triedBytes) / allowed : null;
}
