import { expect, test } from 'vitest';
import { ProgressLine } from './progress.ts';

test('draws a few times a second and takes its line away at the end', () => {
  let nowMs = 0;
  let written = '';
  {
    using line = new ProgressLine(
      'simulating',
      (text) => (written += text),
      () => nowMs,
    );
    line.show(0.5);
    line.show(0.6);
    nowMs = 100;
    line.show(1);
  }
  const half = '█'.repeat(15);
  expect(written).toBe(
    `\rsimulating ${half}${'░'.repeat(15)} 50 %\rsimulating ${half}${half} 100 %\r\x1b[2K`,
  );
});

test('leaves no trace when it was never shown', () => {
  let written = '';
  using _line = new ProgressLine(
    'simulating',
    (text) => (written += text),
    () => 0,
  );
  _line[Symbol.dispose]();
  expect(written).toBe('');
});
