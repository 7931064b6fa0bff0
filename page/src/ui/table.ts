// The table of arrays: only the rows that are seen are in the document.

import { type Variable } from "../data/model.ts";
import { bytesText, printable, shapeText, shortNumber } from "../data/text.ts";
import { type Query, findsVariable } from "../search.ts";
import { h } from "./dom.ts";
import { sparkline } from "./plots.ts";

const ROW = 28;
const GAP = 10;
const BEYOND = 8;

type Value = number | string | null;

interface Column {
  title: string;
  width: string;
  isNumber: boolean;
  value: (variable: Variable) => Value;
  text: (variable: Variable) => string | Node;
}

const number = (title: string, width: string, value: (variable: Variable) => number | null, text = shortNumber): Column => ({
  title, width, isNumber: true, value, text: (variable) => text(value(variable)),
});

function columnsOf(variables: Variable[], isDifference: boolean): Column[] {
  const columns: Column[] = [
    { title: "Name", width: "minmax(250px, 3fr)", isNumber: false, value: ({ name }) => name, text: ({ name }) => printable(name) },
    { title: "Dtype", width: "84px", isNumber: false, value: ({ dtype }) => dtype, text: ({ dtype }) => printable(dtype) },
    { title: "Shape", width: "minmax(120px, 1fr)", isNumber: false, value: ({ shape }) => shape.map((size) => String(size).padStart(12, "0")).join(), text: ({ shape }) => shapeText(shape) },
    number("Elements", "92px", ({ elements }) => elements),
    number("Bytes", "74px", ({ nbytes }) => nbytes, (value) => bytesText(value ?? 0)),
  ];
  if (isDifference) {
    columns.push(
      { title: "Difference", width: "86px", isNumber: false, value: ({ mark }) => mark, text: ({ mark }) => mark },
      number("Largest diff", "100px", ({ difference }) => difference?.[0] ?? null),
      number("Mean diff", "86px", ({ difference }) => difference?.[1] ?? null),
    );
  }
  if (variables.some(({ statistics }) => statistics)) {
    columns.push(
      { title: "Histogram", width: "96px", isNumber: false, value: () => null, text: ({ statistics }) => (statistics?.histogram.length ? sparkline(statistics.histogram) : "") },
      number("Min", "84px", ({ statistics }) => statistics?.minimum ?? null),
      number("Max", "84px", ({ statistics }) => statistics?.maximum ?? null),
      number("Mean", "84px", ({ statistics }) => statistics?.mean ?? null),
      number("Std", "84px", ({ statistics }) => statistics?.deviation ?? null),
      number("Zeros", "84px", ({ statistics }) => statistics?.zeros ?? null),
      number("NaN, inf", "76px", ({ statistics }) => (statistics ? statistics.nans + statistics.infinities : null)),
    );
  }
  return columns;
}

export class Table {
  readonly element: HTMLElement;
  rows: Variable[];
  active = -1;
  private readonly columns: Column[];
  private readonly head: HTMLElement;
  private readonly body = h("div", { class: "rows", role: "rowgroup" });
  private readonly scroll: HTMLElement;
  private sorted = -1;
  private isDown = false;
  private query: Query = { error: "", tests: [] };
  private waiting = false;

  constructor(
    private readonly variables: Variable[], isDifference: boolean,
    private readonly choose: (row: number) => void, private readonly changed: (shown: number) => void,
  ) {
    this.columns = columnsOf(variables, isDifference);
    this.rows = variables;
    const grid = this.columns.map(({ width }) => width).join(" ");
    this.head = h("div", { class: "table-head", role: "row", "aria-rowindex": 1 }, ...this.columns.map((column, at) =>
      h("span", { role: "columnheader", class: column.isNumber ? "number" : "", "aria-sort": "none" },
        column.title === "Histogram" ? h("b", {}, column.title) : h("button", { type: "button", title: `Sort by ${column.title.toLowerCase()}`, onclick: () => this.sort(at) }, column.title))));
    this.scroll = h("div", {
      class: "table", role: "grid", tabindex: 0, "aria-label": "Arrays", "aria-colcount": this.columns.length,
      onscroll: () => this.later(), onkeydown: (event: KeyboardEvent) => this.onKey(event),
    }, h("div", { role: "rowgroup", class: "head-group" }, this.head), this.body);
    this.element = this.scroll;
    this.element.style.setProperty("--columns", grid);
    const narrowest = this.columns.reduce((sum, { width }) => sum + Number(/\d+/.exec(width)![0]) + GAP, 2 * GAP);
    this.element.style.setProperty("--narrowest", `${narrowest}px`);
    this.body.addEventListener("click", (event) => this.onClick(event));
    new ResizeObserver(() => this.later()).observe(this.scroll);
    if (isDifference) this.sortBy("Largest diff", true);
    this.arrange();
  }

  filter(query: Query): void {
    this.query = query;
    this.arrange();
  }

  private sortBy(title: string, isDown: boolean): void {
    this.sorted = this.columns.findIndex((column) => column.title === title);
    this.isDown = isDown;
  }

  private sort(column: number): void {
    this.isDown = this.sorted === column ? !this.isDown : this.columns[column].isNumber;
    this.sorted = column;
    this.arrange();
  }

  private arrange(): void {
    const { tests } = this.query;
    this.rows = tests.length ? this.variables.filter((variable) => findsVariable(variable, this.query)) : [...this.variables];
    const column = this.columns[this.sorted];
    if (column) {
      const keys = new Map(this.rows.map((variable) => [variable, column.value(variable)]));
      const sign = this.isDown ? -1 : 1;
      this.rows.sort((a, b) => compare(keys.get(a)!, keys.get(b)!, sign) || a.row - b.row);
    }
    [...this.head.children].forEach((cell, at) =>
      cell.setAttribute("aria-sort", at === this.sorted ? (this.isDown ? "descending" : "ascending") : "none"));
    this.scroll.setAttribute("aria-rowcount", String(this.rows.length + 1));
    this.changed(this.rows.length);
    this.draw();
  }

  /** Makes a row the active one, and moves it into sight. */
  activate(row: number): void {
    this.active = row;
    const at = this.rows.findIndex((variable) => variable.row === row);
    if (at >= 0) {
      const [top, high] = [at * ROW, this.scroll.clientHeight - 2 * ROW];
      if (top < this.scroll.scrollTop || top > this.scroll.scrollTop + high) this.scroll.scrollTop = Math.max(0, top - high / 2);
    }
    this.draw();
  }

  private later(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  private draw(): void {
    this.body.style.height = `${this.rows.length * ROW}px`;
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / ROW) - BEYOND);
    const last = Math.min(this.rows.length, Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / ROW) + BEYOND);
    const shown: HTMLElement[] = [];
    for (let at = first; at < last; at++) shown.push(this.rowElement(this.rows[at], at));
    if (!this.rows.length) shown.push(h("div", { role: "row", class: "row none" }, h("span", { role: "gridcell" }, "No array is like this.")));
    this.body.replaceChildren(...shown);
    const active = shown.find((row) => row.getAttribute("aria-selected") === "true");
    if (active) this.scroll.setAttribute("aria-activedescendant", active.id);
    else this.scroll.removeAttribute("aria-activedescendant");
  }

  private rowElement(variable: Variable, at: number): HTMLElement {
    const cells = this.columns.map((column) => h("span", { role: "gridcell", class: column.isNumber ? "number" : "" }, column.text(variable)));
    const row = h("div", {
      id: `row-${variable.row}`, role: "row", class: `row${variable.error ? " error" : ""} mark-${variable.mark}`,
      "aria-rowindex": at + 2, "aria-selected": variable.row === this.active ? "true" : "false", "data-row": variable.row,
      title: variable.error ? printable(variable.error) : printable(variable.name),
    }, ...cells);
    row.style.top = `${at * ROW}px`;
    return row;
  }

  private onClick(event: MouseEvent): void {
    const row = (event.target as Element).closest("[data-row]");
    if (row) this.choose(Number(row.getAttribute("data-row")));
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW) - 2);
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || !this.rows.length || event.target !== this.scroll) return;
    event.preventDefault();
    const at = this.rows.findIndex((variable) => variable.row === this.active);
    const next = Math.max(0, Math.min(this.rows.length - 1, at < 0 && step > 0 && step < Infinity ? 0 : at + step));
    this.choose(this.rows[next].row);
  }
}

/** Missing values are last in both directions. */
function compare(a: Value, b: Value, sign: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a === b ? 0 : sign * (a < b ? -1 : 1);
}
