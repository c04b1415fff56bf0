/** What forbids to take memory out of a guest's files behind its devices' backs. */
import { devicesOfType, propertyOf } from './qemu-devices.ts';
import type { Qmp } from './qmp.ts';

/** They have the guest's memory pinned, or mapped in a process that is not QEMU. */
const BY_THEMSELVES = /^child<.*(?:vfio|vhost-user|vdpa|pvrdma|remote)/;
const NETWORK_BY_ITSELF = /type=(?:vhost-user|vhost-vdpa)\b/;
/** Disks that QEMU drives by itself: it has the guest's memory pinned for them. */
const DISK_BY_ITSELF = /^(?:nvme|virtio-blk-)/;
/** No other state of a migration leaves memory alone. */
const MIGRATION_IS_OVER: ReadonlySet<unknown> = new Set([
  undefined,
  ...['none', 'completed', 'failed', 'cancelled'],
]);

/**
 * To be asked before each time, since devices come and migrations begin.
 * @returns why nothing may be taken now, as the end of a sentence; null: it may
 * @throws ThermoclineError TC_SYSTEM where QEMU doesn't say
 */
export async function whyNotPunch(qmp: Qmp): Promise<string | null> {
  const [device] = await devicesOfType(qmp, BY_THEMSELVES);
  if (device !== undefined) return `its device ${device} reaches its memory by itself`;
  const networks = await qmp.execute<unknown>('human-monitor-command', {
    'command-line': 'info network',
  });
  if (typeof networks !== 'string') return 'QEMU does not say what its networks are';
  if (NETWORK_BY_ITSELF.test(networks)) return 'a network of it reaches its memory by itself';
  const disks = await qmp.execute<{ drv: string }[]>('query-named-block-nodes', { flat: true });
  if (disks.some(({ drv }) => DISK_BY_ITSELF.test(drv))) {
    return 'a disk of it reaches its memory by itself';
  }
  const files = await qmp.execute<{ share: boolean }[]>('query-memdev');
  if (!files.some(({ share }) => share)) return 'its memory is not shared (share=on)';
  const secret = await propertyOf<unknown>(qmp, '/machine', 'confidential-guest-support');
  if (secret !== '') return 'its memory is confidential';
  const { status } = await qmp.execute<{ status?: unknown }>('query-migrate');
  if (!MIGRATION_IS_OVER.has(status)) return 'it is being migrated';
  const jobs = await qmp.execute<{ type: string }[]>('query-jobs');
  if (jobs.some(({ type }) => type.startsWith('snapshot-'))) return 'a snapshot is being taken';
  return null;
}
