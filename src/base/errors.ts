/** Stable codes of the errors that users can meet; `docs/errors.md` explains each. */
export type ErrorCode =
  /** A value in a file, flag or request that can't be taken. */
  | 'TC_INVALID'
  /** Something that was named does not exist: a file, a process, a cgroup. */
  | 'TC_NOT_FOUND'
  /** The system or a safety rule forbids it. */
  | 'TC_DENIED'
  /** This machine can't do it. */
  | 'TC_UNSUPPORTED'
  /** Somebody else holds what is needed, or it is in the wrong state. */
  | 'TC_BUSY'
  /** A system call failed for a reason that has no code of its own. */
  | 'TC_SYSTEM';

/**
 * An error meant for a person: the message is a sentence that names the field, flag or file and the
 * way out.
 */
export class ThermoclineError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ThermoclineError';
    this.code = code;
  }
}
