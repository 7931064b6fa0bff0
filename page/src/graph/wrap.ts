// Long chains in columns: a layout much higher than wide is cut between layers, and the pieces stand side by side.

import type { LaidOut, Point, Size } from "./layers.ts";

const LOWEST = 1500;
const SLIM = 3.5;
const BETWEEN = 70;
/** The width of a column that is as high as the picture is wide, at least. */
const RATIO = 1.5;

export function wrapped(laid: LaidOut, sizes: Size[]): LaidOut {
  if (laid.h < LOWEST || laid.h < SLIM * laid.w) return laid;
  const columns = Math.max(2, Math.round(Math.sqrt(laid.h / (RATIO * (laid.w + BETWEEN)))));
  const starts = cuts(laid, sizes, columns);
  const columnOf = (y: number) => {
    let column = 0;
    while (column + 1 < starts.length && y >= starts[column + 1]) column++;
    return column;
  };
  const moved = ({ x, y }: Point): Point => {
    const column = columnOf(y);
    return { x: x + column * (laid.w + BETWEEN), y: y - starts[column] };
  };
  const at = laid.at.map(moved);
  const routes = laid.routes.map((points) => {
    const columns = points.map(({ y }) => columnOf(y));
    if (columns.every((column) => column === columns[0])) return points.map(moved);
    return around(points.map(moved), columns, laid, starts);
  });
  const h = Math.max(...starts.map((start, at) => (starts[at + 1] ?? laid.h) - start));
  return { ...laid, at, routes, w: starts.length * (laid.w + BETWEEN) - BETWEEN, h };
}

/** The heights at which columns begin: between boxes, near equal parts. */
function cuts(laid: LaidOut, sizes: Size[], columns: number): number[] {
  const spans = laid.at.map(({ y }, box): [number, number] => [y, y + sizes[box].h]).sort((a, b) => a[0] - b[0]);
  const gaps: number[] = [];
  let end = 0;
  for (const [top, bottom] of spans) {
    if (top > end) gaps.push((top + end) / 2);
    end = Math.max(end, bottom);
  }
  const starts = [0];
  for (let column = 1; column < columns; column++) {
    const wanted = (laid.h * column) / columns;
    const found = gaps.reduce((best, gap) => (Math.abs(gap - wanted) < Math.abs(best - wanted) ? gap : best), -Infinity);
    if (found > starts[starts.length - 1]) starts.push(found);
  }
  return starts;
}

/** A wire to the next column: down to its end, up between the columns, and down again. */
function around(points: Point[], columns: number[], laid: LaidOut, starts: number[]): Point[] {
  const found: Point[] = [points[0]];
  for (let at = 1; at < points.length; at++) {
    if (columns[at] !== columns[at - 1]) {
      const isLater = columns[at] > columns[at - 1];
      const column = Math.min(columns[at], columns[at - 1]);
      const x = column * (laid.w + BETWEEN) + laid.w + BETWEEN / 2;
      const height = (starts[column + 1] ?? laid.h) - starts[column];
      const ends = [height - 6, 6];
      found.push({ x, y: isLater ? ends[0] : ends[1] }, { x, y: isLater ? ends[1] : ends[0] });
    }
    found.push(points[at]);
  }
  return found;
}
