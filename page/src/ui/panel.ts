// The panel beside graph and table: everything about the selected operation, scope or array.

import type { App } from "../app.ts";
import type { Variable } from "../data/model.ts";
import { bytesText, count, printable, shapeText, shortNumber, shortened, grouped } from "../data/text.ts";
import { type Box, within } from "../graph/box.ts";
import { isAside } from "../graph/visible.ts";
import { button, fill, h, quiet } from "./dom.ts";
import { heatMap, histogram } from "./plots.ts";
import { operationsOf } from "./selection.ts";
import { valuesSection } from "./slices.ts";

const LISTED = 40;

export function drawPanel(app: App): void {
  const { box, row } = app.selection;
  const parts: Node[] = [];
  const variable = row >= 0 ? app.variables[row] : null;
  if (box) parts.push(...(box.op >= 0 ? operationPart(app, box, variable) : scopePart(app, box)));
  else if (variable) parts.push(...variablePart(app, variable, false));
  if (!parts.length) parts.push(...modelPart(app));
  fill(app.panel, ...parts);
  app.panel.scrollTop = 0;
}

function heading(text: string, kind: string): HTMLElement {
  return h("header", {}, h("p", { class: "kind" }, kind), h("h2", {}, ...breakable(text)));
}

function list(rows: [string, Node | string][]): HTMLElement {
  return h("dl", {}, ...rows.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]));
}

function section(title: string, ...children: (Node | string | null)[]): HTMLElement {
  return h("section", {}, h("h3", {}, title), ...children);
}

function modelPart(app: App): Node[] {
  const { description } = app;
  const facts = description.facts.map(([key, value]): [string, string] => [printable(key), printable(value)]);
  if (app.graph) facts.splice(1, 0, ["Operations", grouped(app.graph.size)]);
  const parts: Node[] = [heading(description.title, "Model"), list(facts)];
  if (description.difference) parts.push(...differencePart(app));
  if (app.graph) parts.push(section("Types of operations", typesList(app, app.tree!.root)));
  return parts;
}

function differencePart(app: App): Node[] {
  const [before, after] = app.description.difference!.map(printable);
  const summary = (marks: Record<string, number>) =>
    ["added", "removed", "changed"].map((mark) => `${grouped(marks[mark] ?? 0)} ${mark}`).join(", ");
  const rows: [string, string][] = [["From", before], ["To", after]];
  if (app.tree) rows.push(["Operations", summary(app.tree.root.marks)]);
  const marks: Record<string, number> = {};
  for (const { mark } of app.variables) marks[mark] = (marks[mark] ?? 0) + 1;
  rows.push(["Arrays", summary(marks)]);
  const largest = [...app.variables].filter(({ difference }) => difference).sort((a, b) => b.difference![0] - a.difference![0]).slice(0, 12);
  const items = largest.map((variable) =>
    item(link(variable.name, () => app.chooseVariable(variable.row)), ` ${shortNumber(variable.difference![0])}`));
  return [section("Difference", list(rows)), ...(items.length ? [section("Largest differences of arrays", h("ol", {}, ...items))] : [])];
}

function link(text: string, act: () => void, title = ""): HTMLButtonElement {
  const found = button("", title, act, { class: "link" });
  found.append(...breakable(text));
  return found;
}

/** A name that may be broken behind its slashes. */
function breakable(text: string): (string | Node)[] {
  return printable(shortened(text, 300)).split(/(?<=\/)/).flatMap((part) => [part, h("wbr")]);
}

function item(first: Node, rest: string): HTMLLIElement {
  return h("li", {}, first, h("span", { class: "quiet" }, rest));
}

function copyButtons(app: App, name: string, tensor: string | null): HTMLElement {
  return h("p", { class: "actions" },
    button("Copy name", "Copy the name (c)", () => app.copy(name)),
    tensor !== null && button(`Copy ${printable(shortened(tensor, 24))}`, "Copy the name of the tensor", () => app.copy(tensor)));
}

function operationPart(app: App, box: Box, variable: Variable | null): Node[] {
  const graph = app.graph!;
  const op = box.op;
  const outputs = graph.outputs(op);
  const kind = box.kind === "variable" ? "Variable" : "Operation";
  const facts: [string, Node | string][] = [["Type", link(graph.type(op), () => app.find(`op:/^${escaped(graph.type(op))}$/`), "Find all of this type")]];
  if (graph.device(op)) facts.push(["Device", printable(graph.device(op))]);
  if (box.children.length) facts.push(["In its scope", count(box.size, "operation")]);
  const parts: Node[] = [
    heading(graph.name(op), kind),
    ...boxActions(app, box),
    copyButtons(app, graph.name(op), outputs.length ? `${graph.name(op)}:0` : null),
    list(facts),
  ];
  const changed = graph.columns.changes?.[op];
  if (graph.mark(op) !== "same") {
    parts.push(section(`Difference: ${graph.mark(op)}`, h("ul", {}, ...(changed ?? []).map((text) => h("li", {}, printable(text))))));
  }
  if (variable) parts.push(...variablePart(app, variable, true));
  parts.push(inputsSection(app, op), outputsSection(app, op));
  const controls = graph.controlInputs(op);
  if (controls.length) parts.push(section(`Waits for (${controls.length})`, opList(app, controls)));
  const attributes = section("Attributes", quiet("…"));
  parts.push(attributes);
  void app.attributesOf(op).then((pairs) => {
    const rows = pairs.map(([key, value]): [string, string] => [printable(key), printable(value)]);
    fill(attributes, h("h3", {}, "Attributes"), rows.length ? list(rows) : quiet("none"));
  });
  return parts;
}

function escaped(text: string): string {
  return text.replace(/[/.*+?^${}()|[\]\\]/g, "\\$&");
}

function spec(output: [string, (number | null)[] | null] | null): string {
  return output ? `${output[0]}, ${shapeText(output[1])}` : "";
}

function inputsSection(app: App, op: number): HTMLElement {
  const graph = app.graph!;
  const inputs = graph.inputs(op);
  const items = inputs.slice(0, LISTED).map(([source, place]) =>
    item(link(`${graph.name(source)}:${place}`, () => app.go(source)), ` ${spec(graph.output(source, place))}`));
  return section(`Inputs (${inputs.length})`, inputs.length ? h("ol", {}, ...items) : quiet("none"), rest(inputs.length));
}

function rest(length: number): HTMLElement | null {
  return length > LISTED ? quiet(`and ${grouped(length - LISTED)} more`) : null;
}

function outputsSection(app: App, op: number): HTMLElement {
  const graph = app.graph!;
  const users = graph.usersOf(op);
  const outputs = graph.outputs(op);
  const shownOutputs = outputs.length ? outputs : [...new Set(users.map(([, place]) => place))].sort().map(() => null);
  const items = shownOutputs.slice(0, LISTED).map((output, place) => {
    const of = users.filter(([, number]) => number === place);
    const item = h("li", {}, h("span", { class: "tensor" }, `:${place} ${spec(output)}`),
      h("ul", {}, ...of.slice(0, LISTED).map(([user]) => h("li", {}, link(graph.name(user), () => app.go(user))))), rest(of.length));
    item.addEventListener("mouseenter", () => app.view!.light(place));
    item.addEventListener("mouseleave", () => app.view!.light());
    return item;
  });
  return section(`Outputs (${outputs.length})`, items.length ? h("ul", { class: "outputs" }, ...items) : quiet("none"));
}

function opList(app: App, ops: number[]): HTMLElement {
  const items = ops.slice(0, LISTED).map((op) => h("li", {}, link(app.graph!.name(op), () => app.go(op))));
  return h("div", {}, h("ul", {}, ...items), rest(ops.length));
}

function boxActions(app: App, box: Box): Node[] {
  const view = app.view!;
  const isApart = isAside(box, view.scene.filter);
  const buttons: (HTMLElement | false)[] = [
    box.children.length > 0 && button(box.open ? "Fold" : "Open", "Enter, or a double click", () => app.toggle(box)),
    box.children.length > 0 && button("Open all below", "*", () => view.expandAll(box)),
    button(isApart ? "Bring back" : "Move aside", "Whether it stands among the others, with its wires", () => app.moveAside(box, !isApart)),
    button("Upstream", "Show what it depends on (u)", () => app.follow("upstream")),
    button("Downstream", "Show what depends on it (d)", () => app.follow("downstream")),
    button(app.pathFrom && app.pathFrom !== box ? "Path to here" : "Path from here", "p", () => app.markPath()),
  ];
  return [h("p", { class: "actions" }, ...buttons)];
}

function scopePart(app: App, box: Box): Node[] {
  const kinds = { series: "Boxes of the same content", part: "Part of a scope", scope: "Scope", variable: "Variable", operation: "Operation" };
  const inside = new Set(operationsOf(box));
  const arrays = app.variables.filter(({ op }) => op >= 0 && inside.has(op));
  const parameters = arrays.reduce((sum, { elements, dtype }) => sum + (dtype === "string" ? 0 : elements), 0);
  const facts: [string, Node | string][] = [["Operations", grouped(box.size)]];
  if (arrays.length) facts.push(["Arrays", grouped(arrays.length)], ["Parameters", grouped(parameters)]);
  if (box.role) facts.push(["Purpose", box.role]);
  const changes = (["added", "removed", "changed"] as const).filter((mark) => box.marks[mark]);
  if (changes.length) facts.push(["Difference", changes.map((mark) => `${box.marks[mark]} ${mark}`).join(", ")]);
  const parts: Node[] = [heading(box.path, kinds[box.kind]), ...boxActions(app, box), copyButtons(app, box.path, null), list(facts)];
  parts.push(neighbours(app, "Takes", inside, "inputs"), neighbours(app, "Gives", inside, "users"));
  if (arrays.length) {
    const items = arrays.slice(0, LISTED).map((each) =>
      item(link(each.name, () => app.chooseVariable(each.row)), ` ${shapeText(each.shape)}`));
    parts.push(section("Arrays", h("ul", {}, ...items), rest(arrays.length)));
  }
  parts.push(section("Types of operations", typesList(app, box)));
  return parts;
}

/** The tensors that cross the border of a scope. */
function neighbours(app: App, title: string, inside: Set<number>, side: "inputs" | "users"): HTMLElement {
  const graph = app.graph!;
  const found = new Map<string, [number, string]>();
  for (const op of inside) {
    for (const [other, place] of side === "inputs" ? graph.inputs(op) : graph.usersOf(op)) {
      if (inside.has(other)) continue;
      const source = side === "inputs" ? other : op;
      const text = side === "inputs" ? `:${place} ` : " ";
      found.set(`${source}:${place} ${other}`, [other, text + spec(graph.output(source, place))]);
    }
  }
  const all = [...found.values()];
  const items = all.slice(0, 12).map(([op, text]) => item(link(graph.name(op), () => app.go(op)), text));
  const more = all.length > 12 ? quiet(`and ${grouped(all.length - 12)} more`) : null;
  return section(`${title} (${all.length})`, all.length ? h("ul", {}, ...items) : quiet("nothing"), more);
}

function typesList(app: App, box: Box): HTMLElement {
  const counts = new Map<string, number>();
  for (const each of within(box)) {
    if (each.kind === "operation") counts.set(app.graph!.type(each.op), (counts.get(app.graph!.type(each.op)) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const items = sorted.slice(0, LISTED).map(([type, number]) =>
    item(link(type, () => app.find(`op:/^${escaped(type)}$/`)), ` ${grouped(number)}`));
  return h("div", {}, h("ul", { class: "types" }, ...items), rest(sorted.length));
}

function variablePart(app: App, variable: Variable, isBeside: boolean): Node[] {
  const parts: Node[] = [];
  if (!isBeside) parts.push(heading(variable.name, "Array"), copyButtons(app, variable.name, null));
  const links = h("p", { class: "actions" },
    !isBeside && variable.op >= 0 && app.graph && button("Show in the graph", "Show its operation in the graph", () => app.go(variable.op)),
    isBeside && button("Show in the table", "Show its row in the table", () => app.chooseVariable(variable.row)));
  const facts: [string, string][] = [
    ["Name in the file", printable(variable.name)],
    ["Dtype", printable(variable.dtype) || "unknown"],
    ["Shape", shapeText(variable.shape)],
    ["Elements", grouped(variable.elements)],
    ["Bytes", `${grouped(variable.nbytes)} (${bytesText(variable.nbytes)})`],
  ];
  if (variable.isSlot) facts.push(["Belongs to", "the optimizer"]);
  const found = variable.statistics;
  if (found) {
    facts.push(
      ["Minimum", shortNumber(found.minimum)], ["Maximum", shortNumber(found.maximum)],
      ["Mean", shortNumber(found.mean)], ["Standard deviation", shortNumber(found.deviation)],
      ["Zeros", `${grouped(found.zeros)} (${((100 * found.zeros) / Math.max(variable.elements, 1)).toFixed(1)} %)`],
    );
    if (found.nans || found.infinities) facts.push(["Not finite", `${grouped(found.nans)} NaN, ${grouped(found.infinities)} infinite`]);
  }
  parts.push(section(isBeside ? "Array in the file" : "Values", links, list(facts)));
  if (variable.mark !== "same") {
    parts.push(section(`Difference: ${variable.mark}`, h("ul", {}, ...variable.changes.map((text) => h("li", {}, printable(text))))));
  }
  if (variable.error) parts.push(h("p", { class: "error" }, printable(variable.error)));
  if (variable.strings) parts.push(section("Strings", h("p", { class: "strings" }, printable(variable.strings))));
  if (found?.histogram.length && found.minimum !== null) {
    parts.push(section("Histogram", histogram({ minimum: found.minimum, maximum: found.maximum!, counts: found.histogram })));
  }
  if (variable.dtype !== "string" && variable.dtype && !variable.error) {
    const place = h("div", {});
    parts.push(section("Heat map", place));
    void app.thumbnail(variable).then((matrix) => {
      if (!matrix) return;
      const isWhole = matrix.rows * matrix.columns === variable.elements;
      const sizes = `${matrix.rows} × ${matrix.columns}`;
      const text = isWhole ? `All ${count(variable.elements, "value")}, rounded to 255 steps.` : `${sizes} of ${grouped(variable.elements)} values: every n-th row and column.`;
      fill(place, heatMap(matrix, `Heat map of ${variable.name}`), quiet(text));
    });
    parts.push(valuesSection(app, variable));
  }
  return parts;
}
