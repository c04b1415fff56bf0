// node hold.mjs MEBIBYTES SECONDS: fills memory, holds it, and says whether it is as it was. Each word
// depends on its place, so that a page that was lost, or put in another place, shows.
const [mebibytes, seconds] = process.argv.slice(2).map(Number);
const words = new Uint32Array(mebibytes * 2 ** 18);
for (let at = 0; at < words.length; at++) words[at] = Math.imul(at + 1, 0x9e3779b1);
console.log('holds');
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
let nrWrong = 0;
for (let at = 0; at < words.length; at++) {
  if (words[at] !== Math.imul(at + 1, 0x9e3779b1) >>> 0) nrWrong += 1;
}
console.log(nrWrong === 0 ? 'intact' : `${nrWrong} words of ${words.length} are wrong`);
