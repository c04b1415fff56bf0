import { defineConfig } from 'vite';

/** `--mode demo` builds the playground alone, as a page that needs no service. */
export default defineConfig(({ mode }) => ({
  root: import.meta.dirname,
  // Works below any address, and from a file server without rules.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: mode === 'demo' ? '../dist-demo' : '../dist/web',
    emptyOutDir: true,
    target: 'es2024',
    // The scenarios' texts are no reason to warn.
    chunkSizeWarningLimit: 700,
  },
}));
