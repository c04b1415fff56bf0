/** Mouse, touch and keys on the picture. */
import type { HeatController, Point } from './heat-controller.ts';

const STEP = 10;
const ZOOM_STEP = 1.5;
/** Pixels of wheel that double the size. */
const WHEEL_PER_DOUBLE = 240;

/** Listens on the picture's element until the signal is aborted. */
export function listen(element: HTMLElement, heat: HeatController, signal: AbortSignal): void {
  let drag: { from: Point; last: Point; selects: boolean } | null = null;
  const pointOf = (event: MouseEvent): Point => {
    const { left, top, width } = element.getBoundingClientRect();
    // On very large screens the page is magnified, and the picture counts in its own pixels.
    const scale = width / element.offsetWidth;
    return { x: (event.clientX - left) / scale, y: (event.clientY - top) / scale };
  };
  const on = <Name extends keyof HTMLElementEventMap>(
    name: Name,
    handle: (event: HTMLElementEventMap[Name]) => void,
    passive = true,
  ) => element.addEventListener(name, handle, { signal, passive });

  on('pointerdown', (event) => {
    if (event.button !== 0) return;
    const from = pointOf(event);
    drag = { from, last: from, selects: heat.selects.value || event.shiftKey };
    element.setPointerCapture(event.pointerId);
  });
  on('pointermove', (event) => {
    const at = pointOf(event);
    heat.cursor.value = at;
    if (drag === null) return;
    if (drag.selects) heat.select(drag.from, at);
    else heat.pan(at.x - drag.last.x, at.y - drag.last.y);
    drag = { ...drag, last: at };
  });
  const release = () => {
    drag = null;
  };
  on('pointerup', release);
  on('pointercancel', release);
  on('pointerleave', () => {
    if (drag === null && document.activeElement !== element) heat.cursor.value = null;
  });
  on('dblclick', (event) => heat.zoom({ x: 2, y: 2 }, pointOf(event)));
  on(
    'wheel',
    (event) => {
      // Without a modifier the page scrolls, and a sideways swipe moves through time.
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const factor = 2 ** (-event.deltaY / WHEEL_PER_DOUBLE);
        heat.zoom({ x: factor, y: event.altKey ? 1 : factor }, pointOf(event));
      } else if (event.deltaX !== 0) {
        event.preventDefault();
        heat.pan(-event.deltaX, 0);
      }
    },
    false,
  );
  on(
    'keydown',
    (event) => {
      if (pressed(event, heat)) event.preventDefault();
    },
    false,
  );
}

/** Returns whether the key was one of the picture's. */
function pressed(event: KeyboardEvent, heat: HeatController): boolean {
  if (event.ctrlKey || event.metaKey) return false;
  const arrow = ARROWS[event.key];
  if (arrow !== undefined) {
    const step = event.altKey ? 1 : STEP;
    if (event.shiftKey) heat.pan(-arrow.x * STEP * 4, -arrow.y * STEP * 4);
    else heat.moveCursor(arrow.x * step, arrow.y * step);
    if (heat.anchor !== null) heat.select(heat.anchor, heat.cursor.value);
    return true;
  }
  const action = KEYS[event.key];
  action?.(heat);
  return action !== undefined;
}

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

const KEYS: Readonly<Record<string, (heat: HeatController) => void>> = {
  '+': (heat) => heat.zoom({ x: ZOOM_STEP, y: ZOOM_STEP }),
  '=': (heat) => heat.zoom({ x: ZOOM_STEP, y: ZOOM_STEP }),
  '-': (heat) => heat.zoom({ x: 1 / ZOOM_STEP, y: 1 / ZOOM_STEP }),
  '0': (heat) => heat.fitAll(),
  ' ': (heat) => heat.follow(!heat.follows.value),
  Home: (heat) => heat.scrubTo(heat.picture.history.fromUs),
  End: (heat) => heat.follow(true),
  Enter: (heat) => {
    heat.anchor = heat.anchor === null ? heat.cursor.value : null;
  },
  Escape: (heat) => {
    heat.anchor = null;
    heat.select(null, null);
    heat.cursor.value = null;
  },
};
