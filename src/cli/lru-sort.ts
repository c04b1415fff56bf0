import type { Command } from 'commander';
import { lruSort } from '../policies/lru-sort.ts';
import { registerPolicy } from './policy/register.ts';

/** Adds `thermocline lru-sort`. */
export function register(program: Command): void {
  registerPolicy(program, lruSort);
}
