/**
 * What DAMON's sysfs files answer to all kinds of writes, as plain tables: those of the fake and of
 * a real kernel have to be the same. Each begins and ends with no slots, and needs a kernel without
 * other users of DAMON.
 */

import { DAMON_MODULES } from '../src/kernel/modules.ts';
import {
  ADMIN_FOLDER,
  readValue,
  SysfsError,
  type SysfsFiles,
  slotPath,
} from '../src/kernel/sysfs-files.ts';
import {
  GOAL_METRICS,
  GOAL_TUNERS,
  KERNEL_ACTIONS,
  OPERATIONS_IDS,
  WATERMARK_METRICS,
} from '../src/params/types.ts';
import {
  type DamonFiles,
  filesBelow,
  LISTS,
  NR_KDAMONDS,
  newSlot,
  SCHEME,
} from './damon-files-suite.ts';

/** `file <- text` → the error number, or `=` and what the file then reads. */
export type Answers = Record<string, string>;

const numbers = [
  ...['0', '1', '1\n', '+1', '-0', '-1', '01', '08', '0x10', '0x', '1.5', 'Y'],
  ...['2147483648', '-2147483648', '-2147483649', '4294967295', '4294967296'],
  ...['18446744073709551615', '18446744073709551616', ' 1', '1 ', '1 2', '1\n\n', 'max', '\n'],
];
const booleans = [
  ...['Y', 'yes', 'n', 'No', 't', 'T', 'f', 'e', 'E', 'd', 'D', 'on', 'oN\n', 'of', 'off', 'o'],
  ...['0', '1', '2', '-1', '\n', ' Y'],
];
const filterTypes = [
  ...['anon', 'active', 'memcg', 'young', 'hugepage_size', 'unmapped', 'addr', 'target'],
];
const words: Readonly<Record<string, readonly string[]>> = {
  operations: OPERATIONS_IDS,
  action: KERNEL_ACTIONS,
  target_metric: GOAL_METRICS,
  goal_tuner: GOAL_TUNERS,
  metric: WATERMARK_METRICS,
  type: filterTypes,
};
const noWords = ['foo', 'Anon', 'anon ', ' anon', 'anon\n', 'ano', 'stat\n', '0', '\n'];
const paths = ['/', '/a/b', 'a b', '/a\n', '\n', '/a\n\n'];
/** Numbers of folders. A large one that an int can hold would have a kernel make as many. */
const counts = ['0', '1', '2', '3\n', '0x2', '4', '5', '-1', 'junk', '', '2147483648', ' 1'];
const commands = [
  ...['foo', 'ON', 'update_schemes_stats', 'update_schemes_tried_bytes'],
  ...['update_schemes_tried_regions', 'clear_schemes_tried_regions'],
  ...['update_schemes_effective_quotas', 'update_tuned_intervals'],
  ...['commit_schemes_quota_goals', 'commit', 'commit\n'],
];

/** Each file of a slot that does not run, with one entry in each list, to each kind of text. */
export async function valueAnswers(files: SysfsFiles): Promise<Answers> {
  const answers: Answers = {};
  await newSlot(files);
  for (const path of filesBelow(files, slotPath(0))) {
    const file = path.slice(slotPath(0).length + 1);
    if (file === 'state' || LISTS.includes(file)) continue;
    for (const text of textsFor(path, readValue(files, path))) {
      answers[`${file} <- ${JSON.stringify(text)}`] = await answerAndValue(files, path, text);
    }
  }
  await files.write(NR_KDAMONDS, '0');
  return answers;
}

function textsFor(path: string, value: string): readonly string[] {
  const name = path.split('/').at(-1)!;
  if (name.endsWith('path')) return paths;
  if (/^[YN]$/.test(value)) return booleans;
  const known = words[name];
  return known === undefined ? numbers : [...known, ...noWords];
}

/** Each number of folders, and which folders there are then. */
export async function listAnswers(files: SysfsFiles): Promise<Answers> {
  const answers: Answers = {};
  await newSlot(files);
  const lists = LISTS.filter((list) => files.exists(slotPath(0, list)));
  // Inner ones first, since outer ones take them away.
  for (const list of lists.toReversed()) {
    const path = slotPath(0, list);
    for (const text of counts) {
      const answer = await answerAndValue(files, path, text);
      const folder = path.slice(0, path.lastIndexOf('/'));
      const folders = files.list(folder).filter((name) => /^\d+$/.test(name));
      answers[`${list} <- ${JSON.stringify(text)}`] = `${answer}: ${folders.sort().join(' ')}`;
    }
    await files.write(path, '1');
  }
  for (const text of [...counts, '0']) {
    answers[`nr_kdamonds <- ${JSON.stringify(text)}`] = await answerAndValue(
      files,
      NR_KDAMONDS,
      text,
    );
  }
  return answers;
}

/** Each command in each state that a slot can be in. */
export async function stateAnswers(on: DamonFiles): Promise<Answers> {
  const { files } = on;
  const answers: Answers = {};
  const state = slotPath(0, 'state');
  const askAll = async (name: string, last: readonly string[]) => {
    for (const command of [...commands, ...last]) {
      const answer = await answerTo(files, state, command);
      const [now, pid] = [readValue(files, state), readValue(files, slotPath(0, 'pid'))];
      answers[`${name}: ${command}`] = `${answer}, ${now}, ${Number(pid) > 0 ? 'a worker' : pid}`;
    }
    for (const path of [NR_KDAMONDS, slotPath(0, 'contexts/nr_contexts')]) {
      const answer = await answerTo(files, path, '1');
      answers[`${name}: ${path.slice(ADMIN_FOLDER.length + 1)}`] = answer;
    }
    if (readValue(files, state) === 'on') await files.write(state, 'off');
    await files.write(NR_KDAMONDS, '0');
  };
  const watching = async () => {
    await newSlot(files);
    await files.write(slotPath(0, 'contexts/0/targets/0/pid_target'), String(on.pid));
    await files.write(slotPath(0, 'contexts/0/targets/0/regions/nr_regions'), '0');
    const lists = LISTS.filter((list) => list.startsWith(SCHEME) || list.includes('/probes/'));
    for (const list of lists.toReversed()) {
      if (files.exists(slotPath(0, list))) await files.write(slotPath(0, list), '0');
    }
  };
  await files.write(NR_KDAMONDS, '1');
  await askAll('without a context', ['off', 'on']);
  await watching();
  await askAll('never started', ['off', 'on', 'on\n']);
  await watching();
  await files.write(slotPath(0, 'contexts/0/targets/0/pid_target'), '0');
  await askAll('with no such process', ['off', 'on']);
  await watching();
  await files.write(state, 'on');
  await askAll('running', ['on']);
  await watching();
  await files.write(state, 'on');
  await files.write(slotPath(0, 'contexts/0/schemes/nr_schemes'), '0');
  await askAll('running without the folders of its schemes', ['on', 'off\n']);
  await watching();
  await files.write(state, 'on');
  await files.write(slotPath(0, 'contexts/nr_contexts'), '0');
  await askAll('running without its folders', ['on', 'off']);
  await watching();
  await files.write(state, 'on');
  await files.write(state, 'off');
  await askAll('stopped', ['off', 'on']);
  await watching();
  await files.write(state, 'on');
  await files.write(state, 'off');
  await files.write(slotPath(0, 'contexts/nr_contexts'), '0');
  await askAll('stopped, its folders gone', ['off', 'on']);
  return answers;
}

/** Who may start beside whom. */
export async function exclusionAnswers(on: DamonFiles): Promise<Answers> {
  const { files } = on;
  const answers: Answers = {};
  const names = DAMON_MODULES.filter((name) => files.exists(enabledOf(name)));
  const users: readonly (readonly [name: string, path: string, on: string, off: string])[] = [
    ['a slot', slotPath(0, 'state'), 'on', 'off'],
    ['another slot', slotPath(1, 'state'), 'on', 'off'],
    ...names.map((name) => [name, enabledOf(name), 'Y', 'N'] as const),
  ];
  await files.write(NR_KDAMONDS, '2');
  for (const slot of [0, 1]) {
    await files.write(slotPath(slot, 'contexts/nr_contexts'), '1');
    await files.write(slotPath(slot, 'contexts/0/targets/nr_targets'), '1');
    await files.write(slotPath(slot, 'contexts/0/targets/0/pid_target'), String(on.pid));
  }
  for (const [first, itsPath, start, stop] of users) {
    await files.write(itsPath, start);
    for (const [second, path, on, off] of users) {
      const answer = await answerAndValue(files, path, on);
      answers[`${second} beside ${first}`] = `${answer}, reads ${readValue(files, path)}`;
      if (path !== itsPath && readValue(files, path) === on) await files.write(path, off);
    }
    await files.write(itsPath, stop);
  }
  await files.write(NR_KDAMONDS, '0');
  return answers;
}

const enabledOf = (name: string) => `module/${name}/parameters/enabled`;

async function answerTo(files: SysfsFiles, path: string, text: string): Promise<string> {
  try {
    await files.write(path, text);
    return 'taken';
  } catch (error) {
    if (error instanceof SysfsError) return error.errno;
    throw error;
  }
}

async function answerAndValue(files: SysfsFiles, path: string, text: string): Promise<string> {
  const answer = await answerTo(files, path, text);
  return answer === 'taken' ? `=${readValue(files, path)}` : answer;
}
