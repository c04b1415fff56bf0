import type { Command } from 'commander';
import { stat } from '../policies/stat.ts';
import { registerPolicy } from './policy/register.ts';

/** Adds `thermocline stat`. */
export function register(program: Command): void {
  registerPolicy(program, stat);
}
