/** Files that do not start with `0`, by the end of their path (spec section 10). */
const FRESH: readonly (readonly [path: RegExp, text: string])[] = [
  [/intervals\/sample_us$/, '5000'],
  [/intervals\/aggr_us$/, '100000'],
  [/intervals\/update_us$/, '60000000'],
  [/nr_regions\/min$/, '10'],
  [/nr_regions\/max$/, '1000'],
  [/\/(pause|obsolete_target|matching|allow)$/, 'N'],
  [/\/(memcg_)?path$/, ''],
  [/\/operations$/, 'vaddr'],
  [/\/addr_unit$/, '1'],
  [/\/action$/, 'stat'],
  [/\/target_nid$/, '-1'],
  [/\/goal_tuner$/, 'consist'],
  [/\/target_metric$/, 'user_input'],
  [/watermarks\/metric$/, 'none'],
  [/filters\/\d+\/type$/, 'anon'],
];

/** What a file of a slot holds in a folder that has just been made. */
export function freshText(path: string): string {
  return FRESH.find(([pattern]) => pattern.test(path))?.[1] ?? '0';
}
