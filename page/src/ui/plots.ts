// A histogram as SVG, and a matrix of numbers as a picture.

import { printable, shortNumber, grouped } from "../data/text.ts";
import { h, s } from "./dom.ts";

export interface Bars {
  minimum: number;
  maximum: number;
  counts: number[];
}

export function histogram({ minimum, maximum, counts }: Bars, w = 296, high = 96): SVGSVGElement {
  const most = Math.max(1, ...counts);
  const step = w / counts.length;
  const text = `Histogram from ${shortNumber(minimum)} to ${shortNumber(maximum)}, at most ${grouped(most)} in a bar`;
  const picture = s("svg", { class: "histogram", viewBox: `0 0 ${w} ${high + 18}`, role: "img", "aria-label": text });
  counts.forEach((count, at) => {
    const height = count ? Math.max(1, (count / most) * high) : 0;
    const low = minimum + ((maximum - minimum) * at) / counts.length;
    const end = minimum + ((maximum - minimum) * (at + 1)) / counts.length;
    picture.append(s("rect", { x: at * step, y: high - height, width: Math.max(step - 1, 1), height },
      s("title", {}, `${shortNumber(low)} to ${shortNumber(end)}: ${grouped(count)}`)));
  });
  if (minimum < 0 && maximum > 0) {
    const x = (-minimum / (maximum - minimum)) * w;
    picture.append(s("line", { class: "zero", x1: x, x2: x, y1: 0, y2: high }));
  }
  picture.append(
    s("line", { class: "axis", x1: 0, x2: w, y1: high, y2: high }),
    s("text", { x: 0, y: high + 13 }, shortNumber(minimum)),
    s("text", { x: w, y: high + 13, "text-anchor": "end" }, shortNumber(maximum)),
  );
  return picture;
}

/** A small histogram for a row of the table. */
export function sparkline(counts: number[], w = 84, high = 20): SVGSVGElement {
  const most = Math.max(1, ...counts);
  const step = w / counts.length;
  const steps = counts.map((count, at) => `M${(at * step).toFixed(1)} ${high}v-${((count / most) * high).toFixed(1)}`);
  return s("svg", { class: "sparkline", viewBox: `0 0 ${w} ${high}`, width: w, height: high, "aria-hidden": "true" },
    s("path", { d: steps.join(""), "stroke-width": Math.max(step - 0.4, 1) }));
}

export interface Matrix {
  rows: number;
  columns: number;
  /** Row by row. */
  values: ArrayLike<number>;
  /** The absolute value of the strongest color. */
  scale: number;
  /** The place in the array of a row and a column, for people. */
  place?: (row: number, column: number) => string;
}

/** From blue for negative numbers to white for zero to red; gray for NaN. */
export function colorOf(value: number, scale: number): [number, number, number] {
  if (Number.isNaN(value)) return [128, 128, 128];
  const part = Math.max(-1, Math.min(1, value / (scale || 1)));
  const strength = Math.sqrt(Math.abs(part));
  const end = part < 0 ? [33, 102, 172] : [178, 24, 43];
  return end.map((channel) => Math.round(247 + (channel - 247) * strength)) as [number, number, number];
}

export function heatMap(matrix: Matrix, label: string, widest = 296, highest = 260): HTMLElement {
  const { rows, columns, values, scale } = matrix;
  const canvas = h("canvas", { class: "heat", width: columns, height: rows, role: "img", "aria-label": printable(label) });
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) {
    const [r, g, b] = colorOf(values[at], scale);
    image.data.set([r, g, b, 255], at * 4);
  }
  context.putImageData(image, 0, 0);
  const zoom = Math.max(1, Math.min(widest / columns, highest / rows, 24));
  canvas.style.width = `${Math.min(widest, Math.max(columns * zoom, 24))}px`;
  canvas.style.height = `${Math.min(highest, Math.max(rows * zoom, 14))}px`;
  const note = h("output", { class: "under" }, "\u00a0");
  canvas.addEventListener("mousemove", (event) => {
    const column = Math.min(columns - 1, Math.floor((event.offsetX / canvas.clientWidth) * columns));
    const row = Math.min(rows - 1, Math.floor((event.offsetY / canvas.clientHeight) * rows));
    const value = values[row * columns + column];
    const place = matrix.place?.(row, column) ?? `[${row}, ${column}]`;
    note.textContent = `${place} = ${Number.isNaN(value) ? "NaN" : shortNumber(value)}`;
  });
  return h("figure", { class: "plot" }, canvas, ramp(scale), note);
}

function ramp(scale: number): HTMLElement {
  const canvas = h("canvas", { class: "ramp", width: 61, height: 1, "aria-hidden": "true" });
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(61, 1);
  for (let at = 0; at < 61; at++) image.data.set([...colorOf(at / 30 - 1, 1), 255], at * 4);
  context.putImageData(image, 0, 0);
  return h("div", { class: "scale" }, h("span", {}, shortNumber(-scale)), canvas, h("span", {}, shortNumber(scale)));
}
