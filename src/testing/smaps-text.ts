/** A mapping as `/proc/PID/smaps` should show it; sizes in kilobytes. */
export interface SmapsEntry {
  readonly start: number;
  readonly end: number;
  readonly permissions?: string;
  readonly inode?: number;
  readonly name?: string;
  readonly residentKb?: number;
  readonly touchedKb?: number;
  readonly anonymousKb?: number;
  readonly swappedKb?: number;
  readonly flags?: string;
}

/** Text of `/proc/PID/smaps`, laid out as the kernel does it. */
export function smapsText(entries: readonly SmapsEntry[]): string {
  return entries.map(entryText).join('');
}

function entryText(entry: SmapsEntry): string {
  const { start, end, permissions = 'rw-p', inode = 0, name = '' } = entry;
  const header = `${start.toString(16)}-${end.toString(16)} ${permissions} 00000000 00:00 ${inode} `;
  const resident = entry.residentKb ?? 0;
  const lines = [
    field('Size', (end - start) / 1024),
    field('KernelPageSize', 4),
    field('MMUPageSize', 4),
    field('Rss', resident),
    field('Pss', resident),
    field('Shared_Clean', 0),
    field('Referenced', entry.touchedKb ?? 0),
    field('Anonymous', entry.anonymousKb ?? 0),
    field('AnonHugePages', 2048),
    field('Swap', entry.swappedKb ?? 0),
    field('SwapPss', 1),
    'THPeligible:           0',
    `VmFlags: ${entry.flags ?? 'rd wr mr mw me ac'} `,
  ];
  return `${header.padEnd(73)}${name}\n${lines.join('\n')}\n`;
}

function field(name: string, kilobytes: number): string {
  return `${`${name}:`.padEnd(16)}${String(kilobytes).padStart(8)} kB`;
}
