/** How this layer sees tracefs, so that a fake can stand in for it. Paths are below its root. */

/** A trace that is read as it is written; closing it is disposing of it. */
export interface TracePipe extends Disposable {
  /** What has come since the last call, as text of the kernel; null when nothing has. */
  read(): Uint8Array | null;
}

/** Failures are `ThermoclineError`s that name the path. */
export interface TraceFiles {
  exists(path: string): boolean;
  makeFolder(path: string): void;
  /** Of one that is gone already, nothing is left to do. */
  removeFolder(path: string): void;
  write(path: string, text: string): void;
  openPipe(path: string): TracePipe;
}
