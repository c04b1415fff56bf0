import type { OpenAPIHono } from '@hono/zod-openapi';
import type { CheckGroup } from '../../control/diagnosis/examine.ts';
import type { HostReader } from '../../host/host.ts';
import type { Gate } from '../access/gate.ts';
import { cgroupsSchema, hostSchema, processesSchema } from './answers.ts';
import { type ApiEnv, addEndpoint } from './endpoint.ts';

/** More than anybody looks through. */
const MAX_LISTED = 1000;

/** What is told of the machine. */
export interface HostInfo {
  readonly host: HostReader;
  /** What this machine can do, and why not the rest. */
  readonly capabilities: () => readonly CheckGroup[];
  /** Names of the simulated machines that come with Thermocline. */
  readonly scenarios: readonly string[];
  readonly version: string;
}

/** Adds everything below `/host`. All of it only reads. */
export function addHostEndpoints(app: OpenAPIHono<ApiEnv>, gate: Gate, info: HostInfo): void {
  const { host, capabilities, scenarios, version } = info;
  addEndpoint(app, gate, {
    method: 'get',
    path: '/host',
    scope: 'read',
    summary: 'What the machine is, how it stands, what it can do and why not the rest',
    answer: { description: 'Facts and capabilities.', schema: hostSchema },
    handle: () => {
      // Where memory lies in the machine is for nobody to know over the API.
      const { memoryRanges: _ranges, zones: _zones, swapDevices, ...facts } = host.facts();
      return {
        ...facts,
        swapDevices: swapDevices.map(({ path: _path, ...device }) => device),
        capabilities: capabilities(),
        scenarios,
        version,
      };
    },
  });
  addEndpoint(app, gate, {
    method: 'get',
    path: '/host/processes',
    scope: 'read',
    summary: 'Processes with memory of their own, the largest first',
    answer: { description: 'Up to 1,000.', schema: processesSchema },
    handle: () => ({
      processes: host
        .processes()
        .filter((one) => one.residentBytes + one.swappedBytes > 0)
        .sort((a, b) => b.residentBytes - a.residentBytes)
        .slice(0, MAX_LISTED)
        .map(({ parentPid: _parent, majorFaults: _faults, ...rest }) => rest),
    }),
  });
  addEndpoint(app, gate, {
    method: 'get',
    path: '/host/cgroups',
    scope: 'read',
    summary: 'Cgroups of the version 2 tree, the largest first',
    answer: {
      description: 'Up to 1,000; without such a tree, one that says why.',
      schema: cgroupsSchema,
    },
    handle: () => ({
      cgroups: host
        .cgroups()
        .sort((a, b) => b.currentBytes - a.currentBytes)
        .slice(0, MAX_LISTED)
        .map(({ refaults: _refaults, ...rest }) => rest),
    }),
  });
}
