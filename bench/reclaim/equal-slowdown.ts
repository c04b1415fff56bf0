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
    );
    return {
      json: { rows },
      table: [
        ['workload', 'rival', 'slowdown', 'ours saves', 'it saves', 'between', 'and'],
        ...rows.map((row) => [
          row.workload,
          row.rival,
          formatShare(row.slowdownShare),
          formatShare(row.savedShare),
          formatShare(row.rivalSavedShare),
          row.gentler || 'nothing',
          row.eagerer || 'no more tried',
        ]),
      ],
      notes: [
        ...['damon_reclaim', 'senpai'].map((rival) => wins(rows, rival)),
        'Slowdown: the worse of throughput and p99 under ours, or 0.1 %. What a rival saves at that is',
        'interpolated between its two settings around it.',
      ],
    };
  },
};

export default bench;

function wins(rows: readonly EqualRow[], rival: string): string {
  const own = rows.filter((row) => row.rival === rival);
  const more = own.filter(({ savedShare, rivalSavedShare }) => savedShare > rivalSavedShare);
  return `More saved than ${rival} on ${more.length} of ${own.length}.`;
}
