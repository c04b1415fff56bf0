/** The fake of DAMON's files beside those of real kernels: both have to answer alike. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { slotPath } from '../../src/kernel/sysfs-files.ts';
import { FakeDamonSysfs } from '../../src/testing/fake-damon-sysfs.ts';
import {
  type Answers,
  exclusionAnswers,
  listAnswers,
  stateAnswers,
  valueAnswers,
} from '../damon-answers.ts';
import {
  type DamonFiles,
  damonFilesSuite,
  filesBelow,
  NR_KDAMONDS,
  newSlot,
  newTree,
  runDamonFilesCheck,
} from '../damon-files-suite.ts';
import { switchDamonStatOff } from './hand-made-kdamond.ts';
import type { GuestSuite, TestBody } from './harness.ts';
import { OurSlots } from './our-slots.ts';
import { startWorkload } from './workload.ts';

/** The files of this kernel, and a fake of the same release. */
function realAndFake(pid: number): { readonly real: DamonFiles; readonly fake: DamonFiles } {
  switchDamonStatOff();
  const { files } = new OurSlots();
  const release = files.exists('module/damon_stat') ? '7.3' : '6.12';
  const fake = new FakeDamonSysfs({ release });
  return {
    real: { files, pid, pass: async (ms) => sleep(ms) },
    fake: { files: fake, pid, pass: async (ms) => fake.runFor(ms * 1000) },
  };
}

/** The same writes to both, of which none may be answered otherwise. */
function answersAlike(askAll: (on: DamonFiles) => Promise<Answers>): TestBody {
  return async (t) => {
    await using workload = await startWorkload(4);
    const { real, fake } = realAndFake(workload.pid);
    const [kernel, ours] = [await askAll(real), await askAll(fake)];
    const names = new Set([...Object.keys(kernel), ...Object.keys(ours)]);
    const differences = [...names]
      .filter((name) => kernel[name] !== ours[name])
      .map((name) => `${name}: ${kernel[name]} of the kernel, ${ours[name]} of the fake`);
    t.note(`${names.size} answers`);
    assert.deepEqual(differences, []);
  };
}

const fileChecks = Object.keys(damonFilesSuite).map((name): [string, TestBody] => [
  name,
  async () => {
    await using workload = await startWorkload(4);
    await runDamonFilesCheck(name, realAndFake(workload.pid).real);
  },
]);

const suite: GuestSuite = {
  onRequest: ['6.12'],
  kernels: ['newest', '6.12'],
  topology: 'plain',
  tests: {
    ...Object.fromEntries(fileChecks),
    async 'all files of a new slot are those of the fake'(t) {
      const { real, fake } = realAndFake(1);
      const tree = await newTree(real.files);
      assert.deepEqual(tree, await newTree(fake.files));
      t.note(`${Object.keys(tree).length} files`);
    },
    async 'files that the fake lets nobody write are mode 400, all others 600'() {
      const { real, fake } = realAndFake(1);
      const answers = await valueAnswers(fake.files);
      await newSlot(real.files);
      const wrong = filesBelow(real.files, slotPath(0)).flatMap((path) => {
        const answer = answers[`${path.slice(slotPath(0).length + 1)} <- "1"`];
        const mode = (statSync(`/sys/${path}`).mode & 0o777).toString(8);
        return mode === (answer === 'EACCES' ? '400' : '600') ? [] : [`${path} is ${mode}`];
      });
      await real.files.write(NR_KDAMONDS, '0');
      assert.deepEqual(wrong, []);
    },
    'each file takes and refuses the same': answersAlike(({ files }) => valueAnswers(files)),
    'each list of folders takes and refuses the same': answersAlike(({ files }) =>
      listAnswers(files),
    ),
    'each command is answered the same in each state': answersAlike(stateAnswers),
    'slots and modules keep each other out the same': answersAlike(exclusionAnswers),
  },
};
export default suite;
