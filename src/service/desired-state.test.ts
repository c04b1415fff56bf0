import { expect, test } from 'vitest';
import { VirtualService } from '../../test/service/virtual-service.ts';
import { desiredMonitors, parseConfig } from './desired-state.ts';

const CONFIG = `
monitors:
  db: { watch: { kind: simulation, scenario: demo } }
  web: { watch: { kind: simulation, scenario: demo }, params: { attrs: { maxNrRegions: 300 } } }
`;

test('reads a configuration, and names what is wrong in it', () => {
  expect(parseConfig(CONFIG, 'a.yaml').map(({ name }) => name)).toEqual(['db', 'web']);
  expect(parseConfig('', 'a.yaml')).toEqual([]);
  expect(() => parseConfig('monitor: {}', 'a.yaml')).toThrow('a.yaml: the top level');
  expect(() => parseConfig('monitors: { db: { watch: 7 } }', 'a.yaml')).toThrow(
    'a.yaml: monitors.db.watch: a mapping with kind',
  );
  expect(() => parseConfig('monitors: [', 'a.yaml')).toThrow(/^a\.yaml: /);
  expect(() => parseConfig('monitors: { "../x": { watch: { kind: simulation } } }', 'b')).toThrow(
    'b: monitors',
  );
});

test('a service becomes what its configuration says, and stays when nothing differs', async () => {
  await using virtual = new VirtualService();
  const { service } = virtual;
  const done = await service.reconcile(parseConfig(CONFIG, 'a'), null);
  expect(done.map(({ monitor, action }) => `${action} ${monitor}`)).toEqual([
    'create db',
    'create web',
  ]);
  expect(service.plan(parseConfig(CONFIG, 'a'))).toEqual([]);
  const next = parseConfig(CONFIG.replace('300', '400').replace(/ {2}db.*/, ''), 'a');
  const plan = service.plan(next);
  expect(plan).toEqual([
    {
      monitor: 'db',
      action: 'remove',
      details: [expect.stringContaining('not in the configuration')],
    },
    {
      monitor: 'web',
      action: 'commit',
      details: ['attrs.maxNrRegions: 300 -> 400', expect.stringContaining('attrs change')],
    },
  ]);
  await service.reconcile(next, plan);
  expect(service.monitors().map(({ name }) => name)).toEqual(['web']);
  expect(service.monitor('web').params.attrs.maxNrRegions).toBe(400);
});

test('leaves monitors of others alone, and takes none of their names', async () => {
  await using virtual = new VirtualService();
  const { service } = virtual;
  await service.create({ name: 'db', watch: { kind: 'simulation', scenario: 'demo' } }, 'api');
  expect(service.plan([])).toEqual([]);
  expect(() => service.plan(parseConfig(CONFIG, 'a'))).toThrow(
    'There is a monitor "db" that the configuration has not made',
  );
});

test('starts anew what watches something else', async () => {
  await using virtual = new VirtualService();
  const written = { monitors: { db: { watch: { kind: 'simulation', scenario: 'demo' } } } };
  await virtual.service.reconcile(desiredMonitors(written, 'a'), null);
  const other = { monitors: { db: { watch: { kind: 'simulation', scenario: 'moving' } } } };
  const [change] = virtual.service.plan(desiredMonitors(other, 'a'));
  expect(change).toMatchObject({ action: 'replace', monitor: 'db' });
});

test('a plan is applied over the API once, and only while it is true', async () => {
  await using virtual = new VirtualService();
  const client = virtual.client();
  const config = { monitors: { db: { watch: { kind: 'simulation', scenario: 'demo' } } } };
  const plan = await client.plan(config);
  expect(plan.changes).toMatchObject([{ monitor: 'db', action: 'create' }]);
  expect(await client.monitors()).toEqual([]);
  const same = await client.plan(config);
  await client.applyPlan(plan.id);
  expect(await client.monitors()).toMatchObject([{ name: 'db', origin: 'config' }]);
  await expect(client.applyPlan(plan.id)).rejects.toThrow('There is no plan');
  await expect(client.applyPlan(same.id)).rejects.toThrow('The monitors have changed since');
});
