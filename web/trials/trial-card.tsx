import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { MonitorView, ShadowView, WhatIfAnswer } from '../../src/client/api-types.ts';
import { Ask } from '../live/ask.ts';
import type { Connection } from '../live/connection.ts';
import { changesOf, type FieldValues } from '../schemes/scheme-fields.ts';
import { SchemeForm } from '../schemes/scheme-form.tsx';
import { ShadowResult } from './shadow-result.tsx';
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
  const { client } = connection;
  const { name } = monitor;
  const ask = useMemo(() => new Ask(), []);
  const swap = useSignal<'disk' | 'zram'>('disk');
  const answer = useSignal<WhatIfAnswer | null>(null);
  const shadow = useSignal<ShadowView | null>(null);
  const running = useSignal<AbortController | null>(null);
  useFollowedShadow(connection, name, shadow);
  const whatIf = (values: FieldValues) =>
    ask.do(async () => {
      const cancel = new AbortController();
      running.value = cancel;
      answer.value = null;
      try {
        const asked = { params: paramsOf(values), swap: swap.value };
        answer.value = await client.whatIf(name, asked, { signal: cancel.signal });
      } catch (error) {
        if (!cancel.signal.aborted) throw error;
      } finally {
        running.value = null;
      }
    });
  const begin = (values: FieldValues) =>
    ask.do(async () => {
      shadow.value = await client.beginShadow(name, paramsOf(values));
    });
  const end = () =>
    ask.do(async () => {
      await client.endShadow(name);
      shadow.value = null;
    });
  return (
    <section class="card trial" aria-labelledby="trial-title">
      <h2 id="trial-title">Try without acting</h2>
      <p class="quiet">
        What a scheme that pages out would have done to what this monitor has seen, or would do from
        now on. Nothing is touched.
      </p>
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
      <SchemeForm
        start={START}
        ask={ask}
        verbs={[
          { name: 'What if, on the past', onSend: whatIf },
          { name: 'Begin a shadow', onSend: begin },
        ]}
      />
      <div role="status">
        {running.value !== null && (
          <p class="trial-running">
            The past is played again under this scheme.{' '}
            <button type="button" onClick={() => running.value?.abort()}>
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
          onEnd={() => void end()}
        />
      )}
    </section>
  );
}

/** Only this scheme, in place of those that the monitor has. */
function paramsOf(values: FieldValues): Readonly<Record<string, unknown>> {
  return { schemes: [{ action: 'pageout', ...changesOf({}, values) }] };
}

/** Looks for a shadow that is there already, and at one that is, once a second. */
function useFollowedShadow(
  { client, state }: Connection,
  name: string,
  shadow: { value: ShadowView | null },
): void {
  const isLive = state.value.kind === 'live';
  const isThere = shadow.value !== null;
  useEffect(() => {
    if (!isLive) return;
    let isOver = false;
    const look = async () => {
      const found = await client.shadow(name).catch(() => null);
      if (!isOver) shadow.value = found;
    };
    void look();
    const timer = isThere ? setInterval(() => void look(), SHADOW_EVERY_MS) : undefined;
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [isLive, isThere]);
}
