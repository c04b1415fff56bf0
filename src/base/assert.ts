/** Stops on a bug of our own; what users can cause is a `ThermoclineError` instead. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bug: ${message}`);
}
