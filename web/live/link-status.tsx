import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Connection } from './connection.ts';

/** In the masthead: whether what is shown is live. */
export function LinkStatus({ connection }: { readonly connection: Connection }) {
  const { kind } = connection.state.value;
  const text = { connecting: 'Connecting', live: 'Live', locked: 'Locked', lost: 'Not connected' };
  return (
    <span class={`link-status ${kind}`} role="status">
      <i />
      {text[kind]}
    </span>
  );
}

/** Above every view while the line is lost: since when, and when the next try is. */
export function LostBanner({ connection }: { readonly connection: Connection }) {
  const state = connection.state.value;
  const nowMs = useSignal(performance.now());
  useEffect(() => {
    const timer = setInterval(() => {
      nowMs.value = performance.now();
    }, 500);
    return () => clearInterval(timer);
  }, []);
  if (state.kind !== 'lost') return null;
  const seconds = (ms: number) => Math.max(Math.round(ms / 1000), 0);
  return (
    <div class="lost" role="alert">
      <p>
        <b>The connection to the service is lost.</b> What you see is as it was{' '}
        <span aria-hidden="true">
          {seconds(nowMs.value - state.sinceMs)} s ago; next try in{' '}
          {seconds(state.retryAtMs - nowMs.value)} s.
        </span>
      </p>
      <button type="button" onClick={() => connection.retry()}>
        Try now
      </button>
    </div>
  );
}

/** What is seen before somebody has signed in. */
export function SignIn({ connection }: { readonly connection: Connection }) {
  const code = useSignal('');
  return (
    <section class="card sign-in">
      <h1>Open the link</h1>
      <p>
        Heat maps tell where a program's memory lies, so this page is for those who run the service.
        It opens by the link that <code>thermocline serve</code> has printed, once;{' '}
        <code>thermocline link</code> prints another one.
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void connection.signIn(code.value.trim().replace(/^.*#code=/, ''));
          code.value = '';
        }}
      >
        <label>
          Link or code
          <input
            type="text"
            autocomplete="off"
            value={code.value}
            onInput={({ currentTarget }) => {
              code.value = currentTarget.value;
            }}
          />
        </label>
        <button type="submit" class="primary">
          Open
        </button>
      </form>
    </section>
  );
}
