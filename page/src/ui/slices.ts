// Slices of the values of an array, read from the file when they are asked for.

import type { App } from "../app.ts";
import type { Variable } from "../data/model.ts";
import { statisticsOf } from "../data/statistics.ts";
import { firstSlice, placeText, plan, readSlice } from "../data/slices.ts";
import { printable, shapeText, shortNumber, grouped } from "../data/text.ts";
import { itemSize, numbers } from "../reader/dtypes.ts";
import type { StoredArray } from "../reader/source.ts";
import { button, fill, h, quiet } from "./dom.ts";
import { heatMap, histogram } from "./plots.ts";

/** Bytes of an array up to which its statistics are computed in the page, and those of a part. */
const LARGEST = 1 << 28;
const PART = 1 << 22;

/** Rows and columns of numbers that are shown as text. */
const TEXT_ROWS = 8;
const TEXT_COLUMNS = 5;

export function valuesSection(app: App, variable: Variable): HTMLElement {
  const place = h("section", { class: "values" });
  const title = h("h3", {}, "Slices");
  const array = app.arrayOf(variable);
  if (!array) {
    const why = app.source ? `${printable(app.source.name)} has no such array.` : "All values are in the file, not in this page.";
    fill(place, title, quiet(why),
      h("p", { class: "actions" }, button("Open the file …", "The file is read here and goes nowhere", () => app.askFile())));
    return place;
  }
  if (array.dtype !== variable.dtype || array.shape.join() !== variable.shape.join()) {
    fill(place, title, h("p", { class: "error" }, `In ${printable(app.source!.name)} it is ${array.dtype}, ${shapeText(array.shape)}: this is another file.`));
    return place;
  }
  fill(place, title, sliceForm(variable, array), statisticsPart(variable, array));
  return place;
}

function sliceForm(variable: Variable, array: StoredArray): HTMLElement {
  const result = h("div", { class: "slice" });
  const inputs = firstSlice(array.shape).map((text, axis) =>
    h("input", { type: "text", value: text, size: 6, "aria-label": `Axis ${axis}, of size ${array.shape[axis]}`, title: `Axis ${axis}, of size ${array.shape[axis]}: a place, : for all, or 0:10`, spellcheck: "false" }));
  let latest = 0;
  const show = async () => {
    const number = ++latest;
    const chosen = plan(array.shape, inputs.map((input) => input.value));
    if (typeof chosen === "string") {
      fill(result, h("p", { class: "error", role: "alert" }, chosen));
      return;
    }
    try {
      const values = await readSlice(array, chosen);
      if (number !== latest) return;
      const scale = values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
      const matrix = { rows: chosen.rows.length, columns: chosen.columns.length, values, scale, place: (row: number, column: number) => placeText(chosen, row, column) };
      fill(result, heatMap(matrix, `Slice of ${variable.name}`), numbersTable(matrix));
    } catch (error) {
      if (number === latest) fill(result, h("p", { class: "error", role: "alert" }, (error as Error).message));
    }
  };
  const form = h("form", { class: "axes", onsubmit: (event: Event) => { event.preventDefault(); void show(); }, onchange: () => void show() },
    "[ ", ...inputs.flatMap((input, axis) => (axis ? [", ", input] : [input])), " ]");
  void show();
  return h("div", {}, array.shape.length ? form : null, result);
}

function numbersTable({ rows, columns, values }: { rows: number; columns: number; values: ArrayLike<number> }): HTMLElement {
  const [high, wide] = [Math.min(rows, TEXT_ROWS), Math.min(columns, TEXT_COLUMNS)];
  const lines = Array.from({ length: high }, (_, row) =>
    h("tr", {}, ...Array.from({ length: wide }, (_, column) => h("td", {}, shortNumber(values[row * columns + column]))),
      columns > wide && h("td", {}, "…")));
  return h("table", { class: "numbers" }, h("caption", {}, rows > high || columns > wide ? "The first values" : "All values"), ...lines);
}

function statisticsPart(variable: Variable, array: StoredArray): HTMLElement | null {
  if (variable.statistics || array.nbytes > LARGEST || !itemSize(array.dtype)) return null;
  const place = h("div", {});
  async function* parts() {
    const step = PART - (PART % itemSize(array.dtype));
    for (let at = 0; at < array.nbytes; at += step) yield numbers(array.dtype, await array.read(at, Math.min(step, array.nbytes - at)));
  }
  statisticsOf(parts).then((found) => {
    const text = `Minimum ${shortNumber(found.minimum)}, maximum ${shortNumber(found.maximum)}, mean ${shortNumber(found.mean)}, standard deviation ${shortNumber(found.deviation)}; ${grouped(found.zeros)} zeros, ${found.nans} NaN, ${found.infinities} infinite.`;
    fill(place, h("h3", {}, "Statistics"), h("p", {}, text),
      found.histogram.length ? histogram({ minimum: found.minimum!, maximum: found.maximum!, counts: found.histogram }) : null);
  }, (error: Error) => fill(place, h("p", { class: "error" }, error.message)));
  return place;
}
