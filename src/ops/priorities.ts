/** Which score ranks regions for an action, as in the kernel (spec 3.1, 3.3). */
import type { Priority } from '../core/operations.ts';
import type { Action } from '../params/types.ts';

/** On virtual addresses. */
export function virtualPriority(action: Action): Priority {
  if (action === 'pageout' || action === 'migrate_cold') return 'cold';
  return action === 'migrate_hot' ? 'hot' : 'none';
}

/** On physical addresses. */
export function physicalPriority(action: Action): Priority {
  if (action === 'lru_deprio' || action === 'alloc') return 'cold';
  return action === 'lru_prio' ? 'hot' : virtualPriority(action);
}
