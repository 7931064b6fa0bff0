// The page: its parts, what is selected, and what each action does.

import { type Attributes, type Description, Graph, type Variable, variablesOf } from "./data/model.ts";
import { count, printable, grouped } from "./data/text.ts";
import { type Box, within } from "./graph/box.ts";
import { ROLES } from "./graph/roles.ts";
import { Tree } from "./graph/tree.ts";
import { type Direction, path, reached } from "./graph/walk.ts";
import { openBlob } from "./reader/open.ts";
import type { StoredArray, ValueSource } from "./reader/source.ts";
import { type State, addressOf, stateOf } from "./ui/address.ts";
import { Coloring, SCHEMES, type Scheme } from "./ui/colors.ts";
import { Controls } from "./ui/controls.ts";
import { button, fill, h } from "./ui/dom.ts";
import { GraphView } from "./ui/graphview.ts";
import { helpDialog } from "./ui/help.ts";
import { pngBlob, save, svgBlob, wholePicture } from "./ui/images.ts";
import { drawPanel } from "./ui/panel.ts";
import type { Matrix } from "./ui/plots.ts";
import { SearchBox } from "./ui/searchbox.ts";
import { operationsOf } from "./ui/selection.ts";
import { Table } from "./ui/table.ts";
import { listen } from "./ui/keys.ts";

/** What the page can read when it is needed. */
export interface Loader {
  attributes(): Promise<Attributes>;
  pictures(): Promise<Uint8Array>;
}

export class App {
  readonly graph: Graph | null = null;
  readonly tree: Tree | null = null;
  readonly view: GraphView | null = null;
  readonly variables: Variable[];
  readonly table: Table;
  readonly search: SearchBox;
  readonly help = helpDialog();
  readonly panel = h("aside", { class: "panel", "aria-label": "Selection", tabindex: 0 });
  selection: { box: Box | null; row: number } = { box: null, row: -1 };
  isTable = false;
  source: ValueSource | null = null;
  pathFrom: Box | null = null;
  private following: { direction: Direction; steps: number; box: Box } | null = null;
  private readonly controls: Controls | null = null;
  private readonly rowOf = new Map<number, number>();
  private readonly paths = new Map<string, Box>();
  private readonly status = h("output", { class: "status", role: "status" });
  private readonly rowCount = h("p", { class: "quiet row-count", role: "status" });
  private readonly graphPart = h("section", { class: "graph-part", "aria-label": "Graph" });
  private readonly tablePart = h("section", { class: "table-part", "aria-label": "Arrays" });
  private readonly tabs: Record<string, HTMLButtonElement> = {};
  private readonly file = h("input", { type: "file", hidden: true, accept: ".h5,.hdf5,.safetensors", "aria-label": "File with the values" });
  private attributes: Promise<Attributes> | null = null;
  private pictures: Promise<Uint8Array> | null = null;
  private isRestoring = false;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private readonly ending = new AbortController();

  constructor(readonly description: Description, private readonly loader: Loader, place: HTMLElement) {
    this.variables = variablesOf(description.variables);
    for (const { op, row } of this.variables) if (op >= 0) this.rowOf.set(op, row);
    if (description.graph) {
      this.graph = new Graph(description.graph);
      this.tree = new Tree(this.graph);
      for (const box of within(this.tree.root)) if (box.kind !== "operation" && !this.paths.has(box.path)) this.paths.set(box.path, box);
    }
    this.table = new Table(this.variables, description.difference !== undefined, (row) => this.chooseVariable(row), (shown) => {
      this.rowCount.textContent = shown === this.variables.length ? count(shown, "array") : `${grouped(shown)} of ${count(this.variables.length, "array")}`;
    });
    this.search = new SearchBox(this);
    if (this.tree) {
      const coloring = new Coloring(this.graph!, description.difference ? "difference" : "type", this.parameterCounts());
      const filter = { aside: new Set(ROLES), changedOnly: false };
      this.view = new GraphView(this.graph!, this.tree, filter, coloring, {
        selected: (box) => this.onSelected(box),
        said: (text) => this.say(text),
        folded: () => this.remember(false),
      });
      this.controls = new Controls(this);
    }
    this.arrange(place);
    this.view?.fitFirst();
    this.restore();
    requestAnimationFrame(() => performance.mark("first-picture"));
    addEventListener("popstate", () => this.restore(), { signal: this.ending.signal });
    listen(this, this.ending.signal);
  }

  private parameterCounts(): Map<number, number> {
    return new Map(this.variables.filter(({ op, dtype }) => op >= 0 && dtype !== "string").map(({ op, elements }) => [op, elements]));
  }

  private arrange(place: HTMLElement): void {
    const { title, difference } = this.description;
    const name = difference ? `${printable(difference[0])} → ${printable(difference[1])}` : printable(title);
    document.title = `${name} · hdfsaver`;
    for (const [view, text] of [["graph", "Graph"], ["table", "Arrays"]]) {
      this.tabs[view] = button(text, `${text} (t)`, () => this.showView(view as "graph" | "table"), { class: "tab", "aria-pressed": "false", disabled: view === "graph" && !this.view });
    }
    this.file.addEventListener("change", () => this.file.files?.[0] && void this.openFile(this.file.files[0]));
    if (this.view) fill(this.graphPart, this.controls!.bar, this.controls!.crumbs, this.view.element, this.controls!.legend);
    fill(this.tablePart, this.rowCount, this.table.element);
    fill(place,
      h("header", { class: "top" }, h("h1", { title: name }, name), h("nav", { class: "tabs", "aria-label": "Views" }, ...Object.values(this.tabs)), this.search.element,
        h("span", { class: "group" },
          button("Open a file …", "Read the values of a file in this page", () => this.askFile()),
          button("Keys", "The list of keys (?)", () => this.help.showModal())),
        h("span", { class: "private", title: "This page loads nothing from anywhere, and sends nothing" }, "Nothing leaves this machine")),
      h("main", {}, this.graphPart, this.tablePart, this.panel),
      this.status, this.file, this.help);
    addEventListener("dragover", (event) => event.preventDefault(), { signal: this.ending.signal });
    addEventListener("drop", (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (file) void this.openFile(file);
    }, { signal: this.ending.signal });
    this.showView(this.view ? "graph" : "table", false);
    drawPanel(this);
  }

  /** Listens to nothing any more: another one takes its place. */
  end(): void {
    this.ending.abort();
  }

  // -- views ---------------------------------------------------------------------------------------------------------

  showView(view: "graph" | "table", isRemembered = true): void {
    this.isTable = view === "table" || !this.view;
    this.graphPart.hidden = this.isTable;
    this.tablePart.hidden = !this.isTable;
    for (const [name, tab] of Object.entries(this.tabs)) tab.setAttribute("aria-pressed", String((name === "table") === this.isTable));
    if (this.isTable && this.selection.row >= 0) this.table.activate(this.selection.row);
    this.search.search();
    if (isRemembered) this.remember(true);
  }

  focusView(): void {
    (this.isTable ? this.table.element : this.view!.element).focus();
  }

  /** Shows a sentence for some seconds. */
  say(text: string): void {
    this.status.textContent = text;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => (this.status.textContent = ""), 9000);
  }

  // -- selection -----------------------------------------------------------------------------------------------------

  private onSelected(box: Box | null): void {
    this.selection = { box, row: box && box.op >= 0 ? (this.rowOf.get(box.op) ?? -1) : -1 };
    this.controls?.drawCrumbs(box);
    if (this.following && this.following.box !== box) this.endFollowing();
    drawPanel(this);
    this.remember(true);
  }

  chooseBox(box: Box | null, show = true): void {
    this.view!.select(box, show && box !== null);
  }

  toggle(box: Box): void {
    this.view!.toggle(box);
  }

  /** Jumps to an operation in the graph. */
  go(op: number, isFocused = true): void {
    if (this.isTable) this.showView("graph", false);
    this.chooseBox(this.boxFor(op));
    if (isFocused) this.view!.element.focus({ preventScroll: true });
  }

  /** The box of an operation; of a variable that of its scope. */
  private boxFor(op: number): Box {
    const box = this.tree!.boxOf[op];
    return box.parent?.kind === "variable" && box.parent.op === op ? box.parent : box;
  }

  /** Selects an array in the table. */
  chooseVariable(row: number): void {
    const { op } = this.variables[row];
    this.selection = { box: null, row };
    if (this.view) {
      this.view.selected = op >= 0 ? this.boxFor(op) : null;
      this.view.light();
      this.controls!.drawCrumbs(this.view.selected);
    }
    if (!this.isTable) this.showView("table", false);
    this.table.activate(row);
    drawPanel(this);
    this.remember(true);
  }

  find(text: string): void {
    if (this.isTable && this.view) this.showView("graph", false);
    this.search.set(text);
    this.search.focus();
  }

  copySelection(): void {
    const { box, row } = this.selection;
    const name = box ? (box.op >= 0 ? this.graph!.name(box.op) : box.path) : row >= 0 ? this.variables[row].name : "";
    if (name) this.copy(name);
  }

  copy(text: string): void {
    const fallback = () => {
      const area = h("textarea", { readonly: true });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    };
    const say = (done: boolean) => this.say(done ? `Copied: ${printable(text)}` : "The browser does not allow copying.");
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(() => say(true), () => say(fallback()));
    else say(fallback());
  }

  // -- what stands aside, colors, paths ------------------------------------------------------------------------------

  setAside(role: (typeof ROLES)[number], isAside: boolean): void {
    const aside = new Set(this.view!.scene.filter.aside);
    if (isAside) aside.add(role);
    else aside.delete(role);
    this.view!.scene.filter = { ...this.view!.scene.filter, aside };
    this.view!.redraw(this.selection.box);
  }

  moveAside(box: Box, isAside: boolean): void {
    box.moved = isAside;
    this.view!.redraw(box);
    drawPanel(this);
  }

  setChangedOnly(isOnly: boolean): void {
    this.view!.scene.filter = { ...this.view!.scene.filter, changedOnly: isOnly };
    this.view!.redraw();
    this.view!.fitFirst();
  }

  color(scheme: Scheme): void {
    this.view!.coloring.scheme = scheme;
    this.view!.lightOnly(null);
    this.view!.draw();
    this.controls!.drawLegend();
    this.remember(false);
  }

  /** Shows what the selection depends on, or what depends on it; again, one step more. */
  follow(direction: Direction): void {
    const { box } = this.selection;
    if (!box || !this.graph) return;
    const isMore = this.following?.direction === direction && this.following.box === box;
    const steps = isMore ? this.following!.steps * 2 : 4;
    this.following = { direction, steps, box };
    const found = reached(this.graph, operationsOf(box), direction, steps);
    this.view!.lightOnly(found);
    this.say(`${direction === "upstream" ? "It depends on" : "On it depend"} ${count(found.size - box.size, "operation")} within ${steps} steps; the same key: ${steps * 2} steps. Escape ends it.`);
  }

  endFollowing(): void {
    this.following = null;
    this.pathFrom = null;
    this.view?.lightOnly(null);
    this.say("");
  }

  /** The beginning of a path, or its end. */
  markPath(): void {
    const { box } = this.selection;
    if (!box) return;
    if (!this.pathFrom || this.pathFrom === box) {
      this.pathFrom = box;
      this.say(`A path from ${printable(box.label)}: select another box, and press p.`);
      drawPanel(this);
      return;
    }
    const [from, to] = [operationsOf(this.pathFrom), operationsOf(box)];
    const forward = path(this.graph!, from, to);
    const found = forward.length ? forward : path(this.graph!, to, from);
    this.say(found.length ? `A shortest path: ${count(found.length - 1, "step")}.` : "There is no path between them.");
    this.pathFrom = null;
    this.following = null;
    this.view!.lightOnly(found.length ? new Set(found) : null);
  }

  async savePicture(kind: "svg" | "png"): Promise<void> {
    const view = this.view!;
    const background = getComputedStyle(document.body).backgroundColor;
    try {
      const whole = wholePicture(view.picture, view.svg.querySelector("defs")!, background);
      const name = `${this.description.title.replace(/[^\w.-]+/g, "-")}.${kind}`;
      save(kind === "svg" ? svgBlob(whole) : await pngBlob(whole), name);
      this.say(`The whole picture is saved as ${name}.`);
    } catch (error) {
      this.say((error as Error).message);
    }
  }

  // -- values --------------------------------------------------------------------------------------------------------

  async attributesOf(op: number): Promise<[string, string][]> {
    this.attributes ??= this.loader.attributes();
    const { nodes, pairs } = await this.attributes;
    return (nodes?.[op] ?? []).map((pair) => pairs![pair]);
  }

  /** The small picture of an array, or null. */
  async thumbnail(variable: Variable): Promise<Matrix | null> {
    const found = this.description.variables.pictures[variable.row];
    if (!found) return null;
    this.pictures ??= this.loader.pictures();
    const bytes = await this.pictures;
    let start = 0;
    for (const [row, [rows, columns]] of Object.entries(this.description.variables.pictures)) {
      if (Number(row) === variable.row) break;
      start += rows * columns;
    }
    const [rows, columns, scale] = found;
    const codes = new Int8Array(bytes.buffer, bytes.byteOffset + start, rows * columns);
    return { rows, columns, scale, values: Float64Array.from(codes, (code) => (code === -128 ? NaN : (code / 127) * scale)) };
  }

  arrayOf(variable: Variable): StoredArray | null {
    return this.source?.arrays.get(variable.name) ?? null;
  }

  askFile(): void {
    this.file.value = "";
    this.file.click();
  }

  async openFile(file: File): Promise<void> {
    try {
      const source = await openBlob(file, this.description.group ?? "");
      const known = this.variables.filter(({ name }) => source.arrays.has(name)).length;
      if (this.variables.length && !known) throw new Error(`${file.name} has none of the arrays of this model.`);
      this.useSource(source);
      this.say(`${file.name}: ${grouped(known)} of ${count(this.variables.length, "array")} can be read. Its digests are not compared.`);
    } catch (error) {
      this.say(printable((error as Error).message));
    }
  }

  useSource(source: ValueSource): void {
    this.source = source;
    drawPanel(this);
  }

  // -- the address ---------------------------------------------------------------------------------------------------

  private remember(isStep: boolean): void {
    if (this.isRestoring) return;
    const address = addressOf(this.state());
    if (address === (location.hash || "#")) return;
    const { node, array, view } = stateOf(location.hash);
    const now = this.state();
    const isNew = isStep && (now.node !== node || now.array !== array || now.view !== view);
    history[isNew ? "pushState" : "replaceState"](null, "", address);
  }

  private state(): State {
    const boxes = this.tree ? [...within(this.tree.root)] : [];
    const { box, row } = this.selection;
    const named = (test: (each: Box) => boolean) => boxes.filter((each) => each.parent && test(each)).map(({ path }) => path);
    return {
      node: box ? box.path : "",
      array: !box && row >= 0 ? this.variables[row].name : "",
      view: this.isTable && this.view ? "table" : "",
      color: this.view && this.view.coloring.scheme !== (this.description.difference ? "difference" : "type") ? this.view.coloring.scheme : "",
      open: named(({ open }) => open),
      beside: this.view ? ROLES.filter((role) => !this.view!.scene.filter.aside.has(role)) : [],
      moved: named(({ moved }) => moved === true),
      back: named(({ moved }) => moved === false),
      changed: this.view?.scene.filter.changedOnly ?? false,
    };
  }

  /** Takes the state from the address. */
  private restore(): void {
    const state = stateOf(location.hash);
    this.isRestoring = true;
    if (this.view && location.hash.length > 1) this.restoreGraph(state);
    const row = state.array ? this.variables.findIndex(({ name }) => name === state.array) : -1;
    this.showView(state.view === "table" || row >= 0 || !this.view ? "table" : "graph", false);
    if (row >= 0) this.chooseVariable(row);
    else if (this.view) this.chooseBox(this.boxOfPath(state.node));
    this.isRestoring = false;
    this.remember(false);
  }

  private restoreGraph(state: State): void {
    const view = this.view!;
    for (const box of within(this.tree!.root)) {
      if (!box.parent) continue;
      box.open = false;
      box.moved = null;
    }
    const each = (paths: string[], give: (box: Box) => void) => paths.forEach((name) => {
      const box = this.paths.get(name) ?? this.boxOfPath(name);
      if (box) give(box);
    });
    each(state.open, (box) => (box.open = box.children.length > 0));
    each(state.moved, (box) => (box.moved = true));
    each(state.back, (box) => (box.moved = false));
    view.scene.filter = { aside: new Set(ROLES.filter((role) => !state.beside.includes(role))), changedOnly: state.changed };
    for (const input of this.controls!.bar.querySelectorAll<HTMLInputElement>("input[data-role]")) input.checked = state.beside.includes(input.dataset.role!);
    const scheme = SCHEMES.find((each) => each === state.color);
    if (scheme) view.coloring.scheme = scheme;
    view.scene.changed(null);
    view.draw();
    this.controls!.drawLegend();
  }

  private boxOfPath(name: string): Box | null {
    if (!name || !this.graph) return null;
    const op = this.graph.find(name);
    const scope = this.paths.get(name) ?? null;
    return op >= 0 ? this.boxFor(op) : scope;
  }
}
