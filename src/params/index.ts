/**
 * Parameters: what to watch and what to do. Inside the project import the single files: this one
 * loads the schema and YAML libraries with it.
 */
export { formatDamo } from './damo/text.ts';
export * from './defaults.ts';
export { diffParams } from './diff.ts';
export { paramsJsonSchema } from './json-schema.ts';
export { parseKdamonds, parseKdamondsText, parseParams, parseParamsText } from './parse.ts';
export { resolveParams } from './resolve.ts';
export type { SchemeState, SchemeStats, Snapshot } from './snapshot.ts';
export * from './types.ts';
export { validateParams } from './validate.ts';
