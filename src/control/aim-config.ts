/**
 * Where an aim's metric comes from: a configuration file that only root may write, so that nobody
 * can have a privileged run start programs or ask addresses of their choice.
 */
import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { ThermoclineError } from '../base/errors.ts';

const argv = z.array(z.string().min(1).max(4096)).min(1).max(64);
const timeoutMs = z.int().min(10).max(60_000).default(2000);

const metric = z.union([
  z.strictObject({
    command: argv,
    /** Whose rights it runs with. */
    user: z.string().min(1).max(64),
    timeoutMs,
  }),
  z.strictObject({ prometheus: z.url(), query: z.string().min(1).max(4096), timeoutMs }),
]);

const config = z.strictObject({ metrics: z.record(z.string(), metric) });

/** A program that prints the value, with the rights of one user. */
export interface CommandMetric {
  readonly command: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly timeoutMs: number;
}

/** A Prometheus server that is asked for an instant value. */
export interface PrometheusMetric {
  readonly prometheus: string;
  readonly query: string;
  readonly timeoutMs: number;
}

/** Whom to trust; tests name themselves. */
export interface ConfigTrust {
  /** @defaultValue root */
  readonly ownerUid?: number;
  /** @defaultValue /etc/passwd */
  readonly passwd?: string;
}

export type MetricSource = CommandMetric | PrometheusMetric;

/**
 * How the metric `name` is measured. Throws one sentence when the file is not safe, not readable or
 * does not have it.
 */
export function readMetricSource(
  file: string,
  name: string,
  { ownerUid = 0, passwd = '/etc/passwd' }: ConfigTrust = {},
): MetricSource {
  checkOwner(file, ownerUid);
  const result = config.safeParse(parse(readFileSync(file, 'utf8')));
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw new ThermoclineError('TC_INVALID', `${file}: ${path.join('.')}: ${message}.`);
  }
  const source = result.data.metrics[name];
  if (source === undefined) {
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      `${file} has no metric ${name}; it has ${Object.keys(result.data.metrics).join(', ') || 'none'}.`,
    );
  }
  if (!('prometheus' in source)) {
    const { user, ...rest } = source;
    return { ...rest, ...idsOf(file, user, passwd) };
  }
  checkAddress(file, source.prometheus);
  return source;
}

function idsOf(file: string, user: string, passwd: string): { uid: number; gid: number } {
  const lines = readFileSync(passwd, 'utf8').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([name]) => name === user);
  if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  throw new ThermoclineError('TC_NOT_FOUND', `${file}: user ${user} is not in ${passwd}.`);
}

function checkOwner(file: string, ownerUid: number): void {
  let stat: ReturnType<typeof statSync>;
  try {
    stat = statSync(file);
  } catch (cause) {
    throw new ThermoclineError(
      'TC_NOT_FOUND',
      `${file} can't be read, and it has to say where the metric of --aim comes from.`,
      { cause },
    );
  }
  if (stat!.uid === ownerUid && (stat!.mode & 0o022) === 0) return;
  throw new ThermoclineError(
    'TC_DENIED',
    `${file} can be written by others than root, so no program that it names is started; ` +
      `write chown root ${file} and chmod go-w ${file}.`,
  );
}

/** Queries stay on this machine, and in a protocol that has no surprises. */
function checkAddress(file: string, text: string): void {
  const { protocol, hostname } = new URL(text);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  if (isLocal && (protocol === 'http:' || protocol === 'https:')) return;
  throw new ThermoclineError(
    'TC_DENIED',
    `${file}: prometheus is ${text}; only http on this machine (localhost) is asked.`,
  );
}
