/** Which memory blocks of a machine could be powered down. Pure; nothing is taken offline. */

/** One block, as far as it matters here. */
interface Block {
  readonly block: number;
  readonly state: string;
  readonly removable: boolean;
  readonly nid: number | null;
  readonly zone: string;
}

/** How full a zone is. */
interface Use {
  readonly managedBytes: number;
  readonly freeBytes: number;
  readonly reserveBytes: number;
}

/** What is known of a machine. */
export interface BlockFacts {
  readonly blockBytes: number;
  readonly blocks: readonly Block[];
  /** By node and zone: `0 Movable`. */
  readonly zones: ReadonlyMap<string, Use>;
}

/** The blocks of one zone. */
export interface ZoneBlocks {
  /** Node 0 where the kernel tells none. */
  readonly nid: number;
  readonly zone: string;
  readonly nrBlocks: number;
  readonly nrOffline: number;
  /** Blocks that could go now, the highest first, since all that they hold can be moved. */
  readonly couldGo: readonly number[];
  /** The most that would have to be moved for that: all that is in use in the zone. */
  readonly movedBytes: number;
  /** Why no more could. */
  readonly why: string;
}

/**
 * By zone. A block could go if it lies in zone Movable, and if what is in use there fits into what
 * stays: its zone's own free memory and that of the node's others, less what the kernel keeps free.
 */
export function blocksThatCouldGo({ blockBytes, blocks, zones }: BlockFacts): ZoneBlocks[] {
  const byZone = Map.groupBy(blocks, ({ nid, zone }) => `${nid ?? 0} ${zone}`);
  return [...byZone].map(([key, own]) => {
    const [nid, zone] = key.split(' ') as [string, string];
    const online = own.filter(({ state }) => state === 'online');
    const count = { nrBlocks: own.length, nrOffline: own.length - online.length };
    const none = { nid: Number(nid), zone, ...count, couldGo: [], movedBytes: 0 };
    if (zone !== 'Movable') return { ...none, why: whyNot(zone) };
    const candidates = online.filter(({ removable }) => removable).reverse();
    const room = roomBytes(zones, nid);
    const nrFit = Math.min(candidates.length, Math.floor(room / blockBytes));
    const use = zones.get(key);
    const usedBytes = use === undefined ? 0 : use.managedBytes - use.freeBytes;
    return {
      ...none,
      couldGo: candidates.slice(0, nrFit).map(({ block }) => block),
      movedBytes: Math.min(usedBytes, nrFit * blockBytes),
      why:
        nrFit < candidates.length
          ? 'What is in use has to stay somewhere.'
          : 'All that is there could go.',
    };
  });
}

/** What would still be free on the node: what goes in use needs as much elsewhere. */
function roomBytes(zones: ReadonlyMap<string, Use>, nid: string): number {
  const own = [...zones].filter(([key]) => key.startsWith(`${nid} `)).map(([, use]) => use);
  return own.reduce(
    (sum, { freeBytes, reserveBytes }) => sum + Math.max(0, freeBytes - reserveBytes),
    0,
  );
}

function whyNot(zone: string): string {
  return zone === 'none'
    ? 'Blocks that lie in several zones, or in none, stay.'
    : `Zone ${zone} holds memory of the kernel itself, which can't be moved.`;
}
