/**
 * Takes the kernel proper out of a compressed kernel image. QEMU starts it directly, which saves an
 * emulated processor seconds of decompressing.
 */
import { execFileSync } from 'node:child_process';
import { zstdDecompressSync } from 'node:zlib';

/** Where the boot protocol for x86 keeps what we need to know ("setup header", version 2.08 on). */
const header = { setupSectors: 0x1f1, magic: 0x202, payloadOffset: 0x248, payloadLength: 0x24c };
const sectorBytes = 512;
/** The uncompressed length that stands behind the compressed kernel. */
const lengthBytes = 4;
const maxKernelBytes = 1 << 30;

/** Where in `image` the compressed kernel is. @throws Error if this is no kernel image */
function payloadOf(image: Buffer): Buffer {
  if (image.length < sectorBytes * 2 || image.toString('latin1', header.magic, 0x206) !== 'HdrS') {
    throw new Error('this is no kernel image for x86');
  }
  // Zero stands for four sectors: so the first kernels had it.
  const setupSectors = image[header.setupSectors] || 4;
  const start = (setupSectors + 1) * sectorBytes + image.readUInt32LE(header.payloadOffset);
  return image.subarray(start, start + image.readUInt32LE(header.payloadLength) - lengthBytes);
}

/** @throws Error if it is compressed in a way that Debian does not use */
export function extractVmlinux(image: Buffer): Buffer {
  const payload = payloadOf(image);
  switch (payload.toString('hex', 0, 4)) {
    case '28b52ffd':
      return zstdDecompressSync(payload);
    case 'fd377a58':
      return unxz(payload);
    default:
      throw new Error(`a kernel compressed in an unknown way (${payload.toString('hex', 0, 4)})`);
  }
}

/** Needs the tool `xz`. */
export function unxz(bytes: Uint8Array): Buffer {
  return execFileSync('xz', ['-dc', '--single-stream'], {
    input: bytes,
    maxBuffer: maxKernelBytes,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}
