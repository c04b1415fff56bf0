/** What needs the kernel's DAMON says what is missing where there is none, and changes nothing. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { callCommand } from './call-command.ts';
import type { GuestSuite, TestBody } from './harness.ts';

const file = '/tmp/watch.json';
const recording = '/tmp/kernel.tcr';
const self = ['--pid', '1'];
const missing =
  /kernel\/mm\/damon\/admin does not exist: this kernel has no DAMON.* leave --kernel out\.\n$/;

/** Commands that can't do what they are for. */
const refused: readonly (readonly string[])[] = [
  ['watch', '--kernel', ...self],
  ['watch', '--kernel', ...self, '--dry-run'],
  ['watch', '--kernel', '--physical'],
  ['watch', '--kernel', '--', 'touch', recording],
  ['watch', '--kernel', '--foreign', '0'],
  ['watch', '--kernel', '--foreign', 'damon_stat'],
  ['record', '--kernel', ...self, '-o', recording],
  ['start', file],
  ['start', file, '--act'],
  ['start', file, '--dry-run'],
  ['tune', '--set', 'attrs.sampleIntervalUs=10ms'],
  ['serve', '--monitor', 'kernel:physical'],
  ['reclaim', 'run', '--kernel'],
  ['reclaim', 'shadow', '--kernel'],
  ['tier', 'run', '--kernel'],
  ['tier', 'shadow', '--kernel'],
];

function isRefused(words: readonly string[]): TestBody {
  return async () => {
    writeFileSync(file, JSON.stringify({ operations: 'vaddr', targets: [{ pid: 1 }] }));
    const { status, stdout, stderr } = await callCommand(...words);
    assert.equal(stdout, '');
    assert.match(stderr, /^thermocline: [^\n]*\n$/, 'nothing but a line of sentences');
    assert.match(stderr, missing);
    assert.equal(status, 1);
    assert.equal(existsSync(recording), false);
  };
}

const suite: GuestSuite = {
  kernels: ['6.1'],
  topology: 'plain',
  tests: {
    ...Object.fromEntries(
      refused.map((words) => [`${words.join(' ')} is refused`, isRefused(words)]),
    ),

    async 'status and stop have nothing to tell or to stop, and say why'() {
      for (const command of ['status', 'stop']) {
        const { status, stdout } = await callCommand(command);
        assert.match(stdout, missing);
        assert.equal(status, 0);
      }
    },
  },
};
export default suite;
