import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../base/units.ts';
import { rootsOf } from './roots.ts';
import { SORT_KEYS, type SortKey } from './top/listing.ts';

interface TopOptions {
  readonly json?: true;
  readonly every?: number;
  readonly count?: number;
  readonly sort: SortKey;
  readonly cgroups?: true;
}

const EXAMPLES = `
On a terminal the table is drawn again and again, and q ends it; elsewhere one table is printed, or
one every --every.

Examples:
  $ thermocline top
  $ thermocline top --cgroups --sort refaults
  $ thermocline top --json --every 10s --count 6 > memory.jsonl`;

/** Adds `thermocline top`. */
export function register(program: Command): void {
  program
    .command('top')
    .summary('list processes or cgroups by memory')
    .description(
      'Lists processes, or cgroups, with their memory, swap and faults. Only looks: nothing is ' +
        'cleared, nothing slows down, and root is not needed.',
    )
    .option('--cgroups', 'list cgroups (version 2) instead of processes')
    .addOption(
      new Option('--sort <key>', 'what comes first: refaults are major faults of processes')
        .choices(SORT_KEYS)
        .default('rss'),
    )
    .option('--every <duration>', 'look again after so long (2s on a terminal)', parseEvery)
    .option('--count <number>', 'end after so many tables', parseCount)
    .option('--json', 'print each table as a line of JSON: exact numbers, sizes in bytes')
    .addHelpText('after', EXAMPLES)
    .action(async (options: TopOptions, command: Command) => {
      const { runTop } = await import('./top/run.ts');
      process.exitCode = await runTop({
        roots: rootsOf(command),
        lists: options.cgroups ? 'cgroups' : 'processes',
        sort: options.sort,
        isJson: options.json ?? false,
        everyUs: options.every ?? null,
        count: options.count ?? null,
      });
    });
}

function parseEvery(text: string): number {
  const everyUs = parseDuration(text, '--every');
  if (everyUs < 100_000) throw new InvalidArgumentError('Looking takes time; 100ms is the least.');
  return everyUs;
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('Write a whole number above 0.');
}
