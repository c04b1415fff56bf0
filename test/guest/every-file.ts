/** Everything that DAMON's files say, to see that nothing of it has changed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const modules = ['damon_stat', 'damon_reclaim', 'damon_lru_sort'];
/** What DAMON_STAT goes on measuring by itself. */
const measured = /\/(estimated_memory_bandwidth|memory_idle_ms_percentiles|aggr_interval_us)$/;

/** All that DAMON's files say, by path. */
export function everyFile(): Record<string, string> {
  const folders = [
    '/sys/kernel/mm/damon',
    ...modules.map((name) => `/sys/module/${name}/parameters`).filter(existsSync),
  ];
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name)),
  );
  return Object.fromEntries(
    files.filter((file) => !measured.test(file)).map((file) => [file, readFileSync(file, 'utf8')]),
  );
}
