import { parseDocument, type YAMLParseError } from 'yaml';
import { ThermoclineError } from '../base/errors.ts';
import { importKdamonds, isDamoForm } from './damo/import.ts';
import { deepFreeze } from './freeze.ts';
import { sentenceOf } from './problems.ts';
import { paramsSchema } from './schema.ts';
import type { ParamsSpec } from './types.ts';
import { validateParams } from './validate.ts';
import { specOf } from './written.ts';

/** Parameters of hundreds of targets need kilobytes; more is a mistake or an attack. */
const MAX_TEXT_CHARACTERS = 4 * 1024 ** 2;

/** Names the file or request in front of what is wrong in it. */
function inSource<T>(source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ThermoclineError)) throw error;
    throw new ThermoclineError(error.code, `${source}: ${error.message}`, { cause: error });
  }
}

function parseHuman(value: unknown): ParamsSpec {
  const result = paramsSchema.safeParse(value);
  if (!result.success) {
    throw new ThermoclineError('TC_INVALID', sentenceOf(result.error.issues, value));
  }
  const spec = specOf(result.data);
  validateParams(spec);
  return deepFreeze(spec);
}

function syntaxProblem(error: YAMLParseError): string {
  const position = error.linePos?.[0];
  const where = position ? `line ${position.line}, column ${position.col}` : 'the text';
  if (error.code === 'MULTIPLE_DOCS') {
    return `${where} begins a second document; write one for each file.`;
  }
  if (error.code === 'RESOURCE_EXHAUSTION') return `${where} is nested too deeply; write less.`;
  const problem = error.message.split(/ at line \d+|\n/)[0]!.replace(/[.:]?$/, '.');
  return `${where} is neither JSON nor YAML: ${problem}`;
}

/** JSON or YAML as plain data; JSON is read as the YAML that it is, so both complain alike. */
function parseData(text: string): unknown {
  if (text.length > MAX_TEXT_CHARACTERS) {
    throw new ThermoclineError(
      'TC_INVALID',
      `it has ${text.length} characters; keep parameters below ${MAX_TEXT_CHARACTERS}.`,
    );
  }
  const document = parseDocument(text, { logLevel: 'error' });
  const error = document.errors[0];
  if (error !== undefined) {
    throw new ThermoclineError('TC_INVALID', syntaxProblem(error));
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ThermoclineError('TC_INVALID', `its YAML can't be expanded: ${problem}.`, { cause });
  }
}

/**
 * Frozen parameters from plain data in our own form or in damo's, told apart by their keys.
 * @param source the file, flag or request, to begin error messages with
 * @throws ThermoclineError TC_INVALID with one sentence that names the field
 */
export function parseParams(value: unknown, source: string): ParamsSpec {
  const all = parseKdamonds(value, source);
  const [only] = all;
  if (all.length === 1 && only !== undefined) return only;
  throw new ThermoclineError(
    'TC_INVALID',
    `${source} describes ${all.length} kdamonds, but one is wanted here; keep one in the file.`,
  );
}

/** Like `parseParams`, for callers that can take the several kdamonds of a damo file. */
export function parseKdamonds(value: unknown, source: string): readonly ParamsSpec[] {
  return inSource(source, () => (isDamoForm(value) ? importKdamonds(value) : [parseHuman(value)]));
}

/** Parameters from a JSON or YAML text; syntax errors name line and column. */
export function parseParamsText(text: string, source: string): ParamsSpec {
  return parseParams(
    inSource(source, () => parseData(text)),
    source,
  );
}

/** Like `parseKdamonds`, from a JSON or YAML text. */
export function parseKdamondsText(text: string, source: string): readonly ParamsSpec[] {
  return parseKdamonds(
    inSource(source, () => parseData(text)),
    source,
  );
}
