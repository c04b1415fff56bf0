/** The workloads to choose from: the scenarios that come with Thermocline. */

/** One scenario file. */
export interface Workload {
  readonly name: string;
  /** What its file says of itself. */
  readonly about: string;
  readonly text: string;
  readonly nrNodes: number;
}

const SCENARIOS: Readonly<Record<string, string>> = import.meta.glob(
  '../../examples/scenarios/*.yaml',
  { query: '?raw', import: 'default', eager: true },
);

const MASIM_FILES: Readonly<Record<string, string>> = import.meta.glob(
  '../../examples/scenarios/*.masim',
  { query: '?raw', import: 'default', eager: true },
);

const FIRST = ['demo', 'tiering-two-nodes', 'hot-tenth', 'moving'];

/** All of them, those that show most at first. */
export const WORKLOADS: readonly Workload[] = Object.entries(SCENARIOS)
  .map(([path, text]) => workloadOf(path.split('/').at(-1)!.replace('.yaml', ''), text))
  .toSorted((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));

/** The text of a masim file that a scenario names. */
export function readMasim(path: string): string {
  const found = Object.entries(MASIM_FILES).find(([file]) => file.endsWith(`/${path}`));
  if (found === undefined) throw new Error(`There is no masim file "${path}" here.`);
  return found[1];
}

function rank(name: string): number {
  const place = FIRST.indexOf(name);
  return place < 0 ? FIRST.length : place;
}

function workloadOf(name: string, text: string): Workload {
  const lines = text.split('\n');
  const nrComments = lines.findIndex((line) => !line.startsWith('#'));
  const about = lines
    .slice(0, Math.max(nrComments, 0))
    .map((line) => line.replace(/^#\s?/, ''))
    .join(' ');
  const nodes = /^nodes:\n((?: .*\n)+)/m.exec(text)?.[1] ?? '';
  return { name, about, text, nrNodes: nodes.match(/^ {2}- /gm)?.length ?? 1 };
}
