// The language of the search: words of the name, op:Conv2D, dtype:int64, shape:3,3, device:GPU, is:changed, /regex/.

import type { Graph, Variable } from "./data/model.ts";
import type { Shape } from "./data/text.ts";

export interface Query {
  /** Why the search cannot be made; empty if it can. */
  error: string;
  tests: Test[];
}

type Key = "name" | "op" | "dtype" | "shape" | "device" | "is";

interface Test {
  key: Key;
  matches: (value: string) => boolean;
}

const KEYS: Record<string, Key> = { op: "op", type: "op", dtype: "dtype", shape: "shape", device: "device", is: "is", name: "name" };

export function parsed(text: string): Query {
  const tests: Test[] = [];
  for (const word of words(text)) {
    const [, before, rest] = /^(?:(\w+):)?(.*)$/s.exec(word)!;
    const key = before === undefined ? "name" : KEYS[before.toLowerCase()];
    const value = key === undefined ? word : rest;
    const regex = /^\/(.+)\/(i?)$/s.exec(value);
    if (regex) {
      try {
        const pattern = new RegExp(regex[1], regex[2]);
        tests.push({ key: key ?? "name", matches: (found) => pattern.test(found) });
      } catch {
        return { error: `${value} is not a regular expression`, tests: [] };
      }
    } else if (key === "shape") tests.push({ key, matches: (found) => found.includes(shapeKey(value)) });
    else {
      const part = value.toLowerCase();
      tests.push({ key: key ?? "name", matches: (found) => found.toLowerCase().includes(part) });
    }
  }
  return { error: "", tests };
}

/** The words of a search; a regular expression may have spaces. */
function words(text: string): string[] {
  return text.match(/(?:\w+:)?\/(?:\\.|[^/\\])+\/i?(?=\s|$)|\S+/gs) ?? [];
}

function shapeKey(text: string): string {
  const sizes = text.replace(/[[\]() ]/g, "").split(/[,x×]/).filter(Boolean);
  return `,${sizes.map((size) => (size === "None" ? "?" : size)).join(",")},`;
}

function keyOf(shape: Shape): string {
  return shape === null ? "" : `,${shape.map((size) => size ?? "?").join(",")},`;
}

/** The operations that a search finds, in the order of the graph. */
export function operations(graph: Graph, query: Query): number[] {
  if (!query.tests.length) return [];
  const found: number[] = [];
  for (let op = 0; op < graph.size; op++) {
    if (query.tests.every(({ key, matches }) => valuesOf(graph, op, key).some(matches))) found.push(op);
  }
  return found;
}

function valuesOf(graph: Graph, op: number, key: Key): string[] {
  switch (key) {
    case "name": return [graph.name(op)];
    case "op": return [graph.type(op)];
    case "device": return [graph.device(op)];
    case "is": return [graph.mark(op)];
    case "dtype": return graph.outputs(op).map(([dtype]) => dtype);
    case "shape": return graph.outputs(op).map(([, shape]) => keyOf(shape));
  }
}

/** Whether a search finds an array. */
export function findsVariable(variable: Variable, query: Query): boolean {
  return query.tests.every(({ key, matches }) => {
    switch (key) {
      case "name": return matches(variable.name);
      case "dtype": return matches(variable.dtype);
      case "shape": return matches(keyOf(variable.shape));
      case "is": return matches(variable.mark) || (variable.isSlot && matches("slot"));
      default: return false;
    }
  });
}
