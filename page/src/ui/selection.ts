// The wires of the selection: what it takes and what takes it, to the true ends.

import type { Graph } from "../data/model.ts";
import { type Box, shown, within } from "../graph/box.ts";
import type { Tree } from "../graph/tree.ts";
import type { Frame } from "./camera.ts";
import { s } from "./dom.ts";
import type { Picture } from "./picture.ts";

/** Operations of a box up to which its wires are drawn, and wires up to which they are. */
const LARGEST = 20000;
const MOST = 60;

export interface Ends {
  graph: Graph;
  tree: Tree;
  picture: Picture;
}

type Kind = "from" | "to" | "from control" | "to control";

/** The operations of a box. */
export function operationsOf(box: Box): number[] {
  if (box.kind === "operation") return [box.op];
  const found: number[] = [];
  for (const each of within(box)) if (each.kind === "operation") found.push(each.op);
  return found;
}

export function drawWires(box: Box, place: number, ends: Ends, overlay: SVGGElement): void {
  if (box.size > LARGEST) return;
  const { graph, tree, picture } = ends;
  const own = new Set(operationsOf(box));
  const joined = new Map<string, { kind: Kind; near: Box; far: Box }>();
  const note = (kind: Kind, near: number, far: number) => {
    if (own.has(far)) return;
    const pair = { kind, near: shown(tree.boxOf[near]), far: shown(tree.boxOf[far]) };
    joined.set(`${kind} ${pair.near.id} ${pair.far.id}`, pair);
  };
  for (const op of own) {
    if (place < 0) for (const [source] of graph.inputs(op)) note("from", op, source);
    for (const [user, output] of graph.usersOf(op)) if (place < 0 || output === place) note("to", op, user);
    if (place < 0) for (const source of graph.controlInputs(op)) note("from control", op, source);
  }
  if (place < 0) graph.eachControl((source, target) => own.has(source) && !own.has(target) && note("to control", source, target));
  // Of many, those of the network come first.
  const distance = ({ kind, far }: { kind: Kind; far: Box }) => Number(kind.includes("control")) * 2 + Number(far.role !== "");
  const ordered = [...joined.values()].sort((a, b) => distance(a) - distance(b));
  for (const { kind, near, far } of ordered.slice(0, MOST)) {
    const [side] = kind.split(" ");
    picture.groups.get(far)?.classList.add(side);
    for (const { element } of picture.chips.get(far) ?? []) if (!kind.includes("control")) element.classList.add(side);
    const pair = nearest(framesOf(near, picture), framesOf(far, picture));
    if (!pair || near === far || isWithin(...pair)) continue;
    const [from, to] = side === "from" ? [pair[1], pair[0]] : pair;
    overlay.append(s("path", { class: `lit ${kind}`, d: arc(from, to), "marker-end": `url(#arrow-${side === "from" ? "in" : "out"})` }));
  }
}

function framesOf(box: Box, picture: Picture): Frame[] {
  const own = picture.frames.get(box);
  return own ? [own] : (picture.chips.get(box) ?? []).map(({ frame }) => frame);
}

/** The two frames that are nearest to each other: a label may stand in several boxes. */
function nearest(from: Frame[], to: Frame[]): [Frame, Frame] | null {
  let found: [Frame, Frame] | null = null;
  let least = Infinity;
  for (const a of from) {
    for (const b of to) {
      const distance = Math.hypot(a.x - b.x, a.y - b.y);
      if (distance < least) [least, found] = [distance, [a, b]];
    }
  }
  return found;
}

/** Whether a label stands in a box. */
function isWithin(label: Frame, box: Frame): boolean {
  return label.x >= box.x && label.y >= box.y && label.x + label.w <= box.x + box.w && label.y + label.h <= box.y + box.h;
}

function arc(from: Frame, to: Frame): string {
  const start = { x: from.x + from.w / 2, y: from.y + from.h };
  const end = { x: to.x + to.w / 2, y: to.y };
  if (end.y > start.y) {
    const bend = Math.max(20, (end.y - start.y) / 2);
    return `M${start.x} ${start.y}C${start.x} ${start.y + bend} ${end.x} ${end.y - bend} ${end.x} ${end.y}`;
  }
  // Beside each other, or upwards: from side to side.
  const isRight = to.x + to.w / 2 > from.x + from.w / 2;
  const out = { x: isRight ? from.x + from.w : from.x, y: from.y + from.h / 2 };
  const into = { x: isRight ? to.x : to.x + to.w, y: to.y + to.h / 2 };
  const bend = (isRight ? 1 : -1) * Math.max(30, Math.abs(into.x - out.x) / 2);
  return `M${out.x} ${out.y}C${out.x + bend} ${out.y} ${into.x - bend} ${into.y} ${into.x} ${into.y}`;
}
