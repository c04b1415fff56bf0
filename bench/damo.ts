/**
 * damo as Debian packages it, to be measured beside ours: fetched into the cache folder by the
 * system's package client, unpacked, never installed.
 *
 * It runs in a mount namespace of its own in which /sys is empty: it can read recordings there, and
 * can't find any DAMON to change.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PrivateApt } from '../test/guest/apt.ts';
import { cached, cacheFolder } from '../test/guest/cache.ts';

/** Where the newest is; stable releases have none, or an old one. */
const suites = ['sid'];

const program = `
import json, os, resource, runpy, subprocess, sys
subprocess.check_call(['mount', '-t', 'tmpfs', 'none', '/sys'])
os.mkdir('/sys/module')
folder = sys.argv[1]
sys.path.insert(0, folder + '/usr/lib/python3/dist-packages')
sys.argv = ['damo'] + sys.argv[2:]
try:
    runpy.run_path(folder + '/usr/bin/damo', run_name='__main__')
except SystemExit as end:
    if end.code:
        raise
used = resource.getrusage(resource.RUSAGE_SELF)
os.write(3, json.dumps({'cpuSeconds': used.ru_utime + used.ru_stime,
                        'peakBytes': used.ru_maxrss * 1024}).encode())`;

/** Runs `damo ARGUMENTS`; it tells its usage on descriptor 3. */
export interface DamoCommand {
  readonly command: string;
  arguments(...damoArguments: string[]): string[];
}

/**
 * Where damo is unpacked, fetched unless it is there already.
 * @throws Error with a sentence where it can't be had
 */
export function damoFolder(): Promise<string> {
  return cached('programs/damo', async (temporary) => {
    const apt = new PrivateApt(join(cacheFolder, 'apt-damo'), suites);
    await apt.update();
    const [newest] = await apt.show('damo');
    if (newest === undefined) throw new Error(`Debian's ${suites[0]} has no package damo.`);
    await apt.unpack([newest], temporary);
  });
}

/** damo ready to run here. @throws Error with a sentence where it can't be had */
export async function fetchDamo(): Promise<DamoCommand> {
  const folder = await damoFolder();
  if (!existsSync('/usr/bin/file')) throw new Error('damo needs the program file (package file).');
  return {
    command: 'unshare',
    arguments: (...rest) => [
      '--map-root-user',
      '--mount',
      'python3',
      '-c',
      program,
      folder,
      ...rest,
    ],
  };
}
