/**
 * Runs in the guest from its boot on: writes files and runs programs as it is told through a
 * serial port, and tells what they print. Uses nothing but Node, so that it is there before the
 * project is.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { gunzipSync } from 'node:zlib';
import { agentPort, LineSplitter, type Reply, type Request, type RunRequest } from './protocol.ts';

/** While nobody listens outside, reading yields nothing instead of waiting. */
const retryMs = 20;

const port = openPort();
const buffer = Buffer.alloc(1 << 18);
const decoder = new StringDecoder();
const lines = new LineSplitter((line) => void obey(JSON.parse(line) as Request));

function openPort(): number {
  const folder = '/sys/class/virtio-ports';
  const name = readdirSync(folder).find(
    (entry) => readFileSync(path.join(folder, entry, 'name'), 'utf8').trim() === agentPort,
  );
  if (!name) throw new Error(`no port is called ${agentPort}`);
  return openSync(`/dev/${name}`, 'r+');
}

function say(reply: Reply): void {
  const bytes = Buffer.from(`${JSON.stringify(reply)}\n`);
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(port, bytes, sent);
}

function listen(): void {
  read(port, buffer, 0, buffer.length, null, (error, count) => {
    if (error) throw error;
    if (count > 0) lines.push(decoder.write(buffer.subarray(0, count)));
    setTimeout(listen, count > 0 ? 0 : retryMs);
  });
}

async function obey(request: Request): Promise<void> {
  const { id } = request;
  try {
    if ('put' in request) {
      const files = gunzipSync(Buffer.from(request.put, 'base64')).toString();
      for (const [file, text] of Object.entries(JSON.parse(files) as Record<string, string>)) {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text, { mode: 0o755 });
      }
      say({ id, status: 0, signal: null });
    } else {
      await run(request);
    }
  } catch (error) {
    say({ id, failed: String(error) });
  }
}

/** A process group of its own, so that the time limit also ends what the program has started. */
function run(request: RunRequest): Promise<void> {
  const { id, timeLimitMs, env } = request;
  const [program, ...args] = request.run;
  const child = spawn(program!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...env },
  });
  const timer = setTimeout(() => killGroup(child), timeLimitMs);
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => say({ id, stream, text }));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      say({ id, status, signal });
      resolve();
    });
  });
}

function killGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

say({ hello: release() });
listen();
