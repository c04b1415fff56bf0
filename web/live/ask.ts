/** Something that people ask of the service: while it runs, and why it was refused. */
import { type ReadonlySignal, signal } from '@preact/signals';

/** One kind of request, one at a time. */
export class Ask {
  readonly #busy = signal(false);
  readonly #problem = signal<string | null>(null);

  get busy(): ReadonlySignal<boolean> {
    return this.#busy;
  }

  /** The service's own sentence, or null. */
  get problem(): ReadonlySignal<string | null> {
    return this.#problem;
  }

  /** @returns whether it was done */
  async do(work: () => Promise<unknown>): Promise<boolean> {
    if (this.#busy.value) return false;
    this.#busy.value = true;
    this.#problem.value = null;
    try {
      await work();
      return true;
    } catch (error) {
      this.#problem.value = error instanceof Error ? error.message : String(error);
      return false;
    } finally {
      this.#busy.value = false;
    }
  }
}
