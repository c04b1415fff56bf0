/** The dashboard's page. */
import '@fontsource-variable/instrument-sans';
import './style/base.css';
import './style/heat.css';
import './style/panels.css';
import { render } from 'preact';
import { Shell } from './parts/shell.tsx';
import { applyTheme } from './parts/theme.ts';
import { OpenPlayground } from './playground/open-playground.tsx';

applyTheme();
render(
  <Shell views={['playground']}>
    <OpenPlayground />
  </Shell>,
  document.getElementById('app')!,
);
