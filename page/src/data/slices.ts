// A slice of an array as a matrix, read row by row.

import { itemSize, numbers } from "../reader/dtypes.ts";
import type { StoredArray } from "../reader/source.ts";

/** Rows and columns of a matrix, at most; of a longer axis every n-th place is taken. */
export const SIDE = 400;

/** Bytes that are read at once, and for one row, at most. */
const AT_ONCE = 1 << 23;
const PER_ROW = 1 << 24;
const TOGETHER = 8;

export interface Axis {
  /** Every place that is taken, or the only one. */
  places: number[];
  isOpen: boolean;
}

export interface SlicePlan {
  rows: number[];
  columns: number[];
  /** Which axes they are; -1 for none. */
  rowAxis: number;
  columnAxis: number;
  fixed: number[];
}

/** The places of an axis by NumPy's notation: `3`, `-1`, `:`, `2:10`; a string says what is wrong. */
export function parsedAxis(text: string, size: number): Axis | string {
  const word = text.trim();
  if (/^-?\d+$/.test(word)) {
    const place = Number(word) < 0 ? Number(word) + size : Number(word);
    return place >= 0 && place < size ? { places: [place], isOpen: false } : `${word} is not within 0 to ${size - 1}.`;
  }
  const found = /^(-?\d*)\s*:\s*(-?\d*)$/.exec(word);
  if (!found) return `"${word}" is neither a place nor a range such as 0:10.`;
  const bound = (digits: string, other: number) => {
    if (digits === "" || digits === "-") return other;
    const place = Number(digits);
    return Math.max(0, Math.min(size, place < 0 ? place + size : place));
  };
  const [start, stop] = [bound(found[1], 0), bound(found[2], size)];
  if (stop <= start) return `${word} is empty.`;
  const step = Math.max(1, Math.ceil((stop - start) / SIDE));
  const places: number[] = [];
  for (let place = start; place < stop; place += step) places.push(place);
  return { places, isOpen: true };
}

/** The plan of a slice; a string says what is wrong. */
export function plan(shape: number[], texts: string[]): SlicePlan | string {
  const fixed: number[] = [];
  const open: { axis: number; places: number[] }[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const found = parsedAxis(texts[axis] ?? ":", shape[axis]);
    if (typeof found === "string") return `Axis ${axis}: ${found}`;
    fixed.push(found.places[0]);
    if (found.isOpen) open.push({ axis, places: found.places });
  }
  if (open.length > 2) return "Choose one place of all axes but two.";
  const column = open.at(-1) ?? { axis: -1, places: [0] };
  const row = open.length > 1 ? open[0] : { axis: -1, places: [0] };
  return { rows: row.places, columns: column.places, rowAxis: row.axis, columnAxis: column.axis, fixed };
}

/** The first slice of an array: its last two axes. */
export function firstSlice(shape: number[]): string[] {
  return shape.map((_, axis) => (axis >= shape.length - 2 ? ":" : "0"));
}

/** The place of an element in the whole array, for people. */
export function placeText(chosen: SlicePlan, row: number, column: number): string {
  const place = [...chosen.fixed];
  if (chosen.rowAxis >= 0) place[chosen.rowAxis] = chosen.rows[row];
  if (chosen.columnAxis >= 0) place[chosen.columnAxis] = chosen.columns[column];
  return `[${place.join(", ")}]`;
}

export async function readSlice(array: StoredArray, chosen: SlicePlan): Promise<Float64Array> {
  const item = itemSize(array.dtype);
  if (!item) throw new Error(`Values of the dtype ${array.dtype} cannot be drawn.`);
  const strides = array.shape.map((_, axis) => array.shape.slice(axis + 1).reduce((product, size) => product * size, item));
  const { rows, columns, rowAxis, columnAxis, fixed } = chosen;
  const base = fixed.reduce((sum, place, axis) => (axis === rowAxis || axis === columnAxis ? sum : sum + place * strides[axis]), 0);
  const columnStride = columnAxis < 0 ? 0 : strides[columnAxis];
  const starts = rows.map((row) => base + (rowAxis < 0 ? 0 : row * strides[rowAxis]) + columns[0] * columnStride);
  const span = (columns[columns.length - 1] - columns[0]) * columnStride + item;
  if (span > PER_ROW) throw new Error("The values of a row are too far from each other in the file; leave the last axis open.");
  const found = new Float64Array(rows.length * columns.length);
  const fill = (row: number, bytes: Uint8Array, at: number) => {
    columns.forEach((column, place) => {
      const offset = at + (column - columns[0]) * columnStride;
      found[row * columns.length + place] = numbers(array.dtype, bytes.subarray(offset, offset + item))[0];
    });
  };
  const whole = starts[starts.length - 1] + span - starts[0];
  if (whole <= AT_ONCE) {
    const bytes = await array.read(starts[0], whole);
    starts.forEach((start, row) => fill(row, bytes, start - starts[0]));
    return found;
  }
  for (let row = 0; row < rows.length; row += TOGETHER) {
    const some = starts.slice(row, row + TOGETHER);
    const read = await Promise.all(some.map((start) => array.read(start, span)));
    read.forEach((bytes, number) => fill(row + number, bytes, 0));
  }
  return found;
}
