import type { Command } from 'commander';
import type { Roots } from '../host/host.ts';
import { type RootOptions, resolveRoots } from '../host/linux/roots.ts';

/** Adds the options that say where the kernel's file trees are; every command takes them. */
export function addRootOptions(program: Command): void {
  for (const [tree, folder] of [
    ['proc', '/proc'],
    ['sysfs', '/sys'],
    ['cgroup', '/sys/fs/cgroup'],
  ]) {
    const variable = `THERMOCLINE_${tree!.toUpperCase()}_ROOT`;
    program.option(`--${tree}-root <folder>`, `where ${tree} is (else ${variable}, ${folder})`);
  }
}

/** The roots in force for `command`: its line's, the environment's, or the system's own. */
export function rootsOf(command: Command): Roots {
  return resolveRoots(command.optsWithGlobals<RootOptions>());
}
