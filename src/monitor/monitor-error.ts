import { type ErrorCode, ThermoclineError } from '../base/errors.ts';
import type { MonitorEnd } from './monitor.ts';

/** An error as it crosses from the worker thread: classes don't survive that, codes do. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * What was thrown as one sentence for people; without a code of its own it is a failure of ours.
 */
export function errorData(thrown: unknown): ErrorData {
  if (thrown instanceof ThermoclineError) return { code: thrown.code, message: thrown.message };
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const reason = text.split('\n', 1)[0]!.replace(/[.\s]+$/, '');
  return { code: 'TC_SYSTEM', message: `Monitoring failed: ${reason || 'no reason was given'}.` };
}

/** The error again, on the other side. */
export function errorFrom({ code, message }: ErrorData): ThermoclineError {
  return new ThermoclineError(code, message);
}

/** For calls that come before `start`. */
export function notStarted(): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    'This monitor has not been started; call start() and wait for it first.',
  );
}

/** For a second `start`. */
export function startedBefore(): ThermoclineError {
  return new ThermoclineError(
    'TC_BUSY',
    'This monitor has been started before; make a new one to monitor again.',
  );
}

/** For calls that come too late. */
export function alreadyEnded(end: MonitorEnd): ThermoclineError {
  return new ThermoclineError(
    'TC_NOT_FOUND',
    `This monitor has ended, so there is nothing left to ask (${end.message.replace(/\.$/, '')}); ` +
      'start a new one.',
  );
}

export const END_BY_REQUEST: MonitorEnd = {
  reason: 'stopped',
  message: 'Monitoring was stopped on request.',
};

export const END_BY_TARGETS: MonitorEnd = {
  reason: 'targets-gone',
  message: 'None of the watched targets is left.',
};
