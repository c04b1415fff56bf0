export { checkProcess } from './probe.ts';
export { ProcessTree } from './process-tree.ts';
export {
  type MappingState,
  type SmapsOptions,
  smapsOperations,
} from './smaps-operations.ts';
