/** What a QEMU machine consists of, and what it is doing. */
import type { Qmp } from './qmp.ts';

/** Devices with a name of their own, and those without. */
const DEVICE_FOLDERS = ['/machine/peripheral', '/machine/peripheral-anon'];
const MIGRATING: ReadonlySet<string> = new Set(['setup', 'active', 'postcopy-active', 'device']);

/** Whether a guest can be told anything now. */
export interface RunState {
  /** False while it is paused, or has ended. */
  readonly isRunning: boolean;
  readonly isMigrating: boolean;
}

/** Paths of all devices of a type: `/machine/peripheral/balloon0`. */
export async function devicesOfType(qmp: Qmp, type: RegExp): Promise<string[]> {
  const paths: string[] = [];
  for (const folder of DEVICE_FOLDERS) {
    const found = await qmp.execute<{ name: string; type: string }[]>('qom-list', { path: folder });
    for (const device of found) if (type.test(device.type)) paths.push(`${folder}/${device.name}`);
  }
  return paths;
}

/** Reads a property of a device. */
export function propertyOf<T>(qmp: Qmp, path: string, property: string): Promise<T> {
  return qmp.execute<T>('qom-get', { path, property });
}

/** Asks what it is doing. */
export async function runStateOf(qmp: Qmp): Promise<RunState> {
  const [{ running }, { status }] = await Promise.all([
    qmp.execute<{ running: boolean }>('query-status'),
    qmp.execute<{ status?: string }>('query-migrate'),
  ]);
  return { isRunning: running, isMigrating: MIGRATING.has(status ?? 'none') };
}
