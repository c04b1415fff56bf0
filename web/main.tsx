/** The dashboard's page; built with `--mode demo`, the playground alone. */
import '@fontsource-variable/instrument-sans';
import './style/base.css';
import './style/heat.css';
import './style/panels.css';
import './style/live.css';
import { render } from 'preact';
import { Dashboard } from './live/dashboard.tsx';
import { openConnection } from './live/open-connection.ts';
import { Shell } from './parts/shell.tsx';
import { applyTheme } from './parts/theme.ts';
import { OpenPlayground } from './playground/open-playground.tsx';

applyTheme();
const page =
  import.meta.env.MODE === 'demo' ? (
    <Shell views={['playground']}>
      <OpenPlayground />
    </Shell>
  ) : (
    <Dashboard connection={openConnection()} />
  );
render(page, document.getElementById('app')!);
