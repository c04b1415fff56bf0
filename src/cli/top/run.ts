import { setTimeout as delay } from 'node:timers/promises';
import type { Roots } from '../../host/host.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { Interruption } from '../interruption.ts';
import { plain } from '../terminal/line.ts';
import { colourDepth, isLiveTerminal, openScreen } from '../watch/output.ts';
import { formatListing, type Listing, type SortKey, takeListing } from './listing.ts';

const LIVE_EVERY_US = 2_000_000;

/** What `thermocline top` was asked for. */
export interface TopRun {
  readonly roots: Roots;
  readonly lists: 'processes' | 'cgroups';
  readonly sort: SortKey;
  readonly isJson: boolean;
  /** Null: the way of output decides. */
  readonly everyUs: number | null;
  /** Null: until something ends it, or one where nothing is to be repeated. */
  readonly count: number | null;
}

/** Looks and shows until the count is reached or something ends it; returns the exit status. */
export async function runTop(run: TopRun): Promise<number> {
  using interruption = new Interruption();
  const isLive = !run.isJson && isLiveTerminal();
  using output = isLive ? liveOutput(interruption) : printedOutput(run.isJson);
  const repeats = isLive || run.everyUs !== null;
  const count = run.count ?? (repeats ? Number.POSITIVE_INFINITY : 1);
  const everyMs = (run.everyUs ?? LIVE_EVERY_US) / 1000;
  const host = new LinuxHost(run.roots);
  for (let nrShown = 1; ; nrShown++) {
    output.show(takeListing(host, run.lists, run.sort));
    if (nrShown >= count) return 0;
    await delay(everyMs, undefined, { signal: interruption.signal }).catch(() => {});
    if (interruption.signal.aborted) return interruption.exitStatus;
  }
}

interface TopOutput extends Disposable {
  show(listing: Listing): void;
}

function printedOutput(isJson: boolean): TopOutput {
  return {
    show(listing) {
      const lines = isJson
        ? [JSON.stringify(listing)]
        : formatListing(listing, Number.POSITIVE_INFINITY);
      process.stdout.write(`${lines.join('\n')}\n`);
    },
    [Symbol.dispose]: () => {},
  };
}

function liveOutput(interruption: Interruption): TopOutput {
  let latest: Listing | null = null;
  const draw = () => {
    if (latest !== null) screen.draw(formatListing(latest, screen.rows).map(plain));
  };
  const screen = openScreen(interruption, colourDepth(), draw);
  return {
    show(listing) {
      latest = listing;
      draw();
    },
    [Symbol.dispose]: () => screen[Symbol.dispose](),
  };
}
