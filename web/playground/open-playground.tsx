import { Lazy } from '../parts/lazy.tsx';
import { palette } from '../parts/theme.ts';

/** The playground, whose engine is loaded when it is opened. */
export function OpenPlayground() {
  return (
    <>
      <h1>Playground</h1>
      <p class="lead">
        A simulated machine in this page. Try a policy on it before it touches a real one: the same
        engine, the same schemes, beside a machine that is left alone.
      </p>
      <Lazy
        load={async () => (await import('./playground.tsx')).Playground}
        props={{ palette }}
        waiting="The engine is loading."
      />
    </>
  );
}
