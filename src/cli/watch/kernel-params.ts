import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import { physicalRanges } from '../../host/linux/physical-ranges.ts';
import { DEFAULT_PARAMS, minRegionSizeFor } from '../../params/defaults.ts';
import { resolveParams } from '../../params/resolve.ts';
import type { AddressRange, Params, ParamsSpec, Target } from '../../params/types.ts';
import { readNamedFile } from '../named-file.ts';

/** Which physical memory, where it is physical memory. */
export interface PhysicalOptions {
  readonly physical?: true;
  readonly node?: readonly number[];
  readonly zone?: readonly string[];
}

/** Whether the options ask for physical memory. */
export function isPhysical({ physical, node, zone }: PhysicalOptions): boolean {
  return physical === true || node !== undefined || zone !== undefined;
}

/** The parameters of a file as they are, targets and all. */
export async function kernelFileParams(file: string, roots: Roots): Promise<Params> {
  return forKernel(await kernelSpec(file), {}, roots);
}

/**
 * Parameters for processes: those of the file, with other targets. Reads and checks the file at
 * once.
 */
export async function kernelProcessParams(
  file: string | undefined,
): Promise<(pids: readonly number[]) => Params> {
  const spec = await kernelSpec(file);
  if (spec.operations === 'paddr') {
    throw new ThermoclineError(
      'TC_INVALID',
      `${file}: operations is paddr, but processes are named; leave it out, or write --physical ` +
        'instead of the processes.',
    );
  }
  const regions = spec.targets[0]?.regions ?? [];
  const targetOf = (pid: number): Target => ({ pid, regions, obsolete: false });
  return (pids) => resolveParams({ ...spec, targets: pids.map(targetOf) }, 0);
}

/** Parameters for physical memory: those of the file, with the ranges that the options name. */
export async function kernelPhysicalParams(
  file: string | undefined,
  options: PhysicalOptions,
  roots: Roots,
): Promise<Params> {
  const spec = await kernelSpec(file);
  const minRegionSize = minRegionSizeFor('paddr', spec.addrUnit);
  return forKernel({ ...spec, operations: 'paddr', minRegionSize }, options, roots);
}

/** The schema is loaded only when there is a file to check. */
async function kernelSpec(file: string | undefined): Promise<ParamsSpec> {
  if (file === undefined) return DEFAULT_PARAMS;
  const { parseParamsText } = await import('../../params/parse.ts');
  return parseParamsText(readNamedFile(file, 'The parameters'), file);
}

function forKernel(spec: ParamsSpec, { node, zone }: PhysicalOptions, roots: Roots): Params {
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
