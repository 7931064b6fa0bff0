// The graph as SVG: nested groups, a box each.

import { printable, shapeText, shortened, grouped } from "../data/text.ts";
import type { Graph } from "../data/model.ts";
import type { Box } from "../graph/box.ts";
import type { Point } from "../graph/layers.ts";
import { CHIP, CHIPS, HEADER, PAD, type Inside, type Item, type Line, chipText } from "../graph/scene.ts";
import { changes } from "../graph/visible.ts";
import type { Frame } from "./camera.ts";
import type { Coloring } from "./colors.ts";
import { s } from "./dom.ts";

export class Picture {
  /** Where each box is drawn, in the coordinates of the whole picture. */
  readonly frames = new Map<Box, Frame>();
  readonly groups = new Map<Box, SVGGElement>();
  /** The labels that stand for a box. */
  readonly chips = new Map<Box, { frame: Frame; element: SVGGElement }[]>();
  readonly size: { w: number; h: number };
  readonly element: SVGGElement;
  private readonly boxes = new Map<number, Box>();

  constructor(whole: Inside, private readonly graph: Graph, private readonly coloring: Coloring) {
    this.size = whole;
    this.element = s("g", { class: "picture" });
    this.inside(whole, this.element, 0, 0);
  }

  /** The box of an element, or null. */
  boxAt(target: EventTarget | null): Box | null {
    const element = target instanceof Element ? target.closest("[data-box]") : null;
    return element ? (this.boxes.get(Number(element.getAttribute("data-box"))) ?? null) : null;
  }

  private inside(inside: Inside, parent: SVGGElement, left: number, top: number): void {
    const lines = s("g", { class: "wires" });
    parent.append(lines);
    const said = new Set<string>();
    for (const line of inside.lines) this.line(line, lines, said);
    if (inside.asideAt) {
      const { x, y } = inside.asideAt;
      parent.append(
        s("line", { class: "divider", x1: x - 30, x2: x - 30, y1: y, y2: inside.h }),
        s("text", { class: "aside-title", x, y: y + 12 }, "Aside"),
      );
    }
    for (const item of [...inside.items, ...inside.aside]) parent.append(this.item(item, left + item.x, top + item.y));
  }

  private item(item: Item, left: number, top: number): SVGGElement {
    const { box } = item;
    this.boxes.set(box.id, box);
    const group = s("g", {
      class: `box ${box.kind}${item.inner ? " open" : ""}${box.role ? " apart" : ""}`,
      transform: `translate(${round(item.x)} ${round(item.y)})`,
      "data-box": box.id,
    });
    this.frames.set(box, { x: left, y: top, w: item.w, h: item.h });
    this.groups.set(box, group);
    this.body(item, group);
    item.chips.slice(0, CHIPS).forEach((chip, at) => group.append(this.chip(chip, item, at, left, top)));
    if (item.chips.length > CHIPS) {
      const more = s("text", { class: "more", x: 12, y: item.chipsAt + CHIPS * CHIP + 12 }, `+ ${item.chips.length - CHIPS} more`);
      more.append(s("title", {}, item.chips.slice(CHIPS, 60).map((chip) => printable(chip.label)).join("\n")));
      group.append(more);
      for (const chip of item.chips.slice(CHIPS)) {
        this.noteChip(chip, { x: left + 8, y: top + item.chipsAt + CHIPS * CHIP, w: 60, h: CHIP }, group);
      }
    }
    if (item.inner) {
      const [x, y] = [PAD, HEADER + Math.min(item.chips.length, CHIPS + 1) * CHIP];
      const inner = s("g", { transform: `translate(${x} ${y})` });
      group.append(inner);
      this.inside(item.inner, inner, left + x, top + y);
    }
    return group;
  }

  private body(item: Item, group: SVGGElement): void {
    const { box, w, h } = item;
    const isScope = box.children.length > 0;
    const color = item.inner ? "" : this.colorOf(box);
    if (!item.inner && (box.kind === "series" || box.kind === "part")) {
      group.append(s("rect", { class: "body behind", x: 4, y: 4, width: w, height: h, rx: 6 }));
    }
    const round = isScope ? 6 : 12;
    const body = s("rect", { class: `body ${color}`, width: w, height: h, rx: box.kind === "variable" ? 3 : round });
    if (!item.inner) body.append(s("title", {}, this.tip(box)));
    group.append(body);
    const title = s("text", { class: "label", x: item.inner ? 12 : w / 2, y: item.detail && !item.inner ? 17 : 19 }, item.label);
    if (!item.inner) title.setAttribute("text-anchor", "middle");
    group.append(title);
    if (item.detail && !item.inner) group.append(s("text", { class: "detail", x: w / 2, y: 32, "text-anchor": "middle" }, item.detail));
    if (isScope) {
      group.append(
        s("g", { class: "toggle", transform: `translate(${w - 15} ${15})` },
          s("circle", { r: 8 }), s("path", { d: item.inner ? "M-4 0H4" : "M-4 0H4M0 -4V4" })),
      );
    }
    if (isScope && !item.inner) this.mix(item, group);
    if (changes(box) && !item.inner) group.append(this.badge(box, h));
  }

  private tip(box: Box): string {
    const name = printable(shortened(box.path, 300));
    if (box.op < 0) return name;
    const outputs = this.graph.outputs(box.op).slice(0, 4).map(([dtype, shape]) => `${dtype} ${shapeText(shape)}`);
    return [name, printable(this.graph.type(box.op)), ...outputs].join("\n");
  }

  private colorOf(box: Box): string {
    const category = this.coloring.mainOf(box);
    return category < 0 && box.children.length ? "scope-fill" : this.coloring.classOf(category);
  }

  /** The strip at the lower end of a folded scope: which kinds of operations are in it. */
  private mix(item: Item, group: SVGGElement): void {
    const { box, w, h } = item;
    const found = this.coloring.mixOf(box);
    const total = found.reduce((sum, [, count]) => sum + count, 0) || 1;
    let x = 8;
    for (const [category, count] of found.slice(0, 8)) {
      const width = ((w - 16) * count) / total;
      if (width >= 1.5) group.append(s("rect", { class: `strip ${this.coloring.classOf(category)}`, x: round(x), y: h - 8, width: round(width - 0.5), height: 4 }));
      x += width;
    }
  }

  private badge(box: Box, h: number): SVGGElement {
    const mark = box.marks.changed ? "changed" : box.marks.added && box.marks.removed ? "changed" : box.marks.added ? "added" : "removed";
    const number = changes(box);
    return s("g", { class: `badge b-${mark}`, transform: `translate(-4 ${h / 2})` },
      s("circle", { r: 7 }),
      s("text", { y: 4, "text-anchor": "middle" }, box.children.length ? (number > 99 ? "99" : number) : { added: "+", removed: "−", changed: "≠" }[mark]));
  }

  private chip(chip: Box, item: Item, at: number, left: number, top: number): SVGGElement {
    this.boxes.set(chip.id, chip);
    const text = chipText(chip);
    const [x, y, w] = [8, item.chipsAt + at * CHIP, text.length * 6 + 14];
    const element = s("g", { class: `chip ${chip.isStatic ? "" : "far"}`, transform: `translate(${x} ${y})`, "data-box": chip.id },
      s("rect", { width: w, height: CHIP - 3, rx: 7, class: this.colorOf(chip) }, s("title", {}, this.tip(chip))),
      s("text", { x: 7, y: 11 }, text));
    this.noteChip(chip, { x: left + x, y: top + y, w, h: CHIP - 3 }, element);
    return element;
  }

  private noteChip(chip: Box, frame: Frame, element: SVGGElement): void {
    this.boxes.set(chip.id, chip);
    const known = this.chips.get(chip);
    if (known) known.push({ frame, element });
    else this.chips.set(chip, [{ frame, element }]);
  }

  private line(line: Line, parent: SVGGElement, said: Set<string>): void {
    const { wire } = line;
    const width = Math.min(4, 1 + Math.log2(wire.count) / 2);
    parent.append(s("path", {
      class: `wire${line.back ? " back" : ""}`, d: curve(line.points), "stroke-width": width.toFixed(1),
      "marker-end": "url(#arrow)",
    }));
    const text = this.wireText(line);
    const [first, last] = [line.points[0], line.points.at(-1)!];
    const [start, end] = [`from ${wire.from.id}`, `to ${wire.to.id}`];
    if (!text || said.has(`${start} ${text}`)) return; // once, where several wires from a box are alike
    said.add(`${start} ${text}`);
    const label = (x: number, y: number) => parent.append(s("text", { class: "wire-label", x: round(x), y: round(y) }, text));
    if (!said.has(start)) label(first.x + 5, first.y + (line.back ? -5 : 12));
    else if (!said.has(end)) label(last.x + 5, last.y - 8);
    said.add(start).add(end);
  }

  private wireText({ wire }: Line): string {
    if (wire.count > 1) return `${grouped(wire.count)} tensors`;
    const output = this.graph.output(wire.op, wire.place);
    return output && output[1]?.length ? shortened(shapeText(output[1]).replaceAll(" ", ""), 24) : "";
  }
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A smooth line through points, vertical at each of them. */
export function curve(points: Point[]): string {
  let path = `M${round(points[0].x)} ${round(points[0].y)}`;
  for (let at = 1; at < points.length; at++) {
    const [from, to] = [points[at - 1], points[at]];
    if (Math.abs(from.x - to.x) < 0.5 || from.y === to.y) path += `L${round(to.x)} ${round(to.y)}`;
    else {
      const middle = round((from.y + to.y) / 2);
      path += `C${round(from.x)} ${middle} ${round(to.x)} ${middle} ${round(to.x)} ${round(to.y)}`;
    }
  }
  return path;
}
