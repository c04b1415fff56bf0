// node hold.mjs MEBIBYTES SECONDS: fills memory, 64 MiB a second at most, holds it, at most until there is a file
// /tmp/let-go, and says whether it is as it was. Each word depends on its place, so that a page that was lost, or put in another place, shows.
import { existsSync } from 'node:fs';

const [mebibytes, seconds] = process.argv.slice(2).map(Number);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const words = new Uint32Array(mebibytes * 2 ** 18);
const step = 8 * 2 ** 18;
for (let start = 0; start < words.length; start += step) {
  const end = Math.min(words.length, start + step);
  for (let at = start; at < end; at++) words[at] = Math.imul(at + 1, 0x9e3779b1);
  await sleep(125);
}
console.log('holds');
for (let second = 0; second < seconds && !existsSync('/tmp/let-go'); second++) await sleep(1000);
let nrWrong = 0;
for (let at = 0; at < words.length; at++) {
  if (words[at] !== Math.imul(at + 1, 0x9e3779b1) >>> 0) nrWrong += 1;
}
console.log(nrWrong === 0 ? 'intact' : `${nrWrong} words of ${words.length} are wrong`);
