import { MachineView } from '../machine/machine-view.tsx';
import { route, VIEWS } from '../parts/route.ts';
import { Shell } from '../parts/shell.tsx';
import { OpenPlayground } from '../playground/open-playground.tsx';
import { WatchView } from '../watch/watch-view.tsx';
import type { Connection } from './connection.ts';
import { LinkStatus, LostBanner, SignIn } from './link-status.tsx';

/** The page of a service. */
export function Dashboard({ connection }: { readonly connection: Connection }) {
  const { kind } = connection.state.value;
  const { view } = route.value;
  return (
    <Shell views={VIEWS} status={<LinkStatus connection={connection} />}>
      <LostBanner connection={connection} />
      {view === 'playground' ? (
        <OpenPlayground />
      ) : kind === 'locked' ? (
        <SignIn connection={connection} />
      ) : connection.host.value === null ? (
        <p class="quiet">Connecting to the service.</p>
      ) : view === 'machine' ? (
        <MachineView connection={connection} />
      ) : (
        <WatchView connection={connection} />
      )}
    </Shell>
  );
}
