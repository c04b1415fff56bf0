import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../../host/host.ts';
import {
  applyParameterWrites,
  type ModuleState,
  readModules,
  stageModule,
} from '../../kernel/module-parameters.ts';
import { RealSysfsReader } from '../../kernel/real-sysfs.ts';
import { openSysfs } from '../../monitor/kernel-slots.ts';

/** Longer figures, such as percentiles, are for `--json`. */
const LONGEST_SHOWN = 60;

/** Shows modules, or sets parameters of one. */
export async function runModules(
  name: string | null,
  settings: readonly string[],
  { dryRun, json }: { readonly dryRun?: true; readonly json?: true },
  roots: Roots,
): Promise<void> {
  const files = new RealSysfsReader(roots.sys);
  if (name !== null && settings.length > 0) {
    const writes = stageModule(files, name, settings);
    if (!dryRun) await applyParameterWrites(openSysfs(roots), writes);
    if (json) print(JSON.stringify({ module: name, writes, made: !dryRun }));
    else print(writes.map(({ path, text }) => `echo ${text} > ${roots.sys}/${path}`).join('\n'));
    return;
  }
  const modules = readModules(files).filter((one) => name === null || one.name === name);
  if (name !== null && modules.length === 0) {
    throw new ThermoclineError('TC_NOT_FOUND', `This kernel has no module ${name}.`);
  }
  if (json) print(JSON.stringify({ modules }));
  else if (modules.length === 0) print('This kernel has none of the modules of DAMON.');
  else print(modules.map(moduleText).join('\n\n'));
}

function moduleText({ name, enabled, kdamondPid, parameters, figures }: ModuleState): string {
  const head = `${name}: ${enabled ? `runs (kdamond ${kdamondPid ?? 'unknown'})` : 'off'}`;
  return [head, ...lines(parameters), ...lines(figures)].join('\n');
}

function lines(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, text]) => {
    const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
    return `  ${name} ${shown}`;
  });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
