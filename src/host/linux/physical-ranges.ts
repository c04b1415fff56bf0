import { ThermoclineError } from '../../base/errors.ts';
import type { AddressRange } from '../../params/types.ts';
import type { MemoryZone, Roots } from '../host.ts';
import { readMemoryBlocksIfAny } from './memory-blocks.ts';
import { joinNeighbours, readMemoryRanges, readNodeRanges, readZones } from './memory-ranges.ts';

/** Which physical memory; what is left out does not narrow it. */
export interface PhysicalMemory {
  readonly nodes?: readonly number[];
  /** As `/proc/zoneinfo` names them: `Normal`, `DMA32`, `Movable`. */
  readonly zones?: readonly string[];
}

/**
 * Memory by physical address in bytes, ascending: all of it, or what lies in the given nodes and
 * zones.
 * @throws ThermoclineError TC_DENIED where addresses are hidden, TC_NOT_FOUND for a node or a zone
 * that is not there
 */
export function physicalRanges(roots: Roots, { nodes, zones }: PhysicalMemory): AddressRange[] {
  const all = readMemoryRanges(roots);
  if (all.length === 0) {
    throw new ThermoclineError(
      'TC_DENIED',
      `${roots.proc}/iomem does not tell where physical memory is; it does so to root only.`,
    );
  }
  const inNodes = nodes === undefined ? all : common(all, nodesRanges(roots, nodes));
  return zones === undefined ? inNodes : common(inNodes, zonesRanges(roots, zones));
}

function nodesRanges(roots: Roots, nodes: readonly number[]): AddressRange[] {
  return nodes.flatMap((nid) => {
    const ranges = readNodeRanges(roots, nid);
    if (ranges.length > 0) return ranges;
    // A kernel without memory hotplug has no blocks; its zones still have nodes.
    const ofZones = readZones(roots).filter((zone) => zone.nid === nid);
    if (ofZones.length > 0) return ofZones.map(({ range }) => range);
    throw new ThermoclineError('TC_NOT_FOUND', `Node ${nid} has no memory, or does not exist.`);
  });
}

/** Of a block in several zones, and where the kernel tells none of any. */
const UNTOLD_ZONES = ['none', ''];

function zonesRanges(roots: Roots, names: readonly string[]): AddressRange[] {
  const zones = readZones(roots);
  const blocks = readMemoryBlocksIfAny(roots);
  // A zone spans what others have within it: memory onlined as Movable stays in Normal's span.
  const ofZone = ({ nid, name, range }: MemoryZone): AddressRange[] => {
    if (blocks === null) return [range];
    const own = blocks.blocks
      .filter((one) => one.state === 'online' && (one.nid ?? nid) === nid)
      .filter(({ zone }) => [name, ...UNTOLD_ZONES].includes(zone))
      .map(({ startBytes }) => ({ start: startBytes, end: startBytes + blocks.blockBytes }));
    return common([range], joinNeighbours(own));
  };
  return names.flatMap((name) => {
    const found = zones.filter((zone) => zone.name === name);
    if (found.length > 0) return found.flatMap(ofZone);
    const known = [...new Set(zones.map((zone) => zone.name))].join(', ');
    throw new ThermoclineError('TC_NOT_FOUND', `There is no zone ${name}; there are ${known}.`);
  });
}

/** What both lists cover, ascending. */
function common(a: readonly AddressRange[], b: readonly AddressRange[]): AddressRange[] {
  return a
    .flatMap((one) =>
      b.map((other) => ({
        start: Math.max(one.start, other.start),
        end: Math.min(one.end, other.end),
      })),
    )
    .filter(({ start, end }) => start < end)
    .sort((x, y) => x.start - y.start);
}
