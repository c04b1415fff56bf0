export { SMAPS_DEFAULT_ATTRS } from './defaults.ts';
export { checkProcess, MAX_RESIDENT_BYTES } from './probe.ts';
export { ProcessTree } from './process-tree.ts';
export {
  type MappingState,
  SmapsOperations,
  type SmapsOptions,
  smapsOperations,
} from './smaps-operations.ts';
