/** A name for a new monitor, after what it watches: letters, digits, `.`, `-` and `_`, up to 63. */
export function monitorNameFor(subject: string, taken: readonly string[]): string {
  const last = subject.split('/').findLast((part) => part !== '') ?? 'monitor';
  const plain = last
    .replace(/[^\w.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 58);
  const name = plain === '' ? 'monitor' : plain;
  if (!taken.includes(name)) return name;
  let number = 2;
  while (taken.includes(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}
