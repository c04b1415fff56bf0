/** Errors as problem documents (RFC 9457). */
import { type ErrorCode, ThermoclineError } from '../../base/errors.ts';
import type { Problem } from '../../client/api-types.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  TC_INVALID: 400,
  TC_NOT_FOUND: 404,
  TC_DENIED: 403,
  TC_UNSUPPORTED: 501,
  TC_BUSY: 409,
  TC_SYSTEM: 500,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'In the wrong state',
  413: 'Too large',
  415: 'Wrong media type',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'It did not work',
  501: 'Not possible here',
};

/** A refusal with a status of its own. */
export class HttpProblem extends ThermoclineError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, detail: string) {
    super(code, detail);
    this.status = status;
  }
}

/** The document for an error; what is none of ours says no more than that. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof ThermoclineError)) {
    return problem(500, 'TC_SYSTEM', 'The service failed to answer; its log says why.');
  }
  const status = error instanceof HttpProblem ? error.status : STATUS[error.code];
  return problem(status, error.code, error.message);
}

/** The answer that carries a problem document. */
export function problemResponse(document: Problem): Response {
  return new Response(JSON.stringify(document), {
    status: document.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(document.status === 401 && { 'www-authenticate': 'Bearer' }),
      ...(document.status === 429 && { 'retry-after': '1' }),
    },
  });
}

function problem(status: number, code: ErrorCode, detail: string): Problem {
  const title = TITLES[status] ?? 'Refused';
  return { type: `urn:thermocline:problem:${code}`, title, status, detail, code };
}
