// Boxes alike: siblings `x, x_1, x_2, ...` with the same content are one box, if no path leads from one to another.

import { type Box, type Kind, type Wire, within } from "./box.ts";

/** Boxes that are alike from which on they are one. */
const FEWEST = 6;

/** Children of a scope from which on they are put into parts, and the children of a part. */
const MOST = 1000;
const PART = 200;

export type Maker = (kind: Kind, label: string, path: string, parent: Box | null) => Box;

export function foldSeries(root: Box, make: Maker): void {
  const signatures = new Map<Box, number>();
  const scopes = [...within(root)];
  for (const box of scopes.reverse()) signatures.set(box, signature(box, signatures));
  for (const scope of scopes) {
    if (scope.children.length >= FEWEST) foldScope(scope, signatures, make);
    if (scope.children.length > MOST) divide(scope, make);
  }
}

function stem(label: string): string {
  return label.replace(/_\d+(?=\)?$)|_\d+(?=_grad$)/, "");
}

/** A number that two boxes of the same content share. */
function signature(box: Box, known: Map<Box, number>): number {
  let hash = hashOf(`${box.kind} ${stem(box.label)} ${box.kind === "operation" ? box.mix.length : ""}`);
  for (const child of box.children) hash = (hash + Math.imul(known.get(child)!, 2654435761)) | 0;
  return hash;
}

function hashOf(text: string): number {
  let hash = 2166136261;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
  return hash;
}

function foldScope(scope: Box, signatures: Map<Box, number>, make: Maker): void {
  const groups = new Map<string, Box[]>();
  for (const child of scope.children) {
    const key = `${signatures.get(child)} ${child.mix.join()} ${stem(child.label)}`;
    const group = groups.get(key);
    if (group) group.push(child);
    else groups.set(key, [child]);
  }
  const large = [...groups.values()].filter((group) => group.length >= FEWEST && group.length < scope.children.length);
  const after = large.length ? successors(scope) : null;
  const apart = large.filter((group) => !leadsBack(group, after!));
  const series = apart.map((members) => make("series", seriesLabel(members), pathIn(scope, seriesLabel(members)), scope));
  gather(scope, series, apart);
  for (const box of series) if (box.children.length > MOST) divide(box, make);
}

function seriesLabel(group: Box[]): string {
  return `${stem(group[0].label)} ×${group.length}`;
}

function successors(scope: Box): Map<Box, Box[]> {
  const found = new Map<Box, Box[]>();
  for (const { from, to } of scope.wires) {
    const known = found.get(from);
    if (known) known.push(to);
    else found.set(from, [to]);
  }
  return found;
}

/** Whether a path leads from one box of a group to another. */
function leadsBack(group: Box[], after: Map<Box, Box[]>): boolean {
  const members = new Set(group);
  const seen = new Set<Box>();
  const waiting = group.flatMap((box) => after.get(box) ?? []);
  while (waiting.length) {
    const box = waiting.pop()!;
    if (members.has(box)) return true;
    if (seen.has(box)) continue;
    seen.add(box);
    for (const next of after.get(box) ?? []) waiting.push(next);
  }
  return false;
}

function pathIn(scope: Box, label: string): string {
  return scope.path ? `${scope.path}/${label}` : label;
}

/** Puts groups of children of a scope into new boxes. */
function gather(scope: Box, boxes: Box[], groups: Box[][]): void {
  const target = new Map<Box, Box>();
  groups.forEach((members, number) => {
    const box = boxes[number];
    box.children = members;
    box.mix = members[0].mix;
    for (const member of members) {
      target.set(member, box);
      member.parent = box;
      for (const each of within(member)) each.depth++;
    }
  });
  scope.children = scope.children.filter((child) => !target.has(child));
  const known = new Map<Box, Map<Box, Wire>>();
  const wires = scope.wires;
  scope.wires = [];
  for (const wire of wires) {
    const from = target.get(wire.from) ?? wire.from;
    const to = target.get(wire.to) ?? wire.to;
    if (from === to) {
      from.wires.push(wire);
      continue;
    }
    let of = known.get(from);
    if (!of) known.set(from, (of = new Map()));
    const same = of.get(to);
    if (same) same.count += wire.count;
    else {
      const moved = { ...wire, from, to };
      of.set(to, moved);
      scope.wires.push(moved);
    }
  }
}

/** Puts the children of a large scope, in their order, into parts. */
function divide(scope: Box, make: Maker): void {
  const children = [...scope.children].sort((a, b) => a.first - b.first);
  const size = Math.max(PART, Math.ceil(children.length / 500));
  const groups: Box[][] = [];
  for (let start = 0; start < children.length; start += size) groups.push(children.slice(start, start + size));
  const labels = groups.map((members) => `${members[0].label} … ${members.at(-1)!.label}`);
  gather(scope, labels.map((label) => make("part", label, pathIn(scope, label), scope)), groups);
}
