/** `thermocline/testing`: fakes for the tests of those who build on Thermocline. */
export { VirtualClock } from '../base/clock.ts';
export { KernelRandom } from '../base/random.ts';
export { noMetrics } from '../core/metrics.ts';
export { type Stepper, VirtualRun } from '../monitor/virtual-run.ts';
export { FakeAgent } from './fake-agent.ts';
export {
  type FakeDamonOptions,
  FakeDamonSysfs,
  type FakeWorld,
  type FakeWrite,
  type Release,
} from './fake-damon-sysfs.ts';
export { FakeQemu } from './fake-qemu.ts';
export { type AdvisedRange, FakeSyscalls } from './fake-syscalls.ts';
export { FakeTracefs } from './fake-tracefs.ts';
export { FakeTree } from './fake-tree.ts';
export {
  type AccessScript,
  type AppliedAction,
  type ScriptedOperations,
  scriptedOperations,
} from './scripted-operations.ts';
export { type SmapsEntry, smapsText } from './smaps-text.ts';
