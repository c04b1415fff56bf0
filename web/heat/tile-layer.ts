/**
 * One picture of the world at one size of cells, as square canvases that the browser moves and
 * scales. A tile is drawn once; new columns are added to it, and panning or zooming only moves it.
 */
import type { AddressAxis } from './address-axis.ts';
import type { HeatHistory } from './heat-history.ts';
import { type ColumnScratch, columnScratch, NO_DATA, rasterColumn } from './heat-raster.ts';
import type { CellLevel, HeatView } from './heat-view.ts';

const TILE = 256;
/** 256 KiB of pixels and 64 KiB of levels each. */
const MAX_TILES = 400;
/** Places of tiles are relative to an anchor, since style sheets lose exactness far out. */
const MAX_TILES_FROM_ANCHOR = 4096;

/** What tiles are drawn from. */
export interface HeatSource {
  readonly history: HeatHistory;
  readonly axis: AddressAxis;
  /** Where column 0 begins. */
  readonly originUs: number;
}

interface Tile {
  readonly column: number;
  readonly row: number;
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly image: ImageData;
  readonly pixels: Uint32Array;
  /** Column by column. */
  readonly levels: Uint8Array;
  /** Columns that are drawn; what is right of them is not known yet. */
  drawnUntilUs: number;
}

const scratch: ColumnScratch = columnScratch(TILE);

/** The tiles of one size of cells. */
export class TileLayer {
  readonly element: HTMLElement;
  readonly level: CellLevel;
  readonly #source: HeatSource;
  readonly #tiles = new Map<string, Tile>();
  #palette: Uint32Array;
  #anchor = { column: 0, row: 0 };
  #transform = '';

  constructor(source: HeatSource, level: CellLevel, palette: Uint32Array) {
    this.#source = source;
    this.level = level;
    this.#palette = palette;
    this.element = document.createElement('div');
    this.element.className = 'heat-layer';
  }

  /** Moves and scales the picture to a view; draws nothing. */
  place(view: HeatView): void {
    const { usPerCell, bytesPerCell } = this.level;
    const first = this.#firstTile(view);
    const away = Math.max(
      Math.abs(first.column - this.#anchor.column),
      Math.abs(first.row - this.#anchor.row),
    );
    if (away > MAX_TILES_FROM_ANCHOR) this.#moveAnchor(first);
    const anchorUs = this.#source.originUs + this.#anchor.column * TILE * usPerCell;
    const anchorOffset = this.#anchor.row * TILE * bytesPerCell;
    const x = (anchorUs - view.fromUs) / view.usPerPixel;
    const y = (anchorOffset - view.offset) / view.bytesPerPixel;
    const scaleX = usPerCell / view.usPerPixel;
    const scaleY = bytesPerCell / view.bytesPerPixel;
    const transform = `translate(${x}px,${y}px) scale(${scaleX},${scaleY})`;
    if (transform === this.#transform) return;
    this.#transform = transform;
    this.element.style.transform = transform;
  }

  /**
   * Draws what a view lacks, until `mayGoOn` says no.
   * @returns whether nothing is lacking
   */
  draw(view: HeatView, mayGoOn: () => boolean): boolean {
    const { column: firstColumn, row: firstRow } = this.#firstTile(view);
    const { usPerCell, bytesPerCell } = this.level;
    const { history, axis, originUs } = this.#source;
    const toUs = Math.min(view.fromUs + view.width * view.usPerPixel, history.toUs);
    const toOffset = Math.min(view.offset + view.height * view.bytesPerPixel, axis.totalBytes);
    // From the newest on: that is where people look.
    const lastColumn = Math.ceil((toUs - originUs) / (TILE * usPerCell)) - 1;
    const lastRow = Math.ceil(toOffset / (TILE * bytesPerCell)) - 1;
    for (let column = lastColumn; column >= firstColumn; column--) {
      for (let row = firstRow; row <= lastRow; row++) {
        const tile = this.#tileAt(column, row);
        if (this.#isComplete(tile)) continue;
        if (!mayGoOn()) return false;
        this.#drawTile(tile);
      }
    }
    this.#forgetFarTiles(firstColumn, lastColumn);
    return true;
  }

  /** Has all tiles drawn anew, in place, once they are in sight. */
  redraw(): void {
    for (const tile of this.#tiles.values()) tile.drawnUntilUs = Number.NEGATIVE_INFINITY;
  }

  /** Colours all tiles anew. */
  recolour(palette: Uint32Array): void {
    this.#palette = palette;
    for (const tile of this.#tiles.values()) {
      for (let column = 0; column < TILE; column++) this.#colourColumn(tile, column);
      tile.context.putImageData(tile.image, 0, 0);
    }
  }

  #firstTile(view: HeatView): { column: number; row: number } {
    const { usPerCell, bytesPerCell } = this.level;
    const { history, originUs } = this.#source;
    const fromUs = Math.max(view.fromUs, history.fromUs);
    return {
      column: Math.floor((fromUs - originUs) / (TILE * usPerCell)),
      row: Math.floor(view.offset / (TILE * bytesPerCell)),
    };
  }

  #tileAt(column: number, row: number): Tile {
    const key = `${column} ${row}`;
    const known = this.#tiles.get(key);
    if (known !== undefined) return known;
    const canvas = document.createElement('canvas');
    canvas.width = TILE;
    canvas.height = TILE;
    const context = canvas.getContext('2d')!;
    const image = context.createImageData(TILE, TILE);
    const pixels = new Uint32Array(image.data.buffer);
    const levels = new Uint8Array(TILE * TILE);
    const drawnUntilUs = Number.NEGATIVE_INFINITY;
    const tile = { column, row, canvas, context, image, pixels, levels, drawnUntilUs };
    this.#tiles.set(key, tile);
    this.#placeTile(tile);
    this.element.append(canvas);
    return tile;
  }

  #placeTile({ canvas, column, row }: Tile): void {
    const x = (column - this.#anchor.column) * TILE;
    const y = (row - this.#anchor.row) * TILE;
    canvas.style.transform = `translate(${x}px,${y}px)`;
  }

  #moveAnchor(anchor: { column: number; row: number }): void {
    this.#anchor = anchor;
    for (const tile of this.#tiles.values()) this.#placeTile(tile);
  }

  #startUs({ column }: Tile): number {
    return this.#source.originUs + column * TILE * this.level.usPerCell;
  }

  #isComplete(tile: Tile): boolean {
    const endUs = this.#startUs(tile) + TILE * this.level.usPerCell;
    return tile.drawnUntilUs >= Math.min(endUs, this.#source.history.toUs);
  }

  /** Draws the columns of a tile that have got something new. */
  #drawTile(tile: Tile): void {
    const { usPerCell, bytesPerCell } = this.level;
    const { history, axis } = this.#source;
    const startUs = this.#startUs(tile);
    const fromUs = Math.max(tile.drawnUntilUs, startUs, history.fromUs);
    const first = Math.max(Math.floor((fromUs - startUs) / usPerCell), 0);
    const last = Math.min(Math.ceil((history.toUs - startUs) / usPerCell), TILE) - 1;
    const grid = { offset: tile.row * TILE * bytesPerCell, bytesPerCell, nrCells: TILE };
    for (let column = first; column <= last; column++) {
      const levels = tile.levels.subarray(column * TILE, (column + 1) * TILE);
      const cellUs = startUs + column * usPerCell;
      rasterColumn(history, axis, cellUs, cellUs + usPerCell, grid, scratch, levels);
      this.#colourColumn(tile, column);
    }
    tile.drawnUntilUs = history.toUs;
    if (last < first) return;
    tile.context.putImageData(tile.image, 0, 0, first, 0, last - first + 1, TILE);
  }

  #colourColumn({ levels, pixels }: Tile, column: number): void {
    const palette = this.#palette;
    let place = column;
    for (let cell = column * TILE; cell < (column + 1) * TILE; cell++, place += TILE) {
      pixels[place] = palette[levels[cell] ?? NO_DATA]!;
    }
  }

  /** Tiles that are furthest from the view go first. */
  #forgetFarTiles(firstColumn: number, lastColumn: number): void {
    if (this.#tiles.size <= MAX_TILES) return;
    const middle = (firstColumn + lastColumn) / 2;
    const byDistance = [...this.#tiles].sort(
      ([, a], [, b]) => Math.abs(b.column - middle) - Math.abs(a.column - middle),
    );
    for (const [key, tile] of byDistance.slice(0, this.#tiles.size - MAX_TILES)) {
      if (tile.column >= firstColumn && tile.column <= lastColumn) break;
      tile.canvas.remove();
      this.#tiles.delete(key);
    }
  }
}
