/** What the simulated machine can and can't do, by address space. */
import type { Capability } from '../../core/operations.ts';
import { ACTIONS, type Action, type OperationsId } from '../../params/types.ts';

const PHYSICAL_ACTIONS: readonly Action[] = [
  'pageout',
  'lru_prio',
  'lru_deprio',
  'migrate_hot',
  'migrate_cold',
  'stat',
  'alloc',
  'free',
];

const VIRTUAL_ONLY_NOTE = 'It works on virtual addresses only (vaddr, fvaddr).';
const PHYSICAL_ONLY_NOTE = 'It works on physical memory only (paddr).';

/** The kernel's split of actions between virtual and physical memory, and what is simplified. */
export function simCapabilities(id: OperationsId): readonly Capability[] {
  const physical = id === 'paddr';
  const actions = ACTIONS.map((name): Capability => {
    const both = name === 'pageout' || name.startsWith('migrate_') || name === 'stat';
    const available = both || PHYSICAL_ACTIONS.includes(name) === physical;
    if (!available) {
      return { name, available, note: physical ? VIRTUAL_ONLY_NOTE : PHYSICAL_ONLY_NOTE };
    }
    return { name, available, note: noteOf(name) };
  });
  return [
    ...actions,
    {
      name: 'probes',
      available: physical,
      note: physical ? 'They test the sampled page.' : PHYSICAL_ONLY_NOTE,
    },
    {
      name: 'unmapped',
      available: true,
      note: 'Every page in use is mapped here, so that the filter never finds one.',
    },
  ];
}

function noteOf(action: Action): string {
  if (action === 'hugepage' || action === 'collapse') {
    return 'It costs memory and coarsens accessed bits; the time that huge pages save is not modelled.';
  }
  return 'It has its consequences on the simulated machine.';
}
