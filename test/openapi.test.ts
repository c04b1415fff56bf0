/** The checked-in OpenAPI document is that of the code; `npm run openapi` writes it anew. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openApiText } from './service/openapi-text.ts';
import { projectRoot } from './sources.ts';

test('docs/openapi.json is what the service gives', async () => {
  const checkedIn = readFileSync(path.join(projectRoot, 'docs/openapi.json'), 'utf8');
  expect(checkedIn, 'run "npm run openapi" and check the change in').toBe(await openApiText());
});
