// The sizes and places of everything that is drawn. Every scope is laid out by itself, and only again after a change in it.

import type { Graph } from "../data/model.ts";
import { printable, shapeText, shortened, grouped } from "../data/text.ts";
import { type Box, type Wire, within } from "./box.ts";
import { TELLING } from "./families.ts";
import { GAP, type Point, type Size, layOut } from "./layers.ts";
import { type Filter, visible } from "./visible.ts";
import { wrapped } from "./wrap.ts";

export const HEADER = 30;
export const PAD = 16;
const CHIP = 18;
const CHIPS = 3;
const LONGEST = 30;

/** Boxes that can be drawn at once. */
export const MOST = 3000;

export interface Item {
  box: Box;
  /** The place in the scope that it is in. */
  x: number;
  y: number;
  w: number;
  h: number;
  label: string;
  detail: string;
  chips: Box[];
  /** Where the chips begin. */
  chipsAt: number;
  inner: Inside | null;
}

export interface Line {
  wire: Wire;
  points: Point[];
  back: boolean;
}

/** What is in an open scope. */
export interface Inside extends Size {
  items: Item[];
  aside: Item[];
  asideAt: Point | null;
  lines: Line[];
}

export function chipText(box: Box): string {
  return shortened(printable(box.label), 20);
}

export class Scene {
  private readonly known = new Map<Box, Inside>();

  constructor(private readonly graph: Graph, readonly root: Box, public filter: Filter) {}

  /** Everything that is drawn. */
  get whole(): Inside {
    return this.inside(this.root);
  }

  /** Lays out a scope and those that it is in again, when they are next drawn. */
  changed(box: Box | null): void {
    if (!box) this.known.clear();
    for (let at = box; at; at = at.parent) this.known.delete(at);
  }

  /** The number of boxes that would be drawn. */
  get count(): number {
    let found = 0;
    const waiting = [this.root];
    while (waiting.length) {
      const box = waiting.pop()!;
      found += box.children.length;
      waiting.push(...box.children.filter((child) => child.open));
    }
    return found;
  }

  private inside(scope: Box): Inside {
    let found = this.known.get(scope);
    if (!found) {
      found = this.laidOut(scope);
      this.known.set(scope, found);
    }
    return found;
  }

  private laidOut(scope: Box): Inside {
    const { boxes, wires, aside, chips } = visible(scope, this.filter);
    const numbers = new Map(boxes.map((box, number) => [box, number]));
    const wired = new Set<Box>(wires.flatMap(({ from, to }) => [from, to]));
    const joined = boxes.filter((box) => wired.has(box)).map((box) => this.item(box, chips.get(box) ?? []));
    const loose = boxes.filter((box) => !wired.has(box)).map((box) => this.item(box, chips.get(box) ?? []));
    joined.forEach((item, at) => numbers.set(item.box, at));
    const edges = wires.map(({ from, to }): [number, number] => [numbers.get(from)!, numbers.get(to)!]);
    const laid = wrapped(layOut(joined, edges), joined);
    laid.at.forEach((place, at) => Object.assign(joined[at], place));
    const lines = wires.map((wire, at) => ({ wire, points: laid.routes[at], back: laid.back[at] }));
    const rows = inRows(loose, 0, joined.length ? laid.h + 40 : 0, Math.max(laid.w, rowWidth(loose)));
    const body = { w: Math.max(laid.w, rows.w), h: loose.length ? rows.h : laid.h };
    const standing = aside.map((box) => this.item(box, []));
    const isBeside = standing.length > 0 && boxes.length > 0;
    const left = isBeside ? body.w + 60 : 0;
    const column = inColumns(standing, left, isBeside ? 24 : 0, Math.max(body.h, 420));
    return {
      items: [...joined, ...loose],
      aside: standing,
      asideAt: isBeside ? { x: left, y: 0 } : null,
      lines,
      w: Math.max(body.w, column.w),
      h: Math.max(body.h, column.h),
    };
  }

  private item(box: Box, chips: Box[]): Item {
    const inner = box.open ? this.inside(box) : null;
    const label = shortened(printable(box.label), LONGEST) || "(empty)";
    const detail = this.detail(box);
    const chipRows = Math.min(chips.length, CHIPS + 1);
    const chipWidth = Math.max(0, ...chips.slice(0, CHIPS).map((chip) => chipText(chip).length * 6 + 30));
    const own = Math.max(56, label.length * (box.children.length ? 7.6 : 6.9) + (box.children.length ? 58 : 26), detail.length * 5.8 + 22, chipWidth);
    if (inner) {
      const top = HEADER + chipRows * CHIP;
      return {
        box, x: 0, y: 0, label, detail, chips, chipsAt: HEADER, inner,
        w: Math.max(own + 60, inner.w + 2 * PAD),
        h: top + inner.h + PAD + 6,
      };
    }
    const plain = detail ? 40 : 28;
    const h = plain + (box.children.length ? 6 : 0) + (chipRows ? chipRows * CHIP + 4 : 0);
    return { box, x: 0, y: 0, w: own, h, label, detail, chips, chipsAt: plain, inner };
  }

  /** The second line of a box. */
  private detail(box: Box): string {
    if (box.kind === "operation" || box.kind === "variable") {
      const output = this.graph.output(box.op, 0);
      const isValue = box.kind === "variable" || /^(Placeholder\w*|Const)$/.test(this.graph.type(box.op));
      if (isValue && output) return shortened(shapeText(output[1]), LONGEST);
      const type = this.graph.type(box.op);
      return box.label.replace(/_\d+$/, "") === type || box.kind === "variable" ? "" : shortened(printable(type), LONGEST);
    }
    return `${grouped(box.size)} operation${box.size === 1 ? "" : "s"}`;
  }
}

export { CHIP, CHIPS };

function rowWidth(items: Item[]): number {
  const area = items.reduce((sum, { w, h }) => sum + (w + GAP) * (h + GAP), 0);
  return Math.sqrt(area * 2.2);
}

/** Puts items into rows, and gives the right and the lower end. */
function inRows(items: Item[], left: number, top: number, width: number): Size {
  let [x, y, high, most] = [left, top, 0, 0];
  for (const item of items) {
    if (x > left && x + item.w > left + width) [x, y, high] = [left, y + high + GAP, 0];
    [item.x, item.y] = [x, y];
    x += item.w + GAP;
    high = Math.max(high, item.h);
    most = Math.max(most, x - GAP);
  }
  return { w: most, h: y + high };
}

/** Puts items into columns, and gives the right and the lower end. */
function inColumns(items: Item[], left: number, top: number, height: number): Size {
  let [x, y, wide, most] = [left, top, 0, 0];
  for (const item of items) {
    if (y > top && y + item.h > top + height) [x, y, wide] = [x + wide + GAP, top, 0];
    [item.x, item.y] = [x, y];
    y += item.h + 14;
    wide = Math.max(wide, item.w);
    most = Math.max(most, y - 14);
  }
  return { w: items.length ? x + wide : 0, h: most };
}

/** Opens the scopes of a box, so that it is drawn, and says whether any was folded. */
export function reveal(box: Box, scene: Scene): boolean {
  let changed = false;
  for (let at = box.parent; at; at = at.parent) {
    if (at.open) continue;
    at.open = true;
    changed = true;
  }
  if (changed) scene.changed(box.parent);
  return changed;
}

/** Folds a box and all that are in it. */
export function foldAll(box: Box): void {
  for (const each of within(box)) if (each.parent) each.open = false;
}

/** Boxes that a first picture shows, at least and at most. */
const ENOUGH = 25;
const FULL = 70;

/** Opens the largest scopes of the network, until the first picture shows its parts. */
export function openFirst(root: Box, filter: Filter): void {
  const tells = (box: Box) => TELLING.some((family) => box.mix[family]);
  const front = visible(root, filter).boxes;
  let count = front.length;
  const isTold = front.some((box) => box.kind === "scope" && !box.isStatic && !box.role && tells(box));
  while (count < ENOUGH && front.length) {
    front.sort((a, b) => Number(tells(a)) - Number(tells(b)) || a.size - b.size || b.first - a.first);
    const box = front.pop()!;
    if (box.kind !== "scope" || box.isStatic || box.role) continue;
    if (isTold && !tells(box)) break;
    const inside = visible(box, filter).boxes;
    if (count + inside.length > FULL) continue;
    box.open = true;
    count += inside.length;
    front.push(...inside);
  }
}
