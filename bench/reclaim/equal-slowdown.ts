/** What DAMON_RECLAIM and Senpai's law save where they may slow as much as ours: see README.md. */
import { type Bench, formatShare } from '../harness.ts';
import type { EqualRow } from './frontier.ts';
import { rowsOf } from './jobs.ts';

const bench: Bench = {
  about: 'what rivals save at the slowdown of ours',
  async run(progress, { file }) {
    const rows = await rowsOf<EqualRow>(
      new URL('./equal-slowdown-worker.ts', import.meta.url),
      file,
      progress,
      toCells,
    );
    return {
      json: { rows },
      table: [
        ['workload', 'slowdown', 'ours saves', 'rival', 'slowdown', 'it saves', 'setting'],
        ...rows.map(toCells),
      ],
      notes: [
        ...['damon_reclaim', 'senpai'].map((rival) => wins(rows, rival)),
        winsOverAll(rows),
        'Slowdown: the worse of throughput and p99 under ours, or 0.1 %. What a rival saves at that is',
        'interpolated between its two settings around it. A rival with a lower slowdown has no setting',
        'that slows as much: it is the most eager one.',
      ],
    };
  },
};

export default bench;

function toCells(row: EqualRow): string[] {
  return [
    row.workload,
    formatShare(row.slowdownShare),
    formatShare(row.savedShare),
    row.rival,
    formatShare(row.rivalSlowdownShare),
    formatShare(row.rivalSavedShare),
    settingOf(row),
  ];
}

function settingOf({ gentler, eagerer }: EqualRow): string {
  if (eagerer === '') return gentler;
  return gentler === '' ? `below ${eagerer}` : `${gentler} … ${eagerer}`;
}

function isWin({ savedShare, rivalSavedShare }: EqualRow): boolean {
  return savedShare > rivalSavedShare;
}

function wins(rows: readonly EqualRow[], rival: string): string {
  const own = rows.filter((row) => row.rival === rival);
  return `More saved than ${rival} on ${own.filter(isWin).length} of ${own.length}.`;
}

function winsOverAll(rows: readonly EqualRow[]): string {
  const byWorkload = Object.values(Object.groupBy(rows, ({ workload }) => workload));
  const won = byWorkload.filter((own) => own!.every(isWin));
  return `More than both on ${won.length} of ${byWorkload.length}.`;
}
