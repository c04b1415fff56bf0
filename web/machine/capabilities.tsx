import type { HostView } from '../../src/client/api-types.ts';

const WORDS = { yes: 'yes', no: 'no', note: 'note' } as const;

/** What this machine can do, and why not the rest. */
export function Capabilities({ groups }: { readonly groups: HostView['capabilities'] }) {
  return (
    <section class="card across" aria-labelledby="can-title">
      <h2 id="can-title">What can be done here</h2>
      <div class="capability-groups">
        {groups.map(({ name, checks }) => (
          <div key={name} class="capability-group">
            <h3>{name}</h3>
            <ul class="capabilities">
              {checks.map(({ name: what, status, sentence }) => (
                <li key={what}>
                  <span class={`badge ${status}`}>{WORDS[status]}</span>
                  <span>
                    <b>{what}</b> <span class="quiet">{sentence}</span>
                  </span>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </section>
  );
}
