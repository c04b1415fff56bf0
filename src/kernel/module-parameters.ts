/** Parameters and figures of the kernel's modules that run DAMON by themselves (spec section 9). */
import { ThermoclineError } from '../base/errors.ts';
import { parseBytes, parseDuration } from '../base/units.ts';
import { DAMON_MODULES, type DamonModule } from './modules.ts';
import { patiently } from './patience.ts';
import { readValue, SysfsError, type SysfsFiles, type SysfsReader } from './sysfs-files.ts';

/** What only the kernel sets. */
const FIGURES = /^(kdamond_pid|nr_\w+|bytes_\w+|estimated_\w+|memory_idle_\w+|aggr_interval_us)$/;

/** One module that this kernel has. */
export interface ModuleState {
  readonly name: DamonModule;
  readonly enabled: boolean;
  /** Its kernel thread; null while it is off. */
  readonly kdamondPid: number | null;
  /** What may be set, as the files have it. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What it has counted, as the files have it. */
  readonly figures: Readonly<Record<string, string>>;
}

/** One write to a parameter; the path is below the root of sysfs. */
export interface ParameterWrite {
  readonly path: string;
  readonly text: string;
}

/** The modules that this kernel has, by plain reads. */
export function readModules(files: SysfsReader): ModuleState[] {
  return DAMON_MODULES.filter((name) => files.exists(folderOf(name))).map((name) => {
    const all = [...files.list(folderOf(name))]
      .sort()
      .map((file) => [file, readValue(files, `${folderOf(name)}/${file}`)] as const);
    const pid = Number(all.find(([file]) => file === 'kdamond_pid')?.[1] ?? -1);
    return {
      name,
      enabled: all.some(([file, text]) => file === 'enabled' && text === 'Y'),
      kdamondPid: pid > 0 ? pid : null,
      parameters: Object.fromEntries(all.filter(([file]) => !FIGURES.test(file))),
      figures: Object.fromEntries(all.filter(([file]) => FIGURES.test(file))),
    };
  });
}

/**
 * The writes that set parameters of a module: `enabled` last, and where it runs already and goes
 * on, `commit_inputs`, without which it would not notice.
 * @param settings each as `name=value`, with units as people write them
 * @throws ThermoclineError TC_NOT_FOUND for a module or a parameter that is not there, TC_INVALID
 * for a value that can't be
 */
export function stageModule(
  files: SysfsReader,
  name: string,
  settings: readonly string[],
): ParameterWrite[] {
  const module = readModules(files).find((one) => one.name === name);
  if (module === undefined) {
    throw new ThermoclineError('TC_NOT_FOUND', `This kernel has no module ${name}.`);
  }
  const writes = settings.map((setting) => writeOf(module, setting));
  const isSwitch = ({ path }: ParameterWrite) => path.endsWith('/enabled');
  const values = writes.filter((write) => !isSwitch(write));
  const switches = writes.filter(isSwitch);
  const commits =
    module.enabled &&
    switches.length === 0 &&
    values.length > 0 &&
    module.parameters['commit_inputs'] !== undefined;
  return [
    ...values,
    ...switches,
    ...(commits ? [{ path: `${folderOf(module.name)}/commit_inputs`, text: 'Y' }] : []),
  ];
}

/** Makes the writes, and throws a sentence at the first that fails. */
export async function applyParameterWrites(
  files: SysfsFiles,
  writes: readonly ParameterWrite[],
): Promise<void> {
  for (const { path, text } of writes) {
    try {
      await patiently(() => files.write(path, text));
    } catch (error) {
      if (!(error instanceof SysfsError)) throw error;
      const { errno } = error;
      const why =
        errno === 'EBUSY'
          ? 'something else runs DAMON, or another module does'
          : 'only root may, and the values have to fit together';
      throw new ThermoclineError(
        error.code,
        `Writing ${text} to ${path} failed with ${errno}: most likely ${why}.`,
        { cause: error },
      );
    }
  }
}

function writeOf({ name, parameters, figures }: ModuleState, setting: string): ParameterWrite {
  const match = /^(\w+)=(.+)$/.exec(setting);
  if (match === null) {
    throw new ThermoclineError(
      'TC_INVALID',
      `"${setting}" is no setting; write a parameter, = and a value, like min_age=30s.`,
    );
  }
  const [, parameter, text] = match as unknown as [string, string, string];
  if (parameters[parameter] !== undefined) {
    return { path: `${folderOf(name)}/${parameter}`, text: valueText(parameter, text) };
  }
  const isFigure = figures[parameter] !== undefined;
  throw new ThermoclineError(
    isFigure ? 'TC_INVALID' : 'TC_NOT_FOUND',
    isFigure
      ? `${parameter} of ${name} is what the kernel tells; it can't be set.`
      : `${name} has no parameter ${parameter}; it has ${Object.keys(parameters).join(', ')}.`,
  );
}

/** In the parameter's own unit, which its name tells. */
function valueText(parameter: string, text: string): string {
  if (/^(\d+|[YNyn])$/.test(text)) return text;
  if (/_ms$/.test(parameter)) return String(parseDuration(text, parameter) / 1000);
  if (/(_age|_interval|_us)$/.test(parameter)) return String(parseDuration(text, parameter));
  if (/_sz$/.test(parameter)) return String(parseBytes(text, parameter));
  throw new ThermoclineError(
    'TC_INVALID',
    `${parameter} is "${text}"; write a whole number, or Y or N.`,
  );
}

function folderOf(name: DamonModule): string {
  return `module/${name}/parameters`;
}
