/** What `examples` has for deployment: as it stands there, it has to start, and only watch. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { serviceClient } from '../src/cli/service-connection.ts';
import { parseConfig } from '../src/service/desired-state.ts';
import { projectRoot } from './sources.ts';

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
}

const example = (name: string) => readFileSync(path.join(projectRoot, 'examples', name), 'utf8');

function daemonSet(): { config: string; pod: { containers: Container[]; volumes: unknown[] } } {
  const documents = parseAllDocuments(example('kubernetes/daemonset.yaml')).map((one) =>
    one.toJS(),
  );
  const of = (kind: string) => documents.find((one) => one.kind === kind);
  return {
    config: of('ConfigMap').data['thermocline.yaml'],
    pod: of('DaemonSet').spec.template.spec,
  };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'thermocline-deployment-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('the DaemonSet has no more rights than watching takes, and acts on nothing', () => {
  const { config, pod } = daemonSet();
  const [container, ...others] = pod.containers;
  expect(others).toEqual([]);
  expect(container!.securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'], add: ['SYS_PTRACE', 'DAC_OVERRIDE'] },
  });
  const writable = container!.volumeMounts.filter(({ readOnly }) => readOnly !== true);
  expect(writable.map(({ mountPath }) => mountPath)).toEqual(['/run/thermocline']);
  expect(parseConfig(config, 'the ConfigMap').map(({ act }) => act ?? 'count')).toEqual(['count']);
});

test('the service starts as the DaemonSet starts it, and watches the cgroup of its configuration', async () => {
  await inFolder(async (folder) => {
    const { config, pod } = daemonSet();
    const [container] = pod.containers;
    const cgroup = path.join(folder, 'cgroup/kubepods.slice/kubepods-burstable.slice');
    mkdirSync(cgroup, { recursive: true });
    writeFileSync(path.join(folder, 'cgroup/cgroup.controllers'), 'memory\n');
    writeFileSync(path.join(cgroup, 'cgroup.procs'), `${process.pid}\n`);
    // As Kubernetes makes an emptyDir.
    mkdirSync(path.join(folder, 'run'));
    chmodSync(path.join(folder, 'run'), 0o777);
    writeFileSync(path.join(folder, 'thermocline.yaml'), config);
    const here = (text: string) =>
      text
        .replace('/etc/thermocline', folder)
        .replace('/host/cgroup', `${folder}/cgroup`)
        .replace('/run/thermocline', `${folder}/run`)
        .replace('--port=8472', '--port=0');
    const env = Object.fromEntries(container!.env.map(({ name, value }) => [name, here(value)]));
    const program = path.join(projectRoot, 'bin/thermocline.js');
    const args = [program, ...container!.args.map(here), '--json'];
    const child = spawn(process.execPath, args, { env: { ...process.env, ...env } });
    try {
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      const monitors = await serviceClient(JSON.parse(line).socket).monitors();
      expect(monitors.map(({ name, state, act }) => [name, state, act])).toEqual([
        ['burstable', 'running', 'count'],
      ]);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  });
}, 60_000);

test('the systemd unit has the least rights, a slice of its own, and puts back what was left', () => {
  const unit = example('systemd/thermocline.service');
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1];
  expect(of('CapabilityBoundingSet')).toBe('CAP_SYS_PTRACE CAP_DAC_OVERRIDE');
  expect(of('ExecStopPost')).toBe('/usr/bin/thermocline restore');
  expect(of('Slice')).toBe('thermocline.slice');
  expect(of('ProtectKernelTunables')).toBe('yes');
  expect(of('KillMode')).toBe('mixed');
});

const ANALYZE = '/usr/bin/systemd-analyze';
test.skipIf(!existsSync(ANALYZE))(
  'systemd takes the unit (skipped without systemd-analyze)',
  async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'thermocline.service');
      writeFileSync(
        file,
        example('systemd/thermocline.service').replaceAll('/usr/bin/thermocline', '/bin/true'),
      );
      expect(execFileSync(ANALYZE, ['verify', file], { encoding: 'utf8' })).toBe('');
    });
  },
);
