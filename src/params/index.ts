/**
 * Parameters: what to watch and what to do. Inside the project import the single files: this one
 * loads the schema and YAML libraries with it.
 */
export { type DamoExport, exportKdamonds } from './damo/export.ts';
export { importKdamonds } from './damo/import.ts';
export { type DamoText, formatDamo } from './damo/text.ts';
export * from './defaults.ts';
export { diffParams } from './diff.ts';
export { describeFilter, describeScheme } from './format.ts';
export { paramsJsonSchema } from './json-schema.ts';
export { parseKdamonds, parseKdamondsText, parseParams, parseParamsText } from './parse.ts';
export { resolveParams } from './resolve.ts';
export type { SchemeState, SchemeStats, Snapshot } from './snapshot.ts';
export * from './types.ts';
export { type FieldName, validateParams } from './validate.ts';
