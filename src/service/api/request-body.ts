import { ThermoclineError } from '../../base/errors.ts';
import { HttpProblem } from './problem.ts';

/** Parameters of hundreds of targets need kilobytes. */
const MAX_BODY_BYTES = 2 ** 20;
/** Deeper than anything that the API takes. */
const MAX_DEPTH = 32;

/**
 * The body of a request as plain data, read no further than it may be long.
 * @throws HttpProblem 413, 415; ThermoclineError TC_INVALID for what is no JSON
 */
export async function readBody(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    const sentence = 'The request has to have the content type application/json.';
    throw new HttpProblem(415, 'TC_INVALID', sentence);
  }
  const text = new TextDecoder().decode(await readUpTo(request, MAX_BODY_BYTES));
  if (isTooDeep(text)) {
    throw new ThermoclineError('TC_INVALID', 'The request is nested too deeply; write less.');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new ThermoclineError('TC_INVALID', 'The request is no JSON; send one JSON document.');
  }
}

async function readUpTo({ body, headers }: Request, limit: number): Promise<Uint8Array> {
  if (Number(headers.get('content-length') ?? 0) > limit) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body ?? []) {
    length += piece.length;
    if (length > limit) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(): HttpProblem {
  return new HttpProblem(413, 'TC_INVALID', 'The request is larger than 1 MiB; send less.');
}

/** Counts brackets outside of strings, so that nobody has to follow them down. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '"') isText = !isText;
    else if (isText && letter === '\\') at += 1;
    else if (isText) continue;
    else if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
