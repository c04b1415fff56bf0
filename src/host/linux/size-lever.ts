import type { LeverStep } from '../host.ts';

/** What sets how much memory a guest has, from outside of it. */
export interface SizeLever {
  /** All that it has with nothing taken. */
  readonly totalBytes: number;
  /** What can't be taken from it. */
  readonly leastBytes: number;
  /** What is written, and what puts things back as they were. */
  readonly step: LeverStep;
  /** What it has now, by QEMU's own account. */
  sizeBytes(): Promise<number>;
  /** Orders a size; the guest's kernel follows at its own pace, or not at all. */
  setSize(bytes: number): Promise<void>;
  /** The order as a person would type it. */
  orderText(bytes: number): string;
}
