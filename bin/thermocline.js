#!/usr/bin/env node
// Checks the version before any newer syntax is parsed, so that an old Node gets a sentence.
import { existsSync } from 'node:fs';
import module from 'node:module';

const oldestMajor = 24;
if (Number(process.versions.node.split('.')[0]) < oldestMajor) {
  process.stderr.write(
    `thermocline needs Node.js ${oldestMajor} or newer; this is ${process.versions.node}. ` +
      'In a clone, "npx thermocline" runs on the one that "npm ci" installed.\n',
  );
  process.exit(78);
}
module.enableCompileCache?.();
// A clone runs its sources; a package holds only what was built from them.
const source = new URL('../src/cli/main.ts', import.meta.url);
const built = new URL('../dist/cli/main.js', import.meta.url);
const { main } = await import((existsSync(source) ? source : built).href);
process.exitCode = await main(process.argv.slice(2));
