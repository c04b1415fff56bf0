import { useRef } from 'preact/hooks';
import { formatBytes, formatShare } from '../../src/base/units.ts';
import type { HostView } from '../../src/client/api-types.ts';
import { type PressureSample, pressureShares } from './pressure-rate.ts';

/** Nodes and tiers with their use, swap, and pressure. */
export function MemoryCard({ host }: { readonly host: HostView }) {
  const { memory, nodes } = host;
  const usedBytes = memory.totalBytes - memory.availableBytes;
  return (
    <section class="card" aria-labelledby="memory-title">
      <h2 id="memory-title">Memory</h2>
      <p class="verdict">
        {formatBytes(usedBytes)} of {formatBytes(memory.totalBytes)} in use
      </p>
      <ul class="meters">
        {nodes.map(({ nid, totalBytes, freeBytes, hasCpu }) => (
          <Meter
            key={nid}
            name={`Node ${nid}`}
            note={`${hasCpu ? '' : 'no CPUs, slower memory; '}with cached files`}
            used={totalBytes - freeBytes}
            total={totalBytes}
          />
        ))}
        <Meter
          name="Swap"
          note={swapText(host)}
          used={memory.swapTotalBytes - memory.swapFreeBytes}
          total={memory.swapTotalBytes}
        />
      </ul>
      <PressureLines host={host} />
    </section>
  );
}

/** Where pages would go: compressed in memory, or to a disk. */
function swapText({ swapDevices, zswap }: HostView): string {
  if (swapDevices.length === 0) return 'none: only pages of files can be reclaimed';
  const kinds = [...new Set(swapDevices.map(({ kind }) => kind))].join(' and ');
  return `on ${kinds}${zswap ? ', compressed in memory before' : ''}`;
}

function Meter({
  name,
  note,
  used,
  total,
}: {
  readonly name: string;
  readonly note: string;
  readonly used: number;
  readonly total: number;
}) {
  const share = total === 0 ? 0 : used / total;
  return (
    <li>
      <span>
        {name} {note !== '' && <small class="quiet">{note}</small>}
      </span>
      <span>{total === 0 ? '–' : `${formatBytes(used)} of ${formatBytes(total)}`}</span>
      <i class="meter">
        <i class="meter-bar" style={{ width: `${share * 100}%` }} />
      </i>
    </li>
  );
}

function PressureLines({ host }: { readonly host: HostView }) {
  const { pressure } = host;
  const samples = useRef<{ host: HostView; sample: PressureSample }[]>([]);
  if (pressure === null) {
    return (
      <p class="quiet">
        Pressure is not accounted by this kernel; boot with <code>psi=1</code> to see it.
      </p>
    );
  }
  if (samples.current.at(-1)?.host !== host) {
    const sample = { timeMs: performance.now(), ...pressure };
    samples.current = [...samples.current.slice(-1), { host, sample }];
  }
  const [before, now] =
    samples.current.length > 1 ? samples.current : [undefined, samples.current[0]];
  const shares = pressureShares(before?.sample, now!.sample);
  return (
    <dl class="tiles">
      <div>
        <dt>Pressure, some</dt>
        <dd>
          {shares === null ? '…' : formatShare(shares.some)}
          <small>of time, somebody waits for memory</small>
        </dd>
      </div>
      <div>
        <dt>Pressure, full</dt>
        <dd>
          {shares === null ? '…' : formatShare(shares.full)}
          <small>of time, everybody does</small>
        </dd>
      </div>
    </dl>
  );
}
