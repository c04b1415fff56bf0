/** Whether a guest can be sized by blocks that it holds, and what does it then. */
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import type { AgentLink } from '../../host/linux/agent-link.ts';
import { loadFileHoles } from '../../host/linux/file-holes.ts';
import { GuestMemory } from '../../host/linux/guest-memory.ts';
import { whyNotPunch } from '../../host/linux/qemu-punch-refusals.ts';
import type { Qmp } from '../../host/linux/qmp.ts';
import { HeldBlocks, type HeldBlocksOptions } from './held-blocks.ts';

/** What is known before anybody has looked. */
export interface HoldingOptions
  extends Pick<HeldBlocksOptions, 'name' | 'qmp' | 'journal' | 'clock'> {
  readonly roots: Roots;
  /** Null for a guest without a port for an agent. */
  readonly link: AgentLink | null;
}

/**
 * Only looks.
 * @throws ThermoclineError TC_UNSUPPORTED for a guest of which no blocks can be held
 */
export async function holdBlocks(options: HoldingOptions): Promise<HeldBlocks> {
  const { roots, link, qmp, ...rest } = options;
  if (link === null) throw refusal(qmp, 'it has no port for an agent (docs/acma.md)');
  const why = await whyNotPunch(qmp);
  if (why !== null) throw refusal(qmp, why);
  const memory = new GuestMemory(qmp, roots, await loadFileHoles());
  const summary = await qmp.execute<Record<string, number>>('query-memory-size-summary');
  const totalBytes = (summary['base-memory'] ?? 0) + (summary['plugged-memory'] ?? 0);
  return new HeldBlocks({ ...rest, qmp, link, memory, totalBytes });
}

function refusal({ path }: Qmp, why: string): ThermoclineError {
  const sentence = `Blocks can't be held of the guest at ${path}: ${why}; leave --hold-blocks out.`;
  return new ThermoclineError('TC_UNSUPPORTED', sentence);
}
