import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';

/** Shows a component that comes in a file of its own, once it is there. */
export function Lazy<Props extends object>({
  load,
  props,
  waiting,
}: {
  readonly load: () => Promise<ComponentType<Props>>;
  readonly props: Props;
  readonly waiting: string;
}) {
  const loaded = useSignal<{ Component: ComponentType<Props> } | null>(null);
  const problem = useSignal<string | null>(null);
  useEffect(() => {
    load().then(
      (Component) => {
        loaded.value = { Component };
      },
      () => {
        problem.value = 'This part of the page could not be loaded; reload to try again.';
      },
    );
  }, []);
  if (problem.value !== null) return <p role="alert">{problem.value}</p>;
  if (loaded.value === null) return <p class="quiet">{waiting}</p>;
  const { Component } = loaded.value;
  return <Component {...props} />;
}
