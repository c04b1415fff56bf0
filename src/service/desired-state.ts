/** The configuration: which monitors there should be, and what has to change for that. */
import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { ThermoclineError } from '../base/errors.ts';
import type { MonitorSpec, PlannedChange, Watch } from '../client/api-types.ts';
import { monitorSpecSchema, nameSchema } from './api/schemas.ts';
import type { OwnedMonitor } from './owned-monitor.ts';

const MAX_TEXT_CHARACTERS = 2 ** 20;

/** What `thermocline.yaml` says: `monitors` by name, each as the API takes it. */
const configSchema = z.strictObject(
  { monitors: z.record(nameSchema, z.unknown()).default({}) },
  { error: 'a mapping with monitors' },
);

/**
 * The monitors of a configuration file.
 * @param source begins the sentences of errors
 * @throws ThermoclineError TC_INVALID with one sentence that names the field
 */
export function parseConfig(text: string, source: string): MonitorSpec[] {
  return desiredMonitors(parseConfigData(text, source), source);
}

/**
 * A configuration file as plain data, checked.
 * @throws ThermoclineError TC_INVALID
 */
export function parseConfigData(text: string, source: string): object {
  if (text.length > MAX_TEXT_CHARACTERS) throw invalid(source, 'it is larger than 1 MiB');
  const document = parseDocument(text, { logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) throw invalid(source, error.message.split('\n')[0]!);
  const written: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  desiredMonitors(written, source);
  return { monitors: {}, ...(written as object) };
}

/** The same from plain data. */
export function desiredMonitors(written: unknown, source: string): MonitorSpec[] {
  const config = configSchema.safeParse(written);
  if (!config.success) throw problemIn(source, '', config.error);
  return Object.entries(config.data.monitors).map(([name, one]) => {
    const spec = monitorSpecSchema.safeParse({ ...(one as object), name });
    if (spec.success) return spec.data;
    throw problemIn(source, `monitors.${name}`, spec.error);
  });
}

/**
 * What has to be done so that the monitors of the configuration are as it says. Monitors that
 * others have made are left alone.
 * @throws ThermoclineError TC_BUSY for a name that somebody else's monitor has, TC_INVALID for
 * parameters that can't be taken
 */
export function planChanges(
  desired: readonly MonitorSpec[],
  monitors: readonly OwnedMonitor[],
): PlannedChange[] {
  const running = new Map(monitors.map((monitor) => [monitor.name, monitor]));
  const changes = desired.flatMap((spec) => changeOf(spec, running.get(spec.name)));
  const wanted = new Set(desired.map(({ name }) => name));
  const gone = monitors.filter(({ name, origin }) => origin === 'config' && !wanted.has(name));
  const removals = gone.map(
    ({ name }): PlannedChange => ({
      monitor: name,
      action: 'remove',
      details: [`${name} is not in the configuration any more, so it is stopped and forgotten`],
    }),
  );
  return [...removals, ...changes];
}

function changeOf(spec: MonitorSpec, running: OwnedMonitor | undefined): PlannedChange[] {
  const { name } = spec;
  if (running === undefined) {
    const details = [`${name} is created: ${watchText(spec)}`];
    return [{ monitor: name, action: 'create', details }];
  }
  if (running.origin !== 'config') {
    throw new ThermoclineError(
      'TC_BUSY',
      `There is a monitor "${name}" that the configuration has not made; choose another name, or ` +
        'remove that one first.',
    );
  }
  const isOver = running.state === 'ended' || running.state === 'failed';
  if (isOver || !isDeepStrictEqual(identity(spec), identity(running.spec))) {
    const why = isOver ? 'it has ended' : 'it watches or does something else';
    return [{ monitor: name, action: 'replace', details: [`${name} is started anew: ${why}`] }];
  }
  const details = running.changesFor(spec.params);
  return details.length === 0 ? [] : [{ monitor: name, action: 'commit', details }];
}

/** What can't change while a monitor runs. */
function identity({ watch, act = 'count', cpuCeiling }: MonitorSpec): object {
  return { watch, act, cpuCeiling };
}

function watchText({ watch, act = 'count' }: MonitorSpec): string {
  const what =
    watch.kind === 'processes'
      ? `processes ${watch.pids.join(', ')}`
      : watch.kind === 'cgroup'
        ? `the cgroup ${watch.path}`
        : watch.kind === 'kernel'
          ? `${kernelText(watch)} with the kernel's DAMON`
          : 'a simulated machine';
  return `it watches ${what}${act === 'act' ? ' and acts on it' : ''}`;
}

function kernelText({ pids, cgroup, physical }: Extract<Watch, { kind: 'kernel' }>): string {
  if (pids !== undefined) return `processes ${pids.join(', ')}`;
  return physical === undefined ? `the cgroup ${cgroup}` : 'physical memory';
}

function problemIn(source: string, path: string, { issues }: z.ZodError): ThermoclineError {
  const [issue] = issues;
  const where = [path, ...issue!.path.map(String)].filter(Boolean).join('.') || 'the top level';
  return invalid(source, `${where}: ${issue!.message.replace(/\.$/, '')}`);
}

function invalid(source: string, problem: string): ThermoclineError {
  return new ThermoclineError('TC_INVALID', `${source}: ${problem}.`);
}
