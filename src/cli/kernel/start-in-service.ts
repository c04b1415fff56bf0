import { parse } from 'yaml';
import { ThermoclineError } from '../../base/errors.ts';
import type { MonitorView } from '../../client/api-types.ts';
import type { ThermoclineClient } from '../../client/client.ts';
import { parseParamsText } from '../../params/parse.ts';
import { ServiceMonitor } from '../attach/service-monitor.ts';
import { Interruption } from '../interruption.ts';
import { freeName, nameOfFile } from '../monitor-names.ts';
import { readNamedFile } from '../named-file.ts';
import type { StartOptions } from '../start.ts';
import { endStarted, sayStarted } from './started.ts';

/**
 * Has a service run what a parameter file says, and ends that with this process; with `--detach` it
 * goes on. Returns the exit status.
 */
export async function startInService(
  client: ThermoclineClient,
  file: string,
  options: StartOptions,
): Promise<number> {
  const params = writtenIn(file);
  using interruption = new Interruption();
  const view = await create(client, file, params, options);
  const { name, slot, caveats } = view;
  if (slot === null) throw new ThermoclineError('TC_SYSTEM', 'The service tells of no slot.');
  const mode = options.act ? 'acting in the kernel' : 'counting only';
  const { number, kdamondPid, ownerPid: pid } = slot;
  sayStarted({ slot: number, kdamondPid, pid, file, mode }, options, caveats);
  if (options.detach) return 0;
  await using monitor = new ServiceMonitor(client, view);
  try {
    return await endStarted({ monitor, interruption, session: null }, options);
  } finally {
    await client.remove(name).catch(unlessGone);
  }
}

/** Checked here, so that a mistake is told with its line. */
function writtenIn(file: string): unknown {
  const text = readNamedFile(file, 'The parameters');
  parseParamsText(text, file);
  return parse(text);
}

async function create(
  client: ThermoclineClient,
  file: string,
  params: unknown,
  { act, ceiling, follow, handover }: StartOptions,
): Promise<MonitorView> {
  const taken = new Set((await client.monitors()).map(({ name }) => name));
  return await client.create({
    name: freeName(nameOfFile(file), taken),
    watch: { kind: 'kernel', followChildren: follow, ...(handover && { handover }) },
    params,
    act: act ? 'act' : 'count',
    ...(ceiling !== undefined && { cpuCeiling: ceiling }),
  });
}

/** `thermocline stop`, or whoever uses the service, may have been here first. */
function unlessGone(error: unknown): void {
  if (!(error instanceof ThermoclineError && error.code === 'TC_NOT_FOUND')) throw error;
}
