/** What the kernel's page structures of huge pages take, and what it has given up of them. */
import { join } from 'node:path';
import type { Roots } from '../host.ts';
import { readTextIfAny } from './read-file.ts';

/** 512 structures of 64 bytes are eight pages, of which one is kept. */
const GIVEN_UP_BYTES = 7 * 4096;

/**
 * Bytes that the kernel gets back for each huge page of 2 MiB that is made now: none, unless it
 * was told to leave out structures that are all the same (Documentation/mm/vmemmap_dedup.rst).
 */
export function structBytesGivenUp({ proc }: Roots): number {
  const isOn = readTextIfAny(join(proc, 'sys/vm/hugetlb_optimize_vmemmap'))?.trim() === '1';
  return isOn ? GIVEN_UP_BYTES : 0;
}
