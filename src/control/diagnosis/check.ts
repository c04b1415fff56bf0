/** One thing that was looked at. */
export interface Check {
  /** Stable, for programs. */
  readonly name: string;
  /** `note`: neither good nor bad, but worth knowing. */
  readonly status: 'yes' | 'no' | 'note';
  readonly sentence: string;
}

/** A check whose sentence depends on its status. */
export function check<Status extends Check['status']>(
  name: string,
  status: Status,
  sentences: Readonly<Record<Status, string>>,
): Check {
  return { name, status, sentence: sentences[status] };
}
