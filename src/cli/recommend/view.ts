/** A recommendation as text, JSON, or a document of Kubernetes. */
import { stringify } from 'yaml';
import { formatBytes, formatShare } from '../../base/units.ts';
import type { Outcome } from '../../ops/replay/outcome.ts';
import { knobText } from '../../policies/explain.ts';
import { bold, dim, type Line, plain } from '../terminal/line.ts';
import type { PlannedKnob } from '../whatif/plan.ts';
import { labelled } from '../whatif/result-view.ts';
import type { Confidence, RightSize } from './advice.ts';

const MIB = 2 ** 20;

/** Everything that is recommended. */
export interface Recommendation {
  readonly file: string;
  readonly maxSlowdownShare: number;
  /** As they are to be set; empty where nothing should be done. */
  readonly knobs: readonly PlannedKnob[];
  readonly expected: Outcome | null;
  readonly residentBytes: number;
  readonly size: RightSize;
  readonly confidence: Confidence;
  readonly reasons: readonly string[];
  readonly limits: readonly string[];
}

/** What `--format json` prints: bytes, microseconds, shares from 0 to 1. */
export function recommendationObject(found: Recommendation): object {
  const { file, knobs, size, ...rest } = found;
  return {
    kind: 'recommendation',
    recording: file,
    ...rest,
    knobs: knobs.map(({ flag, value }) => ({ name: flag, value })),
    ...size,
  };
}

/** The recommendation as lines. */
export function recommendationLines(found: Recommendation): Line[] {
  const { file, maxSlowdownShare, knobs, expected, residentBytes, size } = found;
  const settings = knobs.map(
    (knob) => `${knob.flag} ${knobText(knob, knob.value)}: ${knob.meaning}`,
  );
  return [
    bold(`recommendation for ${file}, for at most ${formatShare(maxSlowdownShare)} of waiting`),
    ...labelled('knobs', settings.length > 0 ? settings : ['none: page nothing out']),
    ...labelled('expect', [
      expected === null
        ? `${formatBytes(residentBytes)} in memory, as now`
        : `${formatBytes(expected.savedBytes)} less of ${formatBytes(expected.residentBytes)} in memory ` +
          `(${formatShare(expected.savedShare)}), ${formatShare(expected.slowdownShare)} of waiting`,
    ]),
    ...labelled('size', [
      `request ${formatBytes(inMib(size.requestBytes))}, limit ${formatBytes(inMib(size.limitBytes))}`,
    ]),
    ...labelled('confidence', [found.confidence]),
    ...labelled('because', found.reasons),
    plain(''),
    ...found.limits.map((sentence) => dim(`limit: ${sentence}`)),
  ];
}

/** As a VerticalPodAutoscaler would show it in its status; it changes nothing by itself. */
export function vpaText(found: Recommendation, name: string): string {
  const { size, confidence, reasons } = found;
  const memory = (bytes: number) => ({ memory: `${inMib(bytes) / MIB}Mi` });
  const document = {
    apiVersion: 'autoscaling.k8s.io/v1',
    kind: 'VerticalPodAutoscaler',
    metadata: {
      name,
      annotations: {
        'thermocline/confidence': confidence,
        'thermocline/reasons': reasons.join(' '),
      },
    },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      updatePolicy: { updateMode: 'Off' },
    },
    status: {
      recommendation: {
        containerRecommendations: [
          {
            containerName: name,
            lowerBound: memory(size.usualBytes),
            target: memory(size.requestBytes),
            uncappedTarget: memory(size.requestBytes),
            upperBound: memory(size.limitBytes),
          },
        ],
      },
    },
  };
  // Kubernetes reads version 1.1, in which a bare Off is no text but false.
  return stringify(document, { version: '1.1' });
}

/** Rounded up to whole MiB. */
function inMib(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / MIB)) * MIB;
}
