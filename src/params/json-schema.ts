import * as z from 'zod';
import { paramsSchema } from './schema.ts';

/** The JSON Schema of our parameter files, for editors and other programs. */
export function paramsJsonSchema(): object {
  return {
    ...z.toJSONSchema(paramsSchema, { io: 'input' }),
    title: 'Thermocline parameters',
    description: 'What to watch and what to do; docs/params.md explains every field.',
  };
}
