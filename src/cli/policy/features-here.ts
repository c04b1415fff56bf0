import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { type Features, readFeatures } from '../../kernel/features.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';

/** A plan may be meant for another machine: what is unknown is taken to be there. */
export function featuresHere(roots: Roots): Features {
  try {
    return readFeatures(new RealSysfsReader(roots.sys));
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    process.stderr.write(`note: ${error.message} The writes are for one that has all features.\n`);
    return new Map();
  }
}
