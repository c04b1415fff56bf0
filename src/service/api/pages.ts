/** The dashboard's files. They are public: what they show comes over the API. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Gate, Transport } from '../access/gate.ts';
import { HttpProblem } from './problem.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
};

/** Only what the page itself brings may run in it, and nobody may frame it. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

interface Page {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** The files of one folder, read once: no request reaches the disk. */
export class Pages {
  readonly #pages = new Map<string, Page>();

  /** @param folder of the built dashboard; without one there are no pages */
  constructor(folder: string) {
    for (const name of filesIn(folder)) {
      const type = TYPES[extname(name)];
      if (type === undefined) continue;
      const bytes = new Uint8Array(readFileSync(join(folder, name)));
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      this.#pages.set(`/${name}`, { bytes, type, etag });
    }
  }

  /**
   * Null where there is no such page.
   * @throws HttpProblem for another name of this machine
   */
  answer(request: Request, path: string, gate: Gate, transport: Transport): Response | null {
    const page = this.#pages.get(path === '/' ? '/index.html' : path);
    if (page === undefined) return null;
    // Following a link from elsewhere is how one gets here, so the page's site doesn't matter.
    gate.checkHost(request, transport);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new HttpProblem(405, 'TC_INVALID', 'Pages can only be read.');
    }
    const { etag, type, bytes } = page;
    const headers = { ...HEADERS, etag, 'cache-control': 'no-cache' };
    if (request.headers.get('if-none-match') === etag) {
      return new Response(null, { status: 304, headers });
    }
    const body = request.method === 'HEAD' ? null : bytes;
    return new Response(body, { headers: { ...headers, 'content-type': type } });
  }
}

function filesIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch {
    return [];
  }
}
