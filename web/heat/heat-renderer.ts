/** Shows a history: tiles that suit the view, over the last ones until they are there. */
import { AddressAxis } from './address-axis.ts';
import { HeatHistory } from './heat-history.ts';
import { type CellLevel, cellLevel, type HeatView } from './heat-view.ts';
import { TileLayer } from './tile-layer.ts';

/** Milliseconds of script that one frame may spend on drawing tiles. */
const FRAME_BUDGET_MS = 5;

/** Draws into an element of its own, which clips it. */
export class HeatRenderer {
  readonly #host: HTMLElement;
  readonly #nowMs: () => number;
  #history: HeatHistory;
  #axis: AddressAxis;
  #palette: Uint32Array;
  #snapshotUs = 100_000;
  #generation = 0;
  #layer: TileLayer | null = null;
  /** What is seen until the layer is complete. */
  #before: TileLayer | null = null;

  constructor(host: HTMLElement, palette: Uint32Array, nowMs: () => number) {
    this.#host = host;
    this.#palette = palette;
    this.#nowMs = nowMs;
    this.#history = new HeatHistory();
    this.#axis = new AddressAxis([]);
  }

  /** Shows another history, or the same one along another axis: what was drawn is void. */
  show(history: HeatHistory, axis: AddressAxis): void {
    if (history === this.#history && axis === this.#axis) return;
    this.#history = history;
    this.#axis = axis;
    this.#drop(this.#layer);
    this.#drop(this.#before);
    this.#layer = null;
    this.#before = null;
  }

  /** Colours everything anew. */
  recolour(palette: Uint32Array): void {
    this.#palette = palette;
    this.#layer?.recolour(palette);
    this.#before?.recolour(palette);
  }

  /**
   * One frame.
   * @returns whether the picture is complete; if not, another frame is needed
   */
  draw(view: HeatView): boolean {
    const first = this.#history.entries[0];
    if (first === undefined || this.#axis.totalBytes === 0 || view.width < 1) return true;
    if (this.#generation !== this.#history.generation) {
      this.#generation = this.#history.generation;
      this.#layer?.redraw();
      this.#before?.redraw();
    }
    if (this.#layer === null) this.#snapshotUs = first.snapshot.aggregationIntervalUs;
    const level = cellLevel(view, this.#snapshotUs);
    if (this.#layer === null || !isSame(level, this.#layer.level)) this.#begin(level);
    const layer = this.#layer!;
    layer.place(view);
    this.#before?.place(view);
    const untilMs = this.#nowMs() + FRAME_BUDGET_MS;
    const complete = layer.draw(view, () => this.#nowMs() < untilMs);
    if (complete && this.#before !== null) {
      this.#drop(this.#before);
      this.#before = null;
    }
    return complete;
  }

  #begin(level: CellLevel): void {
    if (this.#before !== null && isSame(level, this.#before.level)) {
      // Back at once to what is still there.
      [this.#layer, this.#before] = [this.#before, this.#layer];
      this.#host.append(this.#layer.element);
      return;
    }
    // An incomplete layer would leave holes; the complete one below it stays.
    if (this.#before === null) this.#before = this.#layer;
    else this.#drop(this.#layer);
    const originUs = this.#history.entries[0]!.fromUs;
    const source = { history: this.#history, axis: this.#axis, originUs };
    this.#layer = new TileLayer(source, level, this.#palette);
    this.#host.append(this.#layer.element);
  }

  #drop(layer: TileLayer | null): void {
    layer?.element.remove();
  }
}

function isSame(left: CellLevel, right: CellLevel): boolean {
  return left.usPerCell === right.usPerCell && left.bytesPerCell === right.bytesPerCell;
}
