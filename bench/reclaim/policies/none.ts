import type { Policy } from '../policy.ts';
import { runMachine } from './machine-run.ts';

/** Memory is plenty, and nobody takes any. */
export const none: Policy = {
  start: ({ scenario }) => runMachine(scenario, () => null),
};
