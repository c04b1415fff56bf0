/**
 * Lines of text with colours, as data: laid out by pure functions, turned into bytes at the end.
 */

/** Red, green and blue, 0…255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** How many colours the terminal shows. */
export type ColourDepth = 'none' | '256' | 'truecolour';

/** A stretch of text in one style. */
export interface Span {
  readonly text: string;
  readonly foreground?: Colour;
  readonly background?: Colour;
  readonly bold?: boolean;
  readonly dim?: boolean;
}

export type Line = readonly Span[];

/** A line without any style. */
export function plain(text: string): Line {
  return [{ text }];
}

/** A line of secondary importance. */
export function dim(text: string): Line {
  return [{ text, dim: true }];
}

/** A line that stands out. */
export function bold(text: string): Line {
  return [{ text, bold: true }];
}

/** Columns that the line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((width, span) => width + columns(span.text).length, 0);
}

/** The line cut or padded with blanks to exactly `width` columns. */
export function fitLine(line: Line, width: number): Line {
  const fitted: Span[] = [];
  let room = width;
  for (const span of line) {
    if (room === 0) break;
    const text = columns(span.text).slice(0, room);
    fitted.push({ ...span, text: text.join('') });
    room -= text.length;
  }
  if (room > 0) fitted.push({ text: ' '.repeat(room) });
  return fitted;
}

/** `text` cut to `width` columns, what is missing shown by an ellipsis. */
export function shorten(text: string, width: number): string {
  const all = columns(text);
  if (all.length <= width) return text;
  return width < 1 ? '' : `${all.slice(0, width - 1).join('')}…`;
}

/** `text` cut at its front, where the end says more: `…/lib/libc.so.6`. */
export function shortenFront(text: string, width: number): string {
  const all = columns(text);
  if (all.length <= width) return text;
  return width < 1 ? '' : `…${all.slice(all.length - width + 1).join('')}`;
}

/**
 * `text` from elsewhere (file names, process names) without what could steer the terminal, and
 * without characters that take no column or two.
 */
export function safeText(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a1-\u024f]/gu, '?');
}

/** The line as bytes for the terminal; a style is written once for neighbours that share it. */
export function renderLine(line: Line, depth: ColourDepth): string {
  if (depth === 'none') return line.map((span) => span.text).join('');
  let bytes = '';
  let style = '';
  for (const span of line) {
    const next = styleCodes(span, depth);
    if (next !== style) bytes += next === '' ? '\x1b[0m' : `\x1b[0;${next}m`;
    style = next;
    bytes += span.text;
  }
  return style === '' ? bytes : `${bytes}\x1b[0m`;
}

function styleCodes(span: Span, depth: '256' | 'truecolour'): string {
  const codes: string[] = [];
  if (span.bold) codes.push('1');
  if (span.dim) codes.push('2');
  if (span.foreground) codes.push(`38;${colourCode(span.foreground, depth)}`);
  if (span.background) codes.push(`48;${colourCode(span.background, depth)}`);
  return codes.join(';');
}

function colourCode([red, green, blue]: Colour, depth: '256' | 'truecolour'): string {
  if (depth === 'truecolour') return `2;${red};${green};${blue}`;
  return `5;${16 + 36 * cubeLevel(red) + 6 * cubeLevel(green) + cubeLevel(blue)}`;
}

/** The nearest of the six levels of the 256-colour cube: 0, 95, 135, 175, 215, 255. */
function cubeLevel(value: number): number {
  if (value < 48) return 0;
  return value < 115 ? 1 : Math.round((value - 55) / 40);
}

function columns(text: string): string[] {
  return [...text];
}
