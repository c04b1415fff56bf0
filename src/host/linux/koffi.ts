/** Calls of the C library that Node lacks, by the optional package koffi. */
import { constants } from 'node:os';
import { ThermoclineError } from '../../base/errors.ts';
import { SyscallError } from './syscalls.ts';

export type Koffi = Pick<typeof import('koffi'), 'load' | 'errno'>;

/** Loaded only when something acts. @throws ThermoclineError TC_UNSUPPORTED where it is missing */
export async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (cause) {
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      'Acting needs the optional package koffi, which did not load; install it with npm.',
      { cause },
    );
  }
}

/** Passes a result on. @throws SyscallError for one below zero, by the errno it left */
export function checkedCall(koffi: Koffi, syscall: string, result: number): number {
  if (result >= 0) return result;
  const number = koffi.errno();
  const known = Object.entries(constants.errno).find(([, value]) => value === number);
  throw new SyscallError(syscall, known ? known[0] : `errno ${number}`);
}
