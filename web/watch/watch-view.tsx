import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { formatBytes, formatDuration, formatShare } from '../../src/base/units.ts';
import type { MonitorView, Watch } from '../../src/client/api-types.ts';
import { LineChart } from '../figures/line-chart.tsx';
import { PicturePanels } from '../figures/picture-panels.tsx';
import type { HeatSelection } from '../heat/selection.ts';
import { Ask } from '../live/ask.ts';
import type { Connection } from '../live/connection.ts';
import { LiveMonitor } from '../live/live-monitor.ts';
import { fragmentOf, route } from '../parts/route.ts';
import { palette } from '../parts/theme.ts';
import { AddScheme, EditScheme } from '../schemes/edit-scheme.tsx';
import { SchemesPanel } from '../schemes/schemes-panel.tsx';
import { TrialCard } from '../trials/trial-card.tsx';

/** All monitors, and one of them in full. */
export function WatchView({ connection }: { readonly connection: Connection }) {
  const monitors = connection.monitors.value;
  const chosen = monitors.find(({ name }) => name === route.value.rest) ?? monitors[0];
  if (chosen === undefined) {
    return (
      <>
        <h1>Nothing is watched yet</h1>
        <p class="lead">
          <a href={fragmentOf('machine')}>Choose what to watch</a> on this machine: a process, a
          cgroup, or a machine that does not exist.
        </p>
      </>
    );
  }
  return (
    <>
      <nav class="tabs monitor-tabs" aria-label="Monitors">
        {monitors.map(({ name, state }) => (
          <a
            key={name}
            href={fragmentOf('watch', name)}
            aria-current={name === chosen.name ? 'page' : undefined}
          >
            {name}
            {state !== 'running' && <span class="badge">{state}</span>}
          </a>
        ))}
        <a class="add" href={fragmentOf('machine')}>
          Watch something else
        </a>
      </nav>
      <WatchedMonitor
        key={`${chosen.name} ${chosen.startedAtUs}`}
        monitor={chosen}
        connection={connection}
      />
    </>
  );
}

function WatchedMonitor({
  monitor,
  connection,
}: {
  readonly monitor: MonitorView;
  readonly connection: Connection;
}) {
  const live = useMemo(() => new LiveMonitor(connection.client, monitor.name), []);
  const followed = useSignal(live);
  const selection = useSignal<HeatSelection | null>(null);
  const isLive = connection.state.value.kind === 'live';
  // A line that was lost begins with the past again: what was missed is in the service's history.
  useEffect(() => {
    if (!isLive) return;
    const current = new LiveMonitor(connection.client, monitor.name);
    void current.run();
    const shown = () => current.picture.revision.value > 0;
    const stop = current.picture.revision.subscribe(() => {
      if (shown()) followed.value = current;
    });
    return () => {
      stop();
      current.close();
    };
  }, [isLive]);
  const { picture, points, stats } = followed.value;
  // Figures come once a second, and the schemes are drawn anew with them.
  const snapshotOffsetUs = points.value.length === 0 ? null : picture.wallOffsetUs;
  const virtual = snapshotOffsetUs === null;
  return (
    <>
      <MonitorHead monitor={monitor} live={followed.value} connection={connection} />
      <PicturePanels
        key={picture.id}
        picture={picture}
        name={monitor.name}
        palette={palette}
        selection={selection}
        refine={(visible) => void followed.value.refine(visible)}
      />
      <ul class="caveats" aria-label="What to know of this picture">
        {monitor.caveats.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <section class="card" aria-labelledby="schemes-title">
        <h2 id="schemes-title">Schemes</h2>
        <p class="quiet">{ACT_TEXT[actOf(monitor)]}</p>
        <SchemesPanel
          params={monitor.params}
          points={points.value}
          snapshot={picture.latest?.snapshot}
          virtual={virtual}
          edit={(index) => <EditScheme connection={connection} monitor={monitor} index={index} />}
        />
        <DryRunCalls calls={stats.value?.dryRunCalls ?? []} />
        <AddScheme connection={connection} monitor={monitor} />
      </section>
      <TrialCard connection={connection} monitor={monitor} virtual={virtual} />
      <section class="card over-time" aria-label="Over time">
        <OverTime live={followed.value} virtual={virtual} />
      </section>
    </>
  );
}

const ACT_TEXT = {
  count: 'Schemes only count here: nothing is done to real memory.',
  'dry-run': 'Schemes say what they would call, and call nothing.',
  act: 'Schemes act on real memory.',
  simulated: 'Schemes act, on a machine that does not exist.',
} as const;

function actOf({ watch, act }: MonitorView): keyof typeof ACT_TEXT {
  return watch.kind === 'simulation' ? 'simulated' : act;
}

function MonitorHead({
  monitor,
  live,
  connection,
}: {
  readonly monitor: MonitorView;
  readonly live: LiveMonitor;
  readonly connection: Connection;
}) {
  const ask = useMemo(() => new Ask(), []);
  const { name, state, message } = monitor;
  const stats = live.stats.value;
  const act = (work: () => Promise<unknown>) =>
    ask.do(async () => {
      await work();
      await connection.refresh();
    });
  const { client } = connection;
  return (
    <header class="monitor-head">
      <div>
        <h1>{name}</h1>
        <p class="lead">
          {watchText(monitor.watch)}
          {stats !== null && ` ${costText(stats)}`}
        </p>
        {message !== '' && <p class="problem">{message}</p>}
        {ask.problem.value !== null && (
          <p class="problem" role="alert">
            {ask.problem.value}
          </p>
        )}
        {stats?.warnings.map((sentence) => (
          <p key={sentence} class="warning">
            {sentence}
          </p>
        ))}
      </div>
      <div class="monitor-buttons">
        {(state === 'running' || state === 'paused') && (
          <button
            type="button"
            disabled={ask.busy.value}
            onClick={() =>
              act(() => (state === 'running' ? client.pause(name) : client.resume(name)))
            }
          >
            {state === 'running' ? 'Pause watching' : 'Resume watching'}
          </button>
        )}
        <button
          type="button"
          disabled={ask.busy.value}
          onClick={() => act(() => client.remove(name))}
        >
          Stop watching
        </button>
      </div>
    </header>
  );
}

function watchText(watch: Watch): string {
  if (watch.kind === 'simulation') {
    const { scenario } = watch;
    return `A simulated machine${typeof scenario === 'string' ? `: ${scenario}` : ''}.`;
  }
  if (watch.kind === 'cgroup') return `The processes of the cgroup ${watch.path}.`;
  if (watch.kind === 'kernel') return `${kernelText(watch)}, by the DAMON of the kernel.`;
  return `${processesText(watch.pids)}.`;
}

function kernelText({ pids, cgroup, physical }: Extract<Watch, { kind: 'kernel' }>): string {
  if (pids !== undefined) return processesText(pids);
  if (physical === undefined) {
    return cgroup === undefined
      ? 'What its parameters name'
      : `The processes of the cgroup ${cgroup}`;
  }
  return cgroup === undefined ? 'Physical memory' : `Physical memory of the cgroup ${cgroup}`;
}

function processesText(pids: readonly number[]): string {
  return pids.length === 1 ? `Process ${pids[0]}` : `Processes ${pids.join(', ')}`;
}

function costText({ cost, now }: NonNullable<LiveMonitor['stats']['value']>): string {
  const stretched = cost.stretch > 1 ? `, stretched ${cost.stretch.toFixed(1)} times for that` : '';
  const cleared =
    cost.lastClearUs === null ? '' : `; a look takes ${formatDuration(cost.lastClearUs)}`;
  return (
    `Watching costs ${formatShare(cost.cpuShare)} of a CPU (at most ${formatShare(cost.ceiling)}), ` +
    `sampled every ${formatDuration(now.sampleIntervalUs)}${stretched}${cleared}.`
  );
}

function DryRunCalls({ calls }: { readonly calls: readonly string[] }) {
  if (calls.length === 0) return null;
  return (
    <details>
      <summary>What it would have called</summary>
      <pre>{calls.slice(-20).join('\n')}</pre>
    </details>
  );
}

function OverTime({ live, virtual }: { readonly live: LiveMonitor; readonly virtual: boolean }) {
  const points = live.points.value;
  const timesUs = points.map(({ timeUs }) => timeUs);
  const [, , p50, p75, p90] = [0, 1, 2, 3, 4].map((place) =>
    points.map(({ idlePercentilesUs }) => idlePercentilesUs[place] ?? null),
  );
  return (
    <div class="scheme-charts">
      <LineChart
        title="Temperature"
        timesUs={timesUs}
        virtual={virtual}
        format={formatBytes}
        binary
        lines={[
          { name: 'hot', colour: '--warm', values: points.map(({ hotBytes }) => hotBytes) },
          { name: 'warm', colour: '--ink-2', values: points.map(({ warmBytes }) => warmBytes) },
          { name: 'cold', colour: '--cold', values: points.map(({ coldBytes }) => coldBytes) },
        ]}
      />
      <LineChart
        title="Idle percentiles"
        timesUs={timesUs}
        virtual={virtual}
        format={formatDuration}
        lines={[
          { name: 'p50', colour: '--warm', values: p50! },
          { name: 'p75', colour: '--ink-2', values: p75! },
          { name: 'p90', colour: '--cold', values: p90! },
        ]}
      />
    </div>
  );
}
