import type { Command } from 'commander';
import { reclaim } from '../policies/reclaim.ts';
import { registerPolicy } from './policy/register.ts';

/** Adds `thermocline reclaim`. */
export function register(program: Command): void {
  registerPolicy(program, reclaim);
}
