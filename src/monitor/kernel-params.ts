/** Parameters for the kernel's DAMON, out of what somebody wrote and what is to be watched. */
import { ThermoclineError } from '../base/errors.ts';
import type { Roots } from '../host/host.ts';
import { physicalRanges } from '../host/linux/physical-ranges.ts';
import { minRegionSizeFor } from '../params/defaults.ts';
import { resolveParams } from '../params/resolve.ts';
import type {
  AddressRange,
  OperationsFilter,
  Params,
  ParamsSpec,
  Target,
} from '../params/types.ts';

/** Which physical memory; all of it where nothing is named. */
export interface PhysicalPlace {
  readonly node?: readonly number[] | undefined;
  readonly zone?: readonly string[] | undefined;
}

/** The parameters as they are written, targets and all. */
export function kernelParams(spec: ParamsSpec, roots: Roots): Params {
  return forKernel(spec, {}, roots);
}

/**
 * Parameters for processes: those that are written, with other targets.
 * @param source begins the sentences of errors
 * @throws ThermoclineError TC_INVALID
 */
export function kernelProcessParams(
  spec: ParamsSpec,
  source: string,
): (pids: readonly number[]) => Params {
  if (spec.operations === 'paddr') {
    throw new ThermoclineError(
      'TC_INVALID',
      `${source}: operations is paddr, but processes are named; leave it out, or watch physical ` +
        'memory instead of the processes.',
    );
  }
  const regions = spec.targets[0]?.regions ?? [];
  const targetOf = (pid: number): Target => ({ pid, regions, obsolete: false });
  return (pids) => resolveParams({ ...spec, targets: pids.map(targetOf) }, 0);
}

/** Parameters for physical memory: those that are written, with the ranges that `place` names. */
export function kernelPhysicalParams(spec: ParamsSpec, place: PhysicalPlace, roots: Roots): Params {
  const minRegionSize = minRegionSizeFor('paddr', spec.addrUnit);
  return forKernel({ ...spec, operations: 'paddr', minRegionSize }, place, roots);
}

/** The very schemes, with actions that do nothing. */
export function countingOnly(params: Params): Params {
  const schemes = params.schemes.map((scheme) => ({ ...scheme, action: 'stat' as const }));
  return { ...params, schemes };
}

/** Of physical memory, a cgroup is what its pages are charged to. */
export function chargedTo(memcgPath: string): OperationsFilter {
  return { type: 'memcg', matching: true, allow: true, memcgPath };
}

function forKernel(spec: ParamsSpec, { node, zone }: PhysicalPlace, roots: Roots): Params {
  if (spec.operations !== 'paddr') return resolveParams(spec, 0);
  const written = spec.targets[0]?.regions ?? [];
  const named = node !== undefined || zone !== undefined;
  const unit = spec.addrUnit;
  const regions =
    written.length > 0 && !named
      ? written
      : physicalRanges(roots, {
          ...(node !== undefined && { nodes: node }),
          ...(zone !== undefined && { zones: zone }),
        }).map(({ start, end }) => ({
          start: Math.ceil(start / unit),
          end: Math.floor(end / unit),
        }));
  if (regions.length === 0) {
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      'The nodes and zones that are named have no memory in common; name others.',
    );
  }
  const target: Target = { regions, obsolete: false };
  return resolveParams({ ...spec, targets: [target] }, sizeOf(regions) * unit);
}

function sizeOf(ranges: readonly AddressRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
