// A box of the picture: an operation, a scope, a variable with the operations of its scope, or several boxes alike.

import type { Mark } from "../data/model.ts";

export type Kind = "operation" | "scope" | "variable" | "series" | "part";

export type Role = "" | "gradients" | "optimizer" | "saving" | "initialization" | "summaries";

/** All data edges between two boxes of one scope. */
export interface Wire {
  from: Box;
  to: Box;
  count: number;
  /** One of the tensors: an operation and the number of its output. */
  op: number;
  place: number;
}

export interface Box {
  id: number;
  kind: Kind;
  label: string;
  /** The whole name of a scope or an operation; empty for the whole graph. */
  path: string;
  parent: Box | null;
  depth: number;
  children: Box[];
  /** The operation, also of a variable; -1 for others. */
  op: number;
  /** The number of operations in it. */
  size: number;
  /** The first operation in it: boxes are in the order of the graph. */
  first: number;
  /** The edges between its children. */
  wires: Wire[];
  role: Role;
  /** Whether it only has constants and variables, and what reads them. */
  isStatic: boolean;
  /** Operations of each family of types, by the number of the family. */
  mix: number[];
  /** Operations with each mark. */
  marks: Record<Mark, number>;
  open: boolean;
  /** Whether the user has moved it aside (true) or brought it back (false). */
  moved: boolean | null;
}

export function newBox(id: number, kind: Kind, label: string, path: string, parent: Box | null): Box {
  return {
    id, kind, label, path, parent,
    depth: parent ? parent.depth + 1 : 0,
    children: [],
    op: -1,
    size: 0,
    first: Number.MAX_SAFE_INTEGER,
    wires: [],
    role: "",
    isStatic: false,
    mix: [],
    marks: { same: 0, added: 0, removed: 0, changed: 0 },
    open: false,
    moved: null,
  };
}

/** The box and all that are in it, each before its children. */
export function* within(box: Box): Generator<Box> {
  const waiting = [box];
  while (waiting.length) {
    const next = waiting.pop()!;
    yield next;
    for (let at = next.children.length - 1; at >= 0; at--) waiting.push(next.children[at]);
  }
}

/** The boxes that a box is in, from the outermost to itself, without the whole graph. */
export function lineage(box: Box): Box[] {
  const found: Box[] = [];
  for (let at: Box | null = box; at?.parent; at = at.parent) found.unshift(at);
  return found;
}

/** The box that stands for a box in the picture: itself, or the outermost folded scope that it is in. */
export function shown(box: Box): Box {
  let found = box;
  for (let at = box.parent; at; at = at.parent) if (!at.open) found = at;
  return found;
}
