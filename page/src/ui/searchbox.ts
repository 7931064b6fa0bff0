// The search as it is typed: the number of hits, and going from one to the next.

import type { App } from "../app.ts";
import { printable, shortened, grouped } from "../data/text.ts";
import { operations, parsed } from "../search.ts";
import { button, fill, h, quiet } from "./dom.ts";

const LISTED = 12;

export class SearchBox {
  readonly element: HTMLElement;
  private readonly input: HTMLInputElement;
  private readonly state = h("output", { class: "hits", "aria-live": "polite" });
  private readonly list = h("div", { class: "found", hidden: true });
  private found: number[] = [];
  private at = -1;

  constructor(private readonly app: App) {
    this.input = h("input", {
      type: "search", id: "search", placeholder: "Search  ( / )", "aria-label": "Search operations and arrays", spellcheck: "false", autocomplete: "off",
      title: "Words of a name, op:Conv2D, dtype:int64, shape:3,3, device:GPU, is:changed, /regular expression/",
      oninput: () => this.search(), onkeydown: (event: KeyboardEvent) => this.onKey(event),
    });
    this.element = h("div", { class: "search", role: "search" }, this.input, this.state, this.list);
    this.element.addEventListener("focusout", (event) => {
      if (!this.element.contains(event.relatedTarget as Node)) this.list.hidden = true;
    });
  }

  focus(): void {
    this.input.focus();
    this.input.select();
  }

  set(text: string): void {
    this.input.value = text;
    this.search();
  }

  search(): void {
    const query = parsed(this.input.value);
    this.app.table.filter(query);
    this.at = -1;
    this.found = [];
    if (query.error) this.state.textContent = query.error;
    else if (!query.tests.length) this.state.textContent = "";
    else if (this.app.isTable) this.state.textContent = grouped(this.app.table.rows.length);
    else this.found = operations(this.app.graph!, query);
    if (query.tests.length && !query.error && !this.app.isTable) this.state.textContent = grouped(this.found.length);
    this.drawList();
  }

  /** Goes to the next hit, or to the one before. */
  next(step: number): void {
    if (this.app.isTable) {
      const { rows, active } = this.app.table;
      if (!rows.length) return;
      const at = rows.findIndex(({ row }) => row === active);
      this.app.chooseVariable(rows[(at + step + rows.length) % rows.length].row);
      return;
    }
    if (!this.found.length) return;
    this.at = (this.at + step + this.found.length) % this.found.length;
    this.state.textContent = `${grouped(this.at + 1)} of ${grouped(this.found.length)}`;
    this.app.go(this.found[this.at], false);
    this.drawList();
  }

  private drawList(): void {
    this.list.hidden = !this.found.length;
    const first = Math.max(0, Math.min(this.at, this.found.length - LISTED));
    const rows = this.found.slice(first, first + LISTED).map((op, place) => {
      const name = printable(shortened(this.app.graph!.name(op), 90));
      const row = button(name, "", () => { this.at = first + place - 1; this.next(1); }, { class: first + place === this.at ? "hit now" : "hit" });
      row.append(h("span", { class: "quiet" }, ` ${printable(this.app.graph!.type(op))}`));
      return row;
    });
    const more = this.found.length - first - LISTED;
    fill(this.list, ...rows, more > 0 && quiet(`and ${grouped(more)} more: Enter goes on`));
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Enter") {
      event.preventDefault();
      this.next(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      this.list.hidden = true;
      this.app.focusView();
    }
  }
}
