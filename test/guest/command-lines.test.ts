import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/main.ts';
import { commandLines } from './command-lines.ts';

test('each command is tried beside other users of DAMON: add new ones to command-lines.ts', () => {
  const lines = commandLines(1);
  expect(Object.keys(lines).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  for (const [name, ways] of Object.entries(lines)) {
    expect(ways.map(({ words }) => words[0])).toEqual(ways.map(() => name));
    expect(ways.length).toBeGreaterThan(0);
  }
});
