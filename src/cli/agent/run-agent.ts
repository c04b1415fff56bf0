/** `thermocline agent`: the agent of the guest that this runs in, until it is ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GuestAgent } from '../../control/acma/guest-agent.ts';
import { CgroupReclaim } from '../../control/cgroup-reclaim.ts';
import { MachineReclaim } from '../../control/machine-reclaim.ts';
import type { Roots } from '../../host/host.ts';
import { openHeldFiles } from '../../host/linux/held-folder.ts';
import { VirtioPort } from '../../host/linux/virtio-port.ts';
import type { AgentOptions } from '../agent.ts';
import { Interruption } from '../interruption.ts';

const LOOK_MS = 50;

/** Returns the exit status. */
export async function runAgent(
  { port, cgroup, holdBlocks }: AgentOptions,
  roots: Roots,
): Promise<number> {
  using interruption = new Interruption();
  using line = VirtioPort.open(roots, port);
  const lever = cgroup === '/' ? new MachineReclaim(roots) : new CgroupReclaim(roots, cgroup);
  const onTrouble = (sentence: string) => void process.stderr.write(`${sentence}\n`);
  const blocks = holdBlocks ? await openHeldFiles(roots) : null;
  const agent = new GuestAgent({ roots, port: line, lever, blocks, onTrouble });
  process.stderr.write(`The host can talk to this guest through ${line.device}.\n`);
  while (!interruption.signal.aborted) {
    agent.look();
    await sleep(LOOK_MS, undefined, { signal: interruption.signal }).catch(() => {});
  }
  await agent.idle();
  blocks?.releaseAll();
  return interruption.exitStatus;
}
