/** The text of `docs/openapi.json`; run as a program, it writes that file. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openApiDocument } from '../../src/service/api/app.ts';
import { VirtualService } from './virtual-service.ts';

/** The document without the version, which changes with every release. */
export async function openApiText(): Promise<string> {
  await using virtual = new VirtualService();
  return `${JSON.stringify(openApiDocument(virtual.app, '1'), null, 2)}\n`;
}

if (import.meta.main) {
  writeFileSync(path.join(import.meta.dirname, '../../docs/openapi.json'), await openApiText());
}
