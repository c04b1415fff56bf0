import type { ComponentChildren } from 'preact';
import { Icon } from './icon.tsx';
import { fragmentOf, route, type View } from './route.ts';
import { currentTheme, toggleTheme } from './theme.ts';

const NAMES: Readonly<Record<View, string>> = {
  watch: 'Watch',
  machine: 'Machine',
  playground: 'Playground',
};

/** The page around every view. */
export function Shell({
  views,
  status,
  children,
}: {
  readonly views: readonly View[];
  readonly status?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  const dark = currentTheme() === 'dark';
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="masthead">
        <a class="brand" href={fragmentOf(views[0]!)}>
          <img src="./mark.svg" alt="" width={28} height={28} />
          Thermocline
        </a>
        {views.length > 1 && (
          <nav aria-label="Views">
            {views.map((view) => (
              <a
                key={view}
                href={fragmentOf(view)}
                aria-current={route.value.view === view ? 'page' : undefined}
              >
                {NAMES[view]}
              </a>
            ))}
          </nav>
        )}
        <div class="masthead-end">
          {status}
          <button
            type="button"
            class="round"
            title={dark ? 'Light colours' : 'Dark colours'}
            onClick={toggleTheme}
          >
            <Icon name={dark ? 'sun' : 'moon'} />
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
