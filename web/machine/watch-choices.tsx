import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { formatBytes } from '../../src/base/units.ts';
import type { HostView, Watch } from '../../src/client/api-types.ts';
import { Ask } from '../live/ask.ts';
import type { Connection } from '../live/connection.ts';
import { Icon } from '../parts/icon.tsx';
import { fragmentOf } from '../parts/route.ts';
import type { Candidates } from './machine-view.tsx';
import { monitorNameFor } from './monitor-name.ts';

const KINDS = ['processes', 'cgroups', 'simulations'] as const;
type Kind = (typeof KINDS)[number];

const KIND_NAMES: Readonly<Record<Kind, string>> = {
  processes: 'Processes',
  cgroups: 'Cgroups',
  simulations: 'Simulated machines',
};

const COSTS: Readonly<Record<Kind, string>> = {
  processes:
    'Watching a process reads its smaps and clears its referenced bits. It costs at most 1 % ' +
    'of a CPU; each look holds up the page faults of the process for some milliseconds, and the ' +
    'reclaim of the kernel sees its pages as unused for a moment. Nothing else is done to it.',
  cgroups:
    'Watching a cgroup watches each of its processes: looks at all of them share 1 % of a CPU, ' +
    'and hold up page faults as for a single process.',
  simulations: 'A machine that does not exist: no memory of this computer is touched.',
};

/** More rows than anybody reads; the search finds the rest. */
const MAX_ROWS = 40;

interface Row {
  readonly key: string;
  readonly name: string;
  readonly about: string;
  readonly bytes: number | null;
  /** Why not, or null. */
  readonly unreadable: string | null;
  readonly watch: Watch;
}

/** Everything that could be watched, one click away, and what that costs whom. */
export function WatchChoices({
  connection,
  host,
  candidates,
}: {
  readonly connection: Connection;
  readonly host: HostView;
  /** Null until they are known. */
  readonly candidates: Candidates | null;
}) {
  const kind = useSignal<Kind>('processes');
  const search = useSignal('');
  const ask = useMemo(() => new Ask(), []);
  const all = rowsOf(kind.value, host, candidates);
  const found = all.filter(({ name, about }) =>
    `${name} ${about}`.toLowerCase().includes(search.value.toLowerCase()),
  );
  const start = (row: Row) =>
    ask.do(async () => {
      const taken = connection.monitors.value.map(({ name }) => name);
      const name = monitorNameFor(row.name, taken);
      await connection.client.create({ name, watch: row.watch });
      await connection.refresh();
      location.hash = fragmentOf('watch', name);
    });
  return (
    <section class="card spread" aria-labelledby="choices-title">
      <h2 id="choices-title">Watch</h2>
      <KindChoice kind={kind} search={search} />
      <p class="quiet cost">{COSTS[kind.value]}</p>
      {ask.problem.value !== null && (
        <p class="problem" role="alert">
          {ask.problem.value}
        </p>
      )}
      <ul class="choices" aria-label={KIND_NAMES[kind.value]}>
        {found.slice(0, MAX_ROWS).map((row) => (
          <ChoiceRow key={row.key} row={row} busy={ask.busy.value} onWatch={() => start(row)} />
        ))}
      </ul>
      {found.length === 0 && (
        <p class="quiet">
          {candidates === null && kind.value !== 'simulations' ? 'Looking.' : 'There are none.'}
        </p>
      )}
      {found.length > MAX_ROWS && (
        <p class="quiet">{found.length - MAX_ROWS} more; search for them.</p>
      )}
    </section>
  );
}

function KindChoice({
  kind,
  search,
}: {
  readonly kind: Signal<Kind>;
  readonly search: Signal<string>;
}) {
  return (
    <div class="toolbar">
      {KINDS.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={kind.value === one}
          onClick={() => {
            kind.value = one;
          }}
        >
          {KIND_NAMES[one]}
        </button>
      ))}
      <input
        type="text"
        aria-label="Search"
        placeholder="Search"
        value={search.value}
        onInput={({ currentTarget }) => {
          search.value = currentTarget.value;
        }}
      />
    </div>
  );
}

function ChoiceRow({
  row,
  busy,
  onWatch,
}: {
  readonly row: Row;
  readonly busy: boolean;
  readonly onWatch: () => void;
}) {
  const { name, about, bytes, unreadable } = row;
  return (
    <li>
      <span class="choice-name">
        <b>{name}</b> <span class="quiet">{unreadable ?? about}</span>
      </span>
      <span>{bytes === null ? '' : formatBytes(bytes)}</span>
      <button
        type="button"
        disabled={busy || unreadable !== null}
        aria-label={`Watch ${name}`}
        onClick={onWatch}
      >
        <Icon name="eye" />
        Watch
      </button>
    </li>
  );
}

function rowsOf(kind: Kind, host: HostView, candidates: Candidates | null): Row[] {
  const { processes, cgroups } = candidates ?? { processes: [], cgroups: [] };
  if (kind === 'simulations') {
    return host.scenarios.map((scenario) => ({
      key: scenario,
      name: scenario,
      about: '',
      bytes: null,
      unreadable: null,
      watch: { kind: 'simulation', scenario },
    }));
  }
  if (kind === 'cgroups') {
    return cgroups.map(({ path, currentBytes, unreadable }) => ({
      key: path,
      name: path,
      about: '',
      bytes: currentBytes,
      unreadable,
      watch: { kind: 'cgroup', path },
    }));
  }
  return processes.map(({ pid, name, cgroup, residentBytes, unreadable }) => ({
    key: String(pid),
    name,
    about: `pid ${pid}${cgroup === null || cgroup === '/' ? '' : `, ${cgroup}`}`,
    bytes: residentBytes,
    unreadable,
    watch: { kind: 'processes', pids: [pid] },
  }));
}
