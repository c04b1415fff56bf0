/**
 * Lets a process die at a chosen write, without a process: from the cut on, nothing reaches the
 * disk any more. A write that is cut leaves its first half.
 */
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const SYNC = ['openSync', 'fsyncSync', 'renameSync', 'rmSync', 'mkdirSync', 'linkSync'] as const;

type AnyFunction = (...args: never[]) => unknown;

/** Counts what changes files, and lets the world end at one of these points. */
export class CutPoints implements AsyncDisposable {
  passed = 0;
  readonly #cutAt: number;
  readonly #restore: (() => void)[] = [];

  private constructor(cutAt: number) {
    this.#cutAt = cutAt;
  }

  /** @param cutAt the point that is not reached any more; infinite to count them */
  static async inject(cutAt: number): Promise<CutPoints> {
    const cuts = new CutPoints(cutAt);
    const plain = fs as unknown as Record<string, AnyFunction>;
    for (const name of SYNC) cuts.#patch(plain, name, () => {});
    const half = (call: AnyFunction) => (target: never, bytes: string | Uint8Array) =>
      call(...([target, bytes.slice(0, bytes.length >> 1)] as never[]));
    cuts.#patch(plain, 'writeFileSync', half(fs.writeFileSync as AnyFunction));
    cuts.#patch(plain, 'writeSync', () => {});
    const handle = await open('/dev/null');
    const methods = Object.getPrototypeOf(handle) as Record<string, AnyFunction>;
    await handle.close();
    const { write } = methods;
    cuts.#patch(methods, 'write', function (this: unknown, bytes: Uint8Array) {
      return (write as AnyFunction).call(
        this,
        ...([bytes.subarray(0, bytes.length >> 1)] as never[]),
      );
    } as AnyFunction);
    cuts.#patch(methods, 'truncate', () => {});
    syncBuiltinESMExports();
    return cuts;
  }

  get isCut(): boolean {
    return this.passed >= this.#cutAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const restore of this.#restore) restore();
    syncBuiltinESMExports();
  }

  /** @param last what still happens at the cut itself */
  #patch(holder: Record<string, AnyFunction>, name: string, last: AnyFunction): void {
    const original = holder[name]!;
    const cuts = this;
    holder[name] = function (this: unknown, ...args: never[]) {
      const died = Object.assign(new Error('cut'), { code: 'EIO' });
      if (!cuts.isCut) {
        cuts.passed += 1;
        if (!cuts.isCut) return original.apply(this, args);
        const done = last.apply(this, args);
        if (done instanceof Promise) return done.then(() => Promise.reject(died));
      }
      if (name.endsWith('Sync')) throw died;
      return Promise.reject(died);
    };
    this.#restore.push(() => {
      holder[name] = original;
    });
  }
}
