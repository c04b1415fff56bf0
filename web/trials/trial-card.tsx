import { useEffect, useMemo } from 'preact/hooks';
import type { MonitorView } from '../../src/client/api-types.ts';
import type { Connection } from '../live/connection.ts';
import type { FieldValues } from '../schemes/scheme-fields.ts';
import { SchemeForm } from '../schemes/scheme-form.tsx';
import { ShadowResult } from './shadow-result.tsx';
import { Trial } from './trial.ts';
import { WhatIfResult } from './what-if-result.tsx';

const START: FieldValues = { maxAccesses: '0', minAge: '30 s' };
const SHADOW_EVERY_MS = 1000;

interface TrialCardProps {
  readonly connection: Connection;
  readonly monitor: MonitorView;
  /** Whether the times of the monitor are of a virtual clock. */
  readonly virtual: boolean;
}

/** A scheme that pages out, tried without acting: on what was seen, and on what is to come. */
export function TrialCard({ connection, monitor, virtual }: TrialCardProps) {
  const trial = useMemo(() => new Trial(connection.client, monitor.name), []);
  useFollowedShadow(trial, connection);
  const { ask, answer, shadow, cancel } = trial;
  return (
    <section class="card trial" aria-labelledby="trial-title">
      <h2 id="trial-title">Try without acting</h2>
      <p class="quiet">
        What a scheme that pages out would have done to what this monitor has seen, or would do from
        now on. Nothing is touched.
      </p>
      <SwapChoice trial={trial} />
      <SchemeForm
        start={START}
        ask={ask}
        verbs={[
          { name: 'What if, on the past', onSend: (values) => void trial.whatIf(values) },
          { name: 'Begin a shadow', onSend: (values) => void trial.beginShadow(values) },
        ]}
      />
      <div role="status">
        {cancel.value !== null && (
          <p class="trial-running">
            The past is played again under this scheme.{' '}
            <button type="button" onClick={cancel.value}>
              Cancel
            </button>
          </p>
        )}
        {answer.value !== null && <WhatIfResult answer={answer.value} virtual={virtual} />}
      </div>
      {shadow.value !== null && (
        <ShadowResult
          shadow={shadow.value}
          virtual={virtual}
          busy={ask.busy.value}
          onEnd={() => void trial.endShadow()}
        />
      )}
    </section>
  );
}

function SwapChoice({ trial: { swap } }: { readonly trial: Trial }) {
  return (
    <label class="trial-swap">
      Swap, for what-if
      <select
        value={swap.value}
        onChange={({ currentTarget }) => {
          swap.value = currentTarget.value as 'disk' | 'zram';
        }}
      >
        <option value="disk">disk</option>
        <option value="zram">zram, compressed in memory</option>
      </select>
    </label>
  );
}

/** Looks for a shadow that is there already, and at one that is, once a second. */
function useFollowedShadow(trial: Trial, { state }: Connection): void {
  const isLive = state.value.kind === 'live';
  const isThere = trial.shadow.value !== null;
  useEffect(() => {
    if (!isLive) return;
    void trial.look();
    if (!isThere) return;
    const timer = setInterval(() => void trial.look(), SHADOW_EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive, isThere]);
}
