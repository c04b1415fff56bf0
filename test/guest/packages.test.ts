import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { chooseMirror, parsePackages } from './apt.ts';
import { chooseKernel } from './kernels.ts';
import { extractVmlinux } from './vmlinux.ts';

describe('the mirror', () => {
  const targets = [
    'http://mirror.example/security|stable-security|main|/etc/apt/sources.list.d/a.sources:2',
    'http://mirror.example/debian|stable|contrib|/etc/apt/sources.list.d/a.sources:1',
    'http://mirror.example/debian|stable|main|/etc/apt/sources.list.d/a.sources:1',
  ].join('\n');

  test('is that of the release, with the key of its stanza', () => {
    const sources = [
      'Types: deb\nURIs: http://mirror.example/security\nSigned-By: /keys/wrong.gpg\n',
      'Types: deb\nURIs: http://mirror.example/debian\nSigned-By: /keys/right.gpg\n',
    ].join('\n');
    const asked: string[] = [];
    const mirror = chooseMirror(targets, (file) => {
      asked.push(file);
      return sources;
    });
    expect(mirror).toEqual({
      address: 'http://mirror.example/debian',
      signedBy: '/keys/right.gpg',
    });
    expect(asked).toEqual(['/etc/apt/sources.list.d/a.sources']);
  });

  test('may be named in one line, with or without a key', () => {
    const line = (options: string) => `deb ${options}http://mirror.example/debian stable main\n`;
    const keyOf = (sources: string) => chooseMirror(targets, () => sources).signedBy;
    expect(keyOf(line('[arch=amd64 signed-by=/keys/one.gpg] '))).toBe('/keys/one.gpg');
    expect(keyOf(line(''))).toBe(null);
  });

  test('is missed in a sentence', () => {
    expect(() => chooseMirror('', () => '')).toThrow(/name no release/);
  });
});

describe('kernels', () => {
  const offered = parsePackages(
    [
      'Package: linux-image-amd64\nVersion: 7.3.4-1\nDepends: linux-base (>= 4.3~), a | b, linux-image-7.3.4-amd64 (= 7.3.4-1)',
      'Package: linux-image-amd64\nVersion: 6.12.95-1\nDepends: linux-image-6.12.95-amd64 (= 6.12.95-1)',
      'Package: linux-image-amd64\nVersion: 6.1.176-1',
    ].join('\n\n'),
  );

  test('are chosen by series', () => {
    const versionOf = (name: 'newest' | '6.12' | '6.1') => chooseKernel(offered, name)?.version;
    expect(versionOf('newest')).toBe('7.3.4-1');
    expect(versionOf('6.12')).toBe('6.12.95-1');
    expect(versionOf('6.1')).toBe('6.1.176-1');
    expect(chooseKernel(offered.slice(0, 2), '6.1')).toBe(undefined);
  });

  test('depend on packages, without versions and alternatives', () => {
    expect(offered[0]!.depends).toEqual(['linux-base', 'linux-image-7.3.4-amd64']);
    expect(offered[2]!.depends).toEqual([]);
  });
});

describe('a kernel image', () => {
  const image = (payload: Buffer) => {
    const start = 5 * 512 + 0x40;
    const bytes = Buffer.alloc(start + payload.length + 4);
    bytes[0x1f1] = 4;
    bytes.write('HdrS', 0x202);
    bytes.writeUInt32LE(0x40, 0x248);
    bytes.writeUInt32LE(payload.length + 4, 0x24c);
    payload.copy(bytes, start);
    return bytes;
  };

  test('holds a compressed kernel where its header says', () => {
    const kernel = Buffer.from('\x7fELF and so on');
    expect(extractVmlinux(image(zstdCompressSync(kernel)))).toEqual(kernel);
  });

  test('is refused if it is something else', () => {
    expect(() => extractVmlinux(image(Buffer.from('plain')))).toThrow(/unknown way \(706c6169\)/);
    expect(() => extractVmlinux(Buffer.alloc(4096))).toThrow(/no kernel image/);
  });
});
