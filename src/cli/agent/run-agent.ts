/** `thermocline agent`: the agent of the guest that this runs in, until it is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ThermoclineError } from '../../base/errors.ts';
import { GuestAgent } from '../../control/acma/guest-agent.ts';
import { CgroupReclaim } from '../../control/cgroup-reclaim.ts';
import { MachineReclaim } from '../../control/machine-reclaim.ts';
import type { ReclaimLever } from '../../control/policy-loop.ts';
import type { Roots } from '../../host/host.ts';
import { openHeldFiles } from '../../host/linux/held-folder.ts';
import { VirtioPort } from '../../host/linux/virtio-port.ts';
import type { AgentOptions } from '../agent.ts';
import { Interruption } from '../interruption.ts';
import type { DamonLever } from './damon-lever.ts';

const LOOK_MS = 50;

/** Returns the exit status. */
export async function runAgent(options: AgentOptions, roots: Roots): Promise<number> {
  const { port, cgroup, holdBlocks, coldAge, handover } = options;
  if (!options.damon && (coldAge ?? handover) !== undefined) {
    throw new ThermoclineError('TC_INVALID', '--cold-age and --handover go with --damon.');
  }
  using interruption = new Interruption();
  using line = VirtioPort.open(roots, port);
  await using damon = options.damon ? await openDamon(options, roots) : null;
  const lever = damon ?? leverOf(cgroup, roots);
  const onTrouble = (sentence: string) => void process.stderr.write(`${sentence}\n`);
  const blocks = holdBlocks ? await openHeldFiles(roots) : null;
  const agent = new GuestAgent({ roots, port: line, lever, blocks, onTrouble });
  process.stderr.write(`The host can talk to this guest through ${line.device}.\n`);
  const signals = [interruption.signal, ...(damon === null ? [] : [damon.signal])];
  const over = AbortSignal.any(signals);
  while (!over.aborted) {
    agent.look();
    await sleep(LOOK_MS, undefined, { signal: over }).catch(() => {});
  }
  await agent.idle();
  blocks?.releaseAll();
  if (!interruption.signal.aborted) throw over.reason;
  return interruption.exitStatus;
}

function leverOf(cgroup: string, roots: Roots): ReclaimLever {
  return cgroup === '/' ? new MachineReclaim(roots) : new CgroupReclaim(roots, cgroup);
}

async function openDamon(options: AgentOptions, roots: Roots): Promise<DamonLever> {
  const { openDamonLever } = await import('./damon-lever.ts');
  const { cgroup, coldAge = '1m', handover } = options;
  return await openDamonLever({ roots, cgroup, coldAge, handOverStat: handover !== undefined });
}
