import { stringify } from 'yaml';
import type { Params } from '../types.ts';
import { exportKdamonds } from './export.ts';

/** The text of a file that damo reads, and what it could not carry. */
export interface DamoText {
  readonly text: string;
  readonly notes: readonly string[];
}

/** Writes parameters as damo's JSON or YAML file. */
export function formatDamo(params: readonly Params[], format: 'json' | 'yaml'): DamoText {
  const { kdamonds, notes } = exportKdamonds(params);
  const text =
    format === 'json'
      ? `${JSON.stringify({ kdamonds }, null, 4)}\n`
      : // damo's YAML reader follows version 1.1, where more texts need quotes to stay texts.
        stringify({ kdamonds }, { version: '1.1' });
  return { text, notes };
}
