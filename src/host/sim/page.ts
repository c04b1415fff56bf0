/** Bytes in a page of the simulated machine. */
export const PAGE_SIZE = 4096;

/** Pages in a huge page of 2 MiB. */
export const HUGE_PAGES = 512;
