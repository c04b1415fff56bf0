/** What a scenario must keep to beyond its form: names that exist, sizes that fit. */
import { ThermoclineError } from '../../base/errors.ts';
import { formatBytes } from '../../base/units.ts';
import { PAGE_SIZE } from './page.ts';
import type { AccessSpec, ProcessSpec, Scenario } from './scenario.ts';

/** Keeps page numbers of a mapping within 31 bits. */
const MAX_MAPPING_BYTES = 2 ** 43;

/** What fits between the heap and the stack. */
const MAX_PROCESS_BYTES = 2 ** 45;

/** Throws TC_INVALID for a process that can't be. */
export function checkProcess(process: ProcessSpec, source: string): void {
  const where = `process ${process.name}`;
  const names = new Set(process.vmas.map(({ name }) => name));
  if (names.size === 0) throw invalidScenario(source, `${where} has no mappings; give it "vmas"`);
  if (names.size < process.vmas.length) {
    throw invalidScenario(source, `${where} has two mappings of one name; name each its own`);
  }
  for (const { name, sizeBytes } of process.vmas) {
    if (sizeBytes === 0 || sizeBytes % PAGE_SIZE !== 0) {
      throw invalidScenario(
        source,
        `mapping ${name} of ${where} has ${sizeBytes} bytes; sizes are multiples of 4 KiB`,
      );
    }
  }
  const large = process.vmas.find(({ sizeBytes }) => sizeBytes > MAX_MAPPING_BYTES);
  if (large)
    throw invalidScenario(source, `mapping ${large.name} of ${where} is larger than 8 TiB`);
  if (process.vmas.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > MAX_PROCESS_BYTES) {
    throw invalidScenario(source, `${where} maps more than 32 TiB; use several processes`);
  }
  for (const { durationUs, releases } of process.phases) {
    if (durationUs < 1000) throw invalidScenario(source, `${where} has a phase shorter than 1 ms`);
    const unknown = releases.find((name) => !names.has(name));
    if (unknown !== undefined) {
      throw invalidScenario(
        source,
        `${where} releases "${unknown}", which is not one of its mappings`,
      );
    }
  }
  for (const accesses of [process.accesses, ...process.phases.map((phase) => phase.accesses)]) {
    checkAccesses([...process.accesses, ...accesses], names, where, source);
  }
}

function checkAccesses(
  accesses: readonly AccessSpec[],
  names: ReadonlySet<string>,
  where: string,
  source: string,
): void {
  const shuffled = new Set<AccessSpec>();
  for (const access of accesses) {
    if (!names.has(access.vma)) {
      throw invalidScenario(
        source,
        `${where} accesses "${access.vma}", which is not one of its mappings`,
      );
    }
    if (access.from >= access.to) {
      throw invalidScenario(
        source,
        `${where} accesses "${access.vma}" from ${access.from} to ${access.to}`,
      );
    }
    if (access.pattern !== 'zipf' || access.layout === 'sorted') continue;
    shuffled.add(access);
    if ([...shuffled].filter(({ vma }) => vma === access.vma).length > 1) {
      throw invalidScenario(
        source,
        `${where} has two shuffled zipf accesses to "${access.vma}" at once; split the mapping`,
      );
    }
  }
}

/** Throws TC_INVALID where things don't fit together. */
export function checkMachine(scenario: Scenario, source: string): void {
  const total = (sizes: readonly { readonly sizeBytes: number }[]) =>
    sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const { sizeBytes, movableBytes } of scenario.nodes) {
    if (movableBytes > sizeBytes) {
      throw invalidScenario(
        source,
        `a node of ${formatBytes(sizeBytes)} has ${formatBytes(movableBytes)} in its zone Movable; ` +
          'make that smaller',
      );
    }
    if (sizeBytes < 2 ** 20 || sizeBytes % PAGE_SIZE !== 0) {
      throw invalidScenario(
        source,
        `a node has ${sizeBytes} bytes; give it at least 1 MiB of whole pages`,
      );
    }
  }
  const pids = new Set(scenario.processes.map(({ pid }) => pid));
  if (pids.size < scenario.processes.length) {
    throw invalidScenario(source, 'two processes have the same pid; give each its own');
  }
  const populated = total(
    scenario.processes.flatMap(({ vmas }) => vmas.filter((vma) => vma.populated)),
  );
  const memory = total(scenario.nodes);
  if (populated > memory * 0.995 + scenario.swap.sizeBytes) {
    throw invalidScenario(
      source,
      `its mappings have ${formatBytes(populated)}, but nodes and swap together only ` +
        `${formatBytes(memory + scenario.swap.sizeBytes)}; make one fit the other`,
    );
  }
}

/** The error for a scenario, or a part of it, that can't be used. */
export function invalidScenario(source: string, problem: string): ThermoclineError {
  const end = problem.endsWith('.') ? '' : '.';
  return new ThermoclineError(
    'TC_INVALID',
    `The scenario ${source} can't be used: ${problem}${end}`,
  );
}
