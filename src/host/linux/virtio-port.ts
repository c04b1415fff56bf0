/** A virtio-serial port of the guest that this runs in, by name. Nothing here ever waits. */
import { closeSync, constants, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ThermoclineError } from '../../base/errors.ts';
import type { Roots } from '../host.ts';
import { errnoName, readTextIfAny } from './read-file.ts';

const BUFFER_BYTES = 8192;

/** What the agent talks through. */
export interface AgentPort {
  /** What has come meanwhile; empty when nothing has. */
  read(): Uint8Array;
  /** Sends all of `text`, or nothing of it where nobody listens. */
  write(text: string): void;
}

/** One port, which nobody else can open meanwhile. */
export class VirtioPort implements AgentPort, Disposable {
  readonly device: string;
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);

  /**
   * @param devices the folder of device files
   * @throws ThermoclineError TC_NOT_FOUND where there is no such port, TC_BUSY where it is taken,
   * TC_DENIED without the right to open it
   */
  static open(roots: Roots, name: string, devices = '/dev'): VirtioPort {
    const device = join(devices, entryOf(roots, name));
    try {
      return new VirtioPort(device, openSync(device, constants.O_RDWR | constants.O_NONBLOCK));
    } catch (cause) {
      throw cannotOpen(device, errnoName(cause), cause);
    }
  }

  private constructor(device: string, fd: number) {
    this.device = device;
    this.#fd = fd;
  }

  read(): Uint8Array {
    try {
      return this.#buffer.subarray(0, readSync(this.#fd, this.#buffer));
    } catch (error) {
      if (errnoName(error) === 'EAGAIN') return new Uint8Array();
      throw this.#gone(error);
    }
  }

  write(text: string): void {
    try {
      // The kernel takes a message of less than 32 KiB in one piece, or not at all.
      writeSync(this.#fd, text);
    } catch (error) {
      if (errnoName(error) !== 'EAGAIN') throw this.#gone(error);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #gone(cause: unknown): ThermoclineError {
    const what = `${this.device} can't be used any more (${errnoName(cause)})`;
    return new ThermoclineError('TC_SYSTEM', `${what}: QEMU has taken the port away.`, { cause });
  }
}

function entryOf({ sys }: Roots, name: string): string {
  const folder = join(sys, 'class/virtio-ports');
  const found = entries(folder).find(
    (entry) => readTextIfAny(join(folder, entry, 'name'))?.trim() === name,
  );
  if (found !== undefined) return found;
  throw new ThermoclineError(
    'TC_NOT_FOUND',
    `There is no virtio-serial port "${name}" here; this runs in a guest of which QEMU was started ` +
      `with -device virtserialport,chardev=ID,name=${name}.`,
  );
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function cannotOpen(device: string, name: string, cause: unknown): ThermoclineError {
  const options = { cause };
  if (name === 'EBUSY') {
    const way = 'another agent has it; end that first';
    return new ThermoclineError('TC_BUSY', `${device} is in use: ${way}.`, options);
  }
  const code = name === 'EACCES' || name === 'EPERM' ? 'TC_DENIED' : 'TC_SYSTEM';
  return new ThermoclineError(code, `${device} can't be opened (${name}); be root.`, options);
}
