/** Which view is open: the fragment of the address, `#/machine`. */
import { signal } from '@preact/signals';

export const VIEWS = ['watch', 'machine', 'playground'] as const;
/** A view of the dashboard. */
export type View = (typeof VIEWS)[number];

/** The open view, and what of it: `#/watch/db` is the monitor `db`. */
export interface Route {
  readonly view: View;
  readonly rest: string;
}

/** Reads a fragment; one that says nothing is the first view. */
function routeOf(fragment: string): Route {
  const [, view = '', rest = ''] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(fragment) ?? [];
  const known = VIEWS.find((one) => one === view);
  return { view: known ?? 'watch', rest: known === undefined ? '' : decodeURIComponent(rest) };
}

/** The fragment of a route. */
export function fragmentOf(view: View, rest = ''): string {
  return rest === '' ? `#/${view}` : `#/${view}/${encodeURIComponent(rest)}`;
}

export const route = signal(routeOf(location.hash));

addEventListener('hashchange', () => {
  route.value = routeOf(location.hash);
});
