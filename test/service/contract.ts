/** Holds the answers of a service to `docs/openapi.json`: nothing missing, nothing undocumented. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Fetch } from '../../src/client/client.ts';
import { projectRoot } from '../sources.ts';

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

const DOCUMENT = JSON.parse(readFileSync(path.join(projectRoot, 'docs/openapi.json'), 'utf8'));
const PATHS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = DOCUMENT.paths;
const PROBLEM = 'application/problem+json';

/** Every operation, as `get /api/v1/host`. */
export const OPERATIONS: readonly string[] = Object.entries(PATHS).flatMap(([place, methods]) =>
  Object.keys(methods).map((method) => `${method} ${place}`),
);

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(closed(DOCUMENT) as object, 'api');

/** Watches a `fetch`. What it finds is collected, since clients catch what their `fetch` throws. */
export class Contract {
  /** Where an answer was not as the document says, a sentence each. */
  readonly broken: string[] = [];
  /** Operations that were answered with what was asked for. */
  readonly answered: Set<string> = new Set();

  /** The same `fetch`, watched. */
  watched(fetch: Fetch): Fetch {
    return async (url, init = {}) => {
      const response = await fetch(url, init);
      const { pathname } = new URL(url, 'http://service');
      if (pathname.startsWith('/api/v1/'))
        await this.#check(init.method ?? 'GET', pathname, response);
      return response;
    };
  }

  async #check(verb: string, pathname: string, response: Response): Promise<void> {
    const method = verb.toLowerCase();
    const place = Object.keys(PATHS).find((one) => patternOf(one).test(pathname)) ?? pathname;
    const name = `${method} ${place}`;
    const problem = response.ok
      ? await problemOfAnswer(method, place, response)
      : await problemOfBody(response, PROBLEM, '/components/schemas/Problem');
    if (problem !== null) this.broken.push(`${name} answered ${response.status}: ${problem}`);
    else if (response.ok) this.answered.add(name);
  }
}

async function problemOfAnswer(
  method: string,
  place: string,
  response: Response,
): Promise<string | null> {
  const status = String(response.status);
  const answer = PATHS[place]?.[method]?.responses[status];
  if (answer === undefined) return 'the document has no such answer';
  const type = response.headers.get('content-type') ?? '';
  if (answer.content === undefined) return type === '' ? null : `it has a body of type ${type}`;
  if (!(type in answer.content)) return `its type is "${type}"`;
  // Frames have tests of their own, and a copy of a stream would hold it up.
  if (type !== 'application/json') return null;
  const pointer = ['paths', place, method, 'responses', status, 'content', type, 'schema'];
  return await problemOfBody(response, type, pointer.map((step) => `/${escaped(step)}`).join(''));
}

async function problemOfBody(
  response: Response,
  type: string,
  pointer: string,
): Promise<string | null> {
  if (response.headers.get('content-type') !== type) return `it is not of the type ${type}`;
  const validate = ajv.getSchema(`api#${pointer}`)!;
  if (validate(await response.clone().json())) return null;
  return ajv.errorsText(validate.errors, { dataVar: 'answer' });
}

/** A field that the document doesn't name is as wrong as one that is missing. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const fields = Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, closed(one)]));
  const isOpen = 'properties' in fields && !('additionalProperties' in fields);
  return isOpen ? { ...fields, additionalProperties: false } : fields;
}

/** RFC 6901, within a URI. */
function escaped(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function patternOf(place: string): RegExp {
  return new RegExp(`^${place.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
