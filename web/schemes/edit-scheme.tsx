import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { MonitorView } from '../../src/client/api-types.ts';
import { ACTIONS, type Action } from '../../src/params/types.ts';
import { Ask } from '../live/ask.ts';
import type { Connection } from '../live/connection.ts';
import { changesOf, type FieldValues, fieldsOf } from './scheme-fields.ts';
import { Problem, SchemeForm } from './scheme-form.tsx';

interface MonitorProps {
  readonly connection: Connection;
  readonly monitor: MonitorView;
}

/** Changes one scheme while it runs; only the fields that were touched change. */
export function EditScheme({
  connection,
  monitor,
  index,
}: MonitorProps & { readonly index: number }) {
  const open = useSignal(false);
  const ask = useMemo(() => new Ask(), []);
  const scheme = monitor.params.schemes[index]!;
  const before = fieldsOf(scheme, monitor.params.attrs);
  const send = (values: FieldValues) =>
    ask.do(async () => {
      const changes = changesOf(before, values);
      await connection.client.change(monitor.name, { schemes: { [index]: changes } });
      await connection.refresh();
      open.value = false;
    });
  const remove = () =>
    ask.do(async () => {
      const schemes = monitor.params.schemes.filter((_, place) => place !== index);
      await connection.client.change(monitor.name, { schemes });
      await connection.refresh();
    });
  return (
    <div class="scheme-edit">
      <button
        type="button"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        Change
      </button>
      <button type="button" disabled={ask.busy.value} onClick={remove}>
        Remove
      </button>
      {open.value && (
        <SchemeForm start={before} ask={ask} verbs={[{ name: 'Apply', onSend: send }]} />
      )}
      {!open.value && <Problem ask={ask} />}
    </div>
  );
}

/** Adds a scheme to those that are there. */
export function AddScheme({ connection, monitor }: MonitorProps) {
  const action = useSignal<Action>('stat');
  const open = useSignal(false);
  const ask = useMemo(() => new Ask(), []);
  const send = (values: FieldValues) =>
    ask.do(async () => {
      const added = { action: action.value, ...changesOf({}, values) };
      await connection.client.change(monitor.name, {
        schemes: [...monitor.params.schemes, added],
      });
      await connection.refresh();
      open.value = false;
    });
  return (
    <details
      class="add-scheme"
      open={open.value}
      onToggle={({ currentTarget }) => {
        open.value = currentTarget.open;
      }}
    >
      <summary>Add a scheme</summary>
      <label>
        Action
        <select
          value={action.value}
          onChange={({ currentTarget }) => {
            action.value = currentTarget.value as Action;
          }}
        >
          {ACTIONS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <SchemeForm
        start={{ maxAccesses: '0', minAge: '5 s' }}
        ask={ask}
        verbs={[{ name: 'Add it', onSend: send }]}
      />
    </details>
  );
}
