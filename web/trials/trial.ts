/** A scheme that pages out, tried on one monitor without acting. */
import { type Signal, signal } from '@preact/signals';
import type { ShadowView, WhatIfAnswer } from '../../src/client/api-types.ts';
import type { ThermoclineClient } from '../../src/client/client.ts';
import { Ask } from '../live/ask.ts';
import { changesOf, type FieldValues } from '../schemes/scheme-fields.ts';

/** What was asked of the service, and what it has said. */
export class Trial {
  readonly ask: Ask = new Ask();
  /** What pages would go to in a what-if. */
  readonly swap: Signal<'disk' | 'zram'> = signal('disk');
  readonly answer: Signal<WhatIfAnswer | null> = signal(null);
  readonly shadow: Signal<ShadowView | null> = signal(null);
  /** Ends the what-if that is being computed; null while none is. */
  readonly cancel: Signal<(() => void) | null> = signal(null);
  readonly #client: ThermoclineClient;
  readonly #name: string;

  constructor(client: ThermoclineClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  whatIf(values: FieldValues): Promise<boolean> {
    return this.ask.do(async () => {
      const over = new AbortController();
      this.cancel.value = () => over.abort();
      this.answer.value = null;
      try {
        const asked = { params: paramsOf(values), swap: this.swap.value };
        this.answer.value = await this.#client.whatIf(this.#name, asked, { signal: over.signal });
      } catch (error) {
        if (!over.signal.aborted) throw error;
      } finally {
        this.cancel.value = null;
      }
    });
  }

  beginShadow(values: FieldValues): Promise<boolean> {
    return this.ask.do(async () => {
      this.shadow.value = await this.#client.beginShadow(this.#name, paramsOf(values));
    });
  }

  endShadow(): Promise<boolean> {
    return this.ask.do(async () => {
      await this.#client.endShadow(this.#name);
      this.shadow.value = null;
    });
  }

  /** How the shadow stands, also one that somebody else has begun. */
  async look(): Promise<void> {
    this.shadow.value = await this.#client.shadow(this.#name).catch(() => null);
  }
}

/** Only this scheme, in place of those that the monitor has. */
function paramsOf(values: FieldValues): Readonly<Record<string, unknown>> {
  return { schemes: [{ action: 'pageout', ...changesOf({}, values) }] };
}
