/** Parts of what a policy is about: nodes and zones of physical memory, mappings of a process. */
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { mappingRanges } from '../../host/linux/mappings.ts';
import { physicalRanges } from '../../host/linux/physical-ranges.ts';
import type { SimulatedMachine } from '../../host/sim/index.ts';
import type { Part } from '../../policies/policy.ts';

/** The options that name them. */
export interface PartOptions {
  readonly node?: readonly number[];
  readonly zone?: readonly string[];
  readonly vma?: readonly string[];
}

/** What else was said. */
interface SubjectWords {
  readonly kernel?: true;
  readonly pid?: readonly number[];
}

/** The addresses that are meant, as they are now; null: all. Throws one sentence for others. */
export function readPart(options: PartOptions & SubjectWords, roots: Roots): Part | null {
  const { node: nodes, zone: zones, vma: names, kernel, pid } = options;
  const words = wordsOf(options);
  if (words === '') return null;
  if (names !== undefined) {
    if (nodes !== undefined || zones !== undefined || pid?.length !== 1) throw vmaNeedsProcess();
    return { words, ranges: mappingRanges(roots, pid[0]!, names) };
  }
  if (pid !== undefined || !kernel) throw placeNeedsKernel();
  const ranges = physicalRanges(roots, { ...(nodes && { nodes }), ...(zones && { zones }) });
  return { words, ranges: someOf(ranges, words) };
}

/** The same of a simulated machine, all of whose memory lies in zones. */
export function simulatedPart(options: PartOptions, { zones }: SimulatedMachine): Part | null {
  const words = wordsOf(options);
  if (words === '') return null;
  const ranges = zones
    .filter(({ nid }) => options.node?.includes(nid) ?? true)
    .filter(({ name }) => options.zone?.includes(name) ?? true)
    .map(({ range }) => range);
  return { words, ranges: someOf(ranges, words) };
}

function wordsOf({ node, zone, vma }: PartOptions): string {
  return [
    ...(node ? [`node ${node.join(', ')}`] : []),
    ...(zone ? [`zone ${zone.join(', ')}`] : []),
    ...(vma ? [`mapping ${vma.join(', ')}`] : []),
  ].join(', ');
}

function someOf(ranges: Part['ranges'], words: string): Part['ranges'] {
  if (ranges.length > 0) return ranges;
  throw new ThermoclineError('TC_NOT_FOUND', `There is no memory in ${words}; name others.`);
}

function vmaNeedsProcess(): ThermoclineError {
  return new ThermoclineError(
    'TC_INVALID',
    '--vma is about mappings of one process; write it with one --pid, without --node and --zone.',
  );
}

function placeNeedsKernel(): ThermoclineError {
  return new ThermoclineError(
    'TC_INVALID',
    "--node and --zone are about physical memory, which only the kernel's DAMON watches; write them " +
      'with --kernel, without --pid.',
  );
}
