// Long chains in columns: a layout much higher than wide is cut between layers, and the pieces stand side by side.

import type { LaidOut, Point, Size } from "./layers.ts";

const LOWEST = 1500;
const SLIM = 2.5;
const BETWEEN = 70;
/** The width of a picture in columns, in its heights. */
const RATIO = 1.5;

interface Column {
  /** Where it begins in the layout, and what is left of it. */
  top: number;
  left: number;
  w: number;
  h: number;
  /** Where it stands in the picture. */
  x: number;
}

export function wrapped(laid: LaidOut, sizes: Size[]): LaidOut {
  if (laid.h < LOWEST || laid.h < SLIM * laid.w) return laid;
  const columns = columnsOf(laid, sizes);
  const numberOf = (y: number) => {
    let number = 0;
    while (number + 1 < columns.length && y >= columns[number + 1].top) number++;
    return number;
  };
  const moved = ({ x, y }: Point): Point => {
    const { top, left, x: at } = columns[numberOf(y)];
    return { x: x - left + at, y: y - top };
  };
  const routes = laid.routes.map((points) => around(points, points.map(({ y }) => numberOf(y)), columns, moved));
  const last = columns[columns.length - 1];
  return { ...laid, at: laid.at.map(moved), routes, w: last.x + last.w, h: Math.max(...columns.map(({ h }) => h)) };
}

function columnsOf(laid: LaidOut, sizes: Size[]): Column[] {
  const count = Math.max(2, Math.round(Math.sqrt(laid.h / (RATIO * (laid.w + BETWEEN)))));
  const tops = cuts(laid, sizes, count);
  const points = [...laid.routes.flat(), ...laid.at, ...laid.at.map(({ x, y }, box) => ({ x: x + sizes[box].w, y }))];
  let x = 0;
  return tops.map((top, number) => {
    const end = tops[number + 1] ?? laid.h;
    let [left, right] = [Infinity, 0];
    for (const point of points) {
      if (point.y < top || (point.y >= end && number + 1 < tops.length)) continue;
      left = Math.min(left, point.x);
      right = Math.max(right, point.x);
    }
    const column = { top, left, w: right - left, h: end - top, x };
    x += column.w + BETWEEN;
    return column;
  });
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
  const tops = [0];
  for (let column = 1; column < columns; column++) {
    const wanted = (laid.h * column) / columns;
    const found = gaps.reduce((best, gap) => (Math.abs(gap - wanted) < Math.abs(best - wanted) ? gap : best), -Infinity);
    if (found > tops[tops.length - 1]) tops.push(found);
  }
  return tops;
}

/** A wire through columns: down to the end of one, up beside it, and down again in the next. */
function around(points: Point[], numbers: number[], columns: Column[], moved: (point: Point) => Point): Point[] {
  const found: Point[] = [moved(points[0])];
  for (let at = 1; at < points.length; at++) {
    const step = numbers[at] > numbers[at - 1] ? 1 : -1;
    for (let number = numbers[at - 1]; number !== numbers[at]; number += step) {
      const { x, w, h } = columns[Math.min(number, number + step)];
      const side = x + w + BETWEEN / 2;
      const ends = [{ x: side, y: h - 6 }, { x: side, y: 6 }];
      found.push(...(step > 0 ? ends : ends.reverse()));
    }
    found.push(moved(points[at]));
  }
  return found;
}
