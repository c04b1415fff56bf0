/** The size of text, for what is drawn and not styled. */
import { type ReadonlySignal, signal } from '@preact/signals';

const size = signal(read());
addEventListener('resize', () => {
  size.value = read();
});

/** Pixels of one rem; it grows on very large screens. */
export const remPx: ReadonlySignal<number> = size;

function read(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
}
