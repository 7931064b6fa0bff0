// What comes before and after operations, and the path from one to another.

import type { Graph } from "../data/model.ts";

export type Direction = "upstream" | "downstream";

/** The operations that some depend on, or that depend on them, up to a number of steps. */
export function reached(graph: Graph, from: number[], direction: Direction, steps: number): Set<number> {
  const seen = new Set(from);
  let front = from;
  for (let step = 0; step < steps && front.length; step++) {
    const next: number[] = [];
    for (const op of front) {
      for (const [other] of direction === "upstream" ? graph.inputs(op) : graph.usersOf(op)) {
        if (seen.has(other)) continue;
        seen.add(other);
        next.push(other);
      }
    }
    front = next;
  }
  return seen;
}

/** A shortest path along data edges from one of some operations to one of others; empty without one. */
export function path(graph: Graph, from: number[], to: number[]): number[] {
  const targets = new Set(to);
  const before = new Map<number, number>(from.map((op) => [op, -1]));
  let front = from;
  while (front.length) {
    const next: number[] = [];
    for (const op of front) {
      if (targets.has(op)) return backwards(op, before);
      for (const [user] of graph.usersOf(op)) {
        if (before.has(user)) continue;
        before.set(user, op);
        next.push(user);
      }
    }
    front = next;
  }
  return [];
}

function backwards(op: number, before: Map<number, number>): number[] {
  const found: number[] = [];
  for (let at = op; at >= 0; at = before.get(at)!) found.unshift(at);
  return found;
}
