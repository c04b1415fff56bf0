import { useSignal } from '@preact/signals';
import type { Ask } from '../live/ask.ts';
import { type FieldValues, SCHEME_FIELDS } from './scheme-fields.ts';

/** Something to do with what was written; the first one is also what Enter does. */
export interface Verb {
  readonly name: string;
  readonly onSend: (values: FieldValues) => void;
}

interface SchemeFormProps {
  readonly start: FieldValues;
  readonly ask: Ask;
  readonly verbs: readonly [Verb, ...Verb[]];
}

/** The fields of a scheme as texts, and what can be done with them. */
export function SchemeForm({ start, ask, verbs: [first, ...more] }: SchemeFormProps) {
  const values = useSignal(start);
  return (
    <form
      class="scheme-form"
      onSubmit={(event) => {
        event.preventDefault();
        first.onSend(values.value);
      }}
    >
      {SCHEME_FIELDS.map(({ key, name, hint }) => (
        <label key={key}>
          {name}
          <input
            type="text"
            value={values.value[key] ?? ''}
            placeholder={hint}
            onInput={({ currentTarget }) => {
              values.value = { ...values.value, [key]: currentTarget.value };
            }}
          />
        </label>
      ))}
      <button type="submit" class="primary" disabled={ask.busy.value}>
        {first.name}
      </button>
      {more.map(({ name, onSend }) => (
        <button
          key={name}
          type="button"
          disabled={ask.busy.value}
          onClick={() => onSend(values.value)}
        >
          {name}
        </button>
      ))}
      <Problem ask={ask} />
    </form>
  );
}

/** Why something was refused, in the service's own words. */
export function Problem({ ask }: { readonly ask: Ask }) {
  if (ask.problem.value === null) return null;
  return (
    <p class="problem" role="alert">
      {ask.problem.value}
    </p>
  );
}
