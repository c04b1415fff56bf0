import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { plain } from './line.ts';
import { changedRows, Screen } from './screen.ts';

class FakeTerminal extends EventEmitter {
  columns = 4;
  rows = 2;
  written = '';
  raw = false;
  write(text: string): void {
    this.written += text;
  }
  setRawMode(raw: boolean): void {
    this.raw = raw;
  }
  resume(): void {}
  pause(): void {}
  /** What was written since the last call. */
  take(): string {
    const text = this.written;
    this.written = '';
    return text;
  }
}

function openScreen() {
  const terminal = new FakeTerminal();
  const keys: string[] = [];
  const screen = new Screen(terminal, terminal, 'none', {
    quit: () => keys.push('quit'),
    interrupt: () => keys.push('interrupt'),
    resized: () => keys.push('resized'),
  });
  return { terminal, screen, keys };
}

describe('changed rows', () => {
  test('are written at their place, in one update', () => {
    expect(changedRows(['a', 'b', 'c'], ['a', 'B', 'c'])).toBe('\x1b[?2026h\x1b[2;1HB\x1b[?2026l');
  });

  test('are nothing when nothing has changed', () => {
    expect(changedRows(['a'], ['a'])).toBe('');
  });
});

describe('the screen', () => {
  test('takes the terminal and gives it back as it was', () => {
    const { terminal, screen } = openScreen();
    expect(terminal.take()).toBe('\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J');
    expect(terminal.raw).toBe(true);
    screen[Symbol.dispose]();
    screen[Symbol.dispose]();
    expect(terminal.take()).toBe('\x1b[?7h\x1b[?25h\x1b[?1049l');
    expect(terminal.raw).toBe(false);
    expect(terminal.listenerCount('data') + terminal.listenerCount('resize')).toBe(0);
  });

  test('gives it back when the process exits without disposing', () => {
    const before = process.listeners('exit');
    const { terminal, screen } = openScreen();
    terminal.take();
    const added = process.listeners('exit').filter((listener) => !before.includes(listener));
    for (const listener of added) listener.call(process, 1);
    expect(terminal.take()).toBe('\x1b[?7h\x1b[?25h\x1b[?1049l');
    screen[Symbol.dispose]();
    expect(process.listeners('exit')).toEqual(before);
  });

  test('writes the rows that differ and blanks what is no longer covered', () => {
    const { terminal, screen } = openScreen();
    screen.draw([plain('ab'), plain('cd')]);
    terminal.take();
    screen.draw([plain('ab')]);
    expect(terminal.take()).toBe('\x1b[?2026h\x1b[2;1H    \x1b[?2026l');
    screen[Symbol.dispose]();
  });

  test('clears and asks for a new drawing when its size changes', () => {
    const { terminal, screen, keys } = openScreen();
    screen.draw([plain('ab')]);
    terminal.take();
    terminal.columns = 3;
    terminal.emit('resize');
    expect(terminal.take()).toBe('\x1b[2J');
    expect(keys).toEqual(['resized']);
    screen.draw([plain('ab')]);
    expect(terminal.take()).toContain('\x1b[1;1Hab \x1b[2;1H   ');
    screen[Symbol.dispose]();
  });

  test('knows q and Ctrl-C, and no other key', () => {
    const { terminal, screen, keys } = openScreen();
    for (const key of ['x', '\x1b[A', 'q', '\x1b', 'Q', '\x03'])
      terminal.emit('data', Buffer.from(key));
    expect(keys).toEqual(['quit', 'quit', 'interrupt']);
    screen[Symbol.dispose]();
  });
});
