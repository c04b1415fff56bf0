/** Where QEMU serves the port of the agent in its guest. */
import { isAbsolute } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import { AGENT_PORT } from './agent-messages.ts';
import { devicesOfType, propertyOf } from './qemu-devices.ts';
import type { Qmp } from './qmp.ts';

const PORT = /^child<virtserialport>/;
/** As QEMU tells of it: `disconnected:unix:/run/a.sock,server=on`. */
const UNIX_SOCKET = /(?:^|:)unix:([^,]+),server/;

/**
 * The unix socket behind the port; null for a guest without such a port.
 * @throws ThermoclineError TC_UNSUPPORTED for a port behind anything else
 */
export async function agentSocketOf(qmp: Qmp): Promise<string | null> {
  for (const port of await devicesOfType(qmp, PORT)) {
    if ((await propertyOf<string>(qmp, port, 'name')) !== AGENT_PORT) continue;
    const label = await propertyOf<string>(qmp, port, 'chardev');
    const all = await qmp.execute<{ label: string; filename: string }[]>('query-chardev');
    const { filename = '' } = all.find((one) => one.label === label) ?? {};
    const path = UNIX_SOCKET.exec(filename)?.[1];
    if (path !== undefined && isAbsolute(path)) return path;
    throw new ThermoclineError(
      'TC_UNSUPPORTED',
      `The port ${AGENT_PORT} of the guest at ${qmp.path} is behind "${filename}"; put a socket with ` +
        `a whole path behind it: -chardev socket,id=${label},path=/PATH,server=on,wait=off.`,
    );
  }
  return null;
}
