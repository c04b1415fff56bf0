import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { CgroupView, HostView, ProcessView } from '../../src/client/api-types.ts';
import type { Connection } from '../live/connection.ts';
import { Capabilities } from './capabilities.tsx';
import { MemoryCard } from './memory-card.tsx';
import { WatchChoices } from './watch-choices.tsx';

const EVERY_MS = 5000;

/** What could be watched. */
export interface Candidates {
  readonly processes: readonly ProcessView[];
  readonly cgroups: readonly CgroupView[];
}

/** The machine: its memory, what runs on it, and what can't be done here. */
export function MachineView({ connection }: { readonly connection: Connection }) {
  const host = useSignal<HostView | null>(connection.host.value);
  const candidates = useSignal<Candidates | null>(null);
  const isLive = connection.state.value.kind === 'live';
  useEffect(() => {
    if (!isLive) return;
    const { client } = connection;
    const look = async () => {
      if (document.visibilityState === 'hidden') return;
      host.value = await client.host();
      const [processes, cgroups] = await Promise.all([client.processes(), client.cgroups()]);
      candidates.value = { processes, cgroups };
    };
    // What fails here fails for the connection as well, which says so.
    const tryToLook = () => void look().catch(() => {});
    tryToLook();
    const timer = setInterval(tryToLook, EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive]);
  const facts = host.value;
  if (facts === null) return <p class="quiet">Looking at the machine.</p>;
  return (
    <>
      <h1>This machine</h1>
      <p class="lead">
        Linux {facts.kernelRelease} on {facts.architecture}, {facts.nrCpus} CPUs. Thermocline{' '}
        {facts.version}.
      </p>
      <div class="panels machine">
        <MemoryCard host={facts} />
        <WatchChoices connection={connection} host={facts} candidates={candidates.value} />
        <Capabilities groups={facts.capabilities} />
      </div>
    </>
  );
}
