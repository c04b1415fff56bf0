/** Light or dark: as the system says, until somebody chooses. Remembered in this browser. */
import { effect, signal } from '@preact/signals';
import { PALETTE_NAMES, type PaletteName } from '../heat/palette.ts';

type Theme = 'light' | 'dark';

const KEYS = { theme: 'thermocline.theme', palette: 'thermocline.palette' } as const;

function remembered<Value extends string>(key: string, known: readonly Value[]): Value | null {
  const value = localStorage.getItem(key);
  return known.find((one) => one === value) ?? null;
}

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = signal<Theme>(prefersDark.matches ? 'dark' : 'light');
const chosenTheme = signal(remembered<Theme>(KEYS.theme, ['light', 'dark']));

/** The colours of heat, everywhere in the page. */
export const palette = signal<PaletteName>(
  remembered(KEYS.palette, PALETTE_NAMES) ?? 'thermocline',
);

/** In force. */
export function currentTheme(): Theme {
  return chosenTheme.value ?? systemTheme.value;
}

/** Chooses the other one, for this browser. */
export function toggleTheme(): void {
  chosenTheme.value = currentTheme() === 'dark' ? 'light' : 'dark';
  localStorage.setItem(KEYS.theme, chosenTheme.value);
}

/** Keeps the page in the theme, and what was chosen in the browser. */
export function applyTheme(): void {
  prefersDark.addEventListener('change', ({ matches }) => {
    systemTheme.value = matches ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.dataset['theme'] = currentTheme();
  });
  effect(() => localStorage.setItem(KEYS.palette, palette.value));
}
