import type { Roots } from '../host/host.ts';
import { currentBootId } from '../host/linux/process-identity.ts';
import { type Features, readFeatures } from '../kernel/features.ts';
import { RealSysfsReader } from '../kernel/real-sysfs.ts';
import { SlotRecords } from '../kernel/slot-records.ts';
import { ADMIN_FOLDER } from '../kernel/sysfs-files.ts';

/**
 * What the kernel's DAMON has: what a start on this boot has found out, or else what plain reads
 * tell. Null where there is none.
 * @param stateDir checked by whoever opens it
 */
export function knownFeatures(roots: Roots, stateDir: string): Features | null {
  const files = new RealSysfsReader(roots.sys);
  if (!files.exists(`${ADMIN_FOLDER}/kdamonds`)) return null;
  return new SlotRecords(stateDir).features(currentBootId()) ?? readFeatures(files);
}
