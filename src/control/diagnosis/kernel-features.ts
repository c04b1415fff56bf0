import type { Roots } from '../../host/host.ts';
import { knownFeatures } from '../../monitor/known-features.ts';
import type { Check } from './check.ts';

/** Kernels of the guest tests. */
const TESTED_RELEASES = ['7.3', '6.12'] as const;

/**
 * What the kernel's DAMON has, by plain reads; and what a start on this boot has found out.
 * @param stateDir checked by whoever opens it
 */
export function kernelFeatures(roots: Roots, stateDir: string, kernelRelease: string): Check[] {
  const known = knownFeatures(roots, stateDir);
  if (known === null) return [];
  const features = [...known.values()];
  const named = (present: boolean | null) =>
    features
      .filter((one) => one.present === present)
      .map(({ name }) => name)
      .join(', ');
  const tested = TESTED_RELEASES.some((release) => kernelRelease.startsWith(`${release}.`));
  return [
    list('features-present', 'yes', 'This kernel has', named(true)),
    list('features-absent', 'note', 'It lacks', named(false)),
    list('features-unknown', 'note', 'Only a start can tell whether it has', named(null)),
    {
      name: 'features-tested',
      status: tested ? 'yes' : 'note',
      sentence:
        `Driving it is tested on Debian's Linux ${TESTED_RELEASES.join(' and ')} in emulated machines; ` +
        (tested
          ? 'this kernel is of one of these releases.'
          : 'on this kernel it is not. A start looks for each feature first.'),
    },
  ].filter((check): check is Check => check !== null);
}

function list(name: string, status: Check['status'], begin: string, names: string): Check | null {
  return names === '' ? null : { name, status, sentence: `${begin} ${names}.` };
}
