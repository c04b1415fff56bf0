import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeScheme } from './format.ts';
import { parseParamsText } from './parse.ts';
import { resolveParams } from './resolve.ts';

const folder = new URL('../../examples/params/', import.meta.url);
const params = (file: string) =>
  resolveParams(parseParamsText(readFileSync(new URL(file, folder), 'utf8'), file), 2 ** 35);

/** What each example does, as users would have it explained. */
const schemes: Readonly<Record<string, readonly string[]>> = {
  'damo-reclaim.json': [
    'page out regions of at least 4 KiB not accessed for at least 2 m; ' +
      'at most 128 MiB and 10 ms of work each 1 s; from less than 40 % of free memory on, ' +
      'until it is above 50 % or below 20 %',
  ],
  'hot-cold.yaml': [
    'count regions accessed in at least 10 of 20 samples',
    'count regions not accessed for at least 60 s',
  ],
  'hot-share.yaml': [
    'migrate regions accessed in at least 2 of 20 samples to node 0; hottest first; every 1 s; ' +
      'at most 128 MiB each 1 s, as much as it takes until node_eligible_mem_bp of node 0 is 75 %; ' +
      'filters: reject not addr 4294967296-12884901888',
    'migrate regions accessed in at least 2 of 20 samples to node 1; hottest first; every 1 s; ' +
      'at most 128 MiB each 1 s, as much as it takes until node_eligible_mem_bp of node 1 is 25 %; ' +
      'filters: reject not addr 0-4294967296',
  ],
  'reclaim-5s.yaml': [
    'page out regions of at least 4 KiB not accessed for at least 5 s; at most 64 MiB each 1 s',
  ],
  'reclaim-cold.yaml': [
    'page out regions of at least 4 KiB not accessed for at least 2 m; ' +
      'at most 128 MiB and 10 ms of work each 1 s; from less than 40 % of free memory on, ' +
      'until it is above 50 % or below 20 %',
  ],
  'tiering-fair-cgroups.yaml': [
    'migrate regions accessed in at least 2 of 20 samples to node 0; hottest first; every 500 ms; ' +
      'at most 32 MiB each 500 ms, all of it until node_memcg_used_bp of /web on node 0 is 60 %; ' +
      'filters: reject not memcg /web, reject not young',
    'migrate regions accessed in at least 2 of 20 samples to node 0; hottest first; every 500 ms; ' +
      'at most 32 MiB each 500 ms, all of it until node_memcg_used_bp of /batch on node 0 is 30 %; ' +
      'filters: reject not memcg /batch, reject not young',
  ],
  'tiering.yaml': [
    'migrate regions of at least 4 KiB not accessed to node 1; coldest first; every 1 s; ' +
      'at most 200 MiB each 1 s, all of it until node_mem_free_bp of node 0 is 0.5 %; ' +
      'filters: reject not addr 0-4294967296, reject young',
    'migrate regions of at least 4 KiB accessed in at least 1 of 20 samples ' +
      'to node 0; hottest first; every 1 s; at most 200 MiB each 1 s, ' +
      'all of it until node_mem_used_bp of node 0 is 99.7 %; ' +
      'filters: reject not addr 4294967296-12884901888, reject not young',
  ],
  'weighted-interleave.yaml': [
    'migrate regions accessed in at least 2 of 20 samples ' +
      'to node 0 (weight 3), node 1 (weight 1); hottest first; every 1 s; at most 128 MiB each 1 s',
  ],
};

describe('the examples', () => {
  test('are all explained here', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(schemes));
  });

  test.each(Object.keys(schemes))('%s does what it says', (file) => {
    const { attrs, schemes: read } = params(file);
    expect(read.map((scheme) => describeScheme(scheme, attrs))).toEqual(schemes[file]);
  });

  test('in damo form and in ours reclaim alike', () => {
    const ours = params('reclaim-cold.yaml');
    const damos = params('damo-reclaim.json');
    expect(damos.schemes).toEqual(ours.schemes);
    expect({ ...damos.attrs, operationsUpdateIntervalUs: 60_000_000 }).toEqual(ours.attrs);
  });
});
