/** What goes between the machine's owner and the agent in it: one JSON document a line. */

/** Name of the port by which the agent knows its line to the outside. */
export const agentPort = 'thermocline.agent';

/** A word of the kernel's command line that no other machine has. */
export const guestMarker = 'thermocline.guest=1';

/** A program to run in the guest. */
export interface RunRequest {
  readonly id: number;
  /** Program with its arguments. */
  readonly run: readonly string[];
  readonly timeLimitMs: number;
  readonly env: Readonly<Record<string, string>>;
}

/** From outside to the agent. */
export type Request =
  | RunRequest
  | {
      readonly id: number;
      /** Texts to write by absolute path, as JSON, compressed by gzip, in base64. */
      readonly put: string;
    };

/** The end of what was asked for. */
export interface Done {
  readonly id: number;
  /** Exit status; null if a signal ended it. */
  readonly status: number | null;
  readonly signal: string | null;
}

/** From the agent to the outside. */
export type Reply =
  | Done
  | { readonly hello: string }
  | { readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly id: number; readonly failed: string };

/** Cuts a stream of text into lines, of which the last may still be on its way. */
export class LineSplitter {
  #pieces: string[] = [];
  readonly #take: (line: string) => void;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  push(text: string): void {
    const lines = text.split('\n');
    for (const line of lines.slice(0, -1)) {
      this.#pieces.push(line);
      const whole = this.#pieces.join('');
      this.#pieces = [];
      this.#take(whole);
    }
    this.#pieces.push(lines.at(-1)!);
  }
}
