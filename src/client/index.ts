/** The typed client of a Thermocline service: `thermocline/client`. */
export type * from './api-types.ts';
export {
  type ClientOptions,
  type Fetch,
  type HistoryRange,
  type StreamOptions,
  ThermoclineClient,
} from './client.ts';
export type { SnapshotFrame } from './snapshot-frame.ts';
