/** The dashboard as it is built, on an address of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { projectRoot } from '../sources.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Which page: the dashboard of a service, or the playground alone. */
export type PageMode = 'production' | 'demo';

/** Builds the page into a folder of its own; whoever asked removes it. */
export async function buildPages(mode: PageMode): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), `thermocline-${mode}-`));
  const configFile = path.join(projectRoot, 'web/vite.config.ts');
  await build({ configFile, mode, logLevel: 'error', build: { outDir: folder } });
  return folder;
}

/** A plain file server, as a static page may have one. */
export class StaticPages implements AsyncDisposable {
  readonly #server: Server;
  readonly folder: string;

  private constructor(folder: string, server: Server) {
    this.folder = folder;
    this.#server = server;
  }

  static async serve(folder: string): Promise<StaticPages> {
    const server = createServer((request, response) => {
      const name = request.url === '/' ? 'index.html' : path.normalize(request.url ?? '');
      try {
        const body = readFileSync(path.join(folder, name));
        response.setHeader('content-type', TYPES[path.extname(name)] ?? 'text/plain');
        response.end(body);
      } catch {
        response.statusCode = 404;
        response.end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StaticPages(folder, server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
