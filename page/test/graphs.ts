// Graphs for tests.

import { Graph } from "../src/data/model.ts";
import { Tree } from "../src/graph/tree.ts";

/** A graph of operations: name, type, names of inputs. */
export function graphOf(nodes: [string, string, ...string[]][]): Graph {
  const types = [...new Set(nodes.map(([, type]) => type))];
  const numbers = new Map(nodes.map(([name], number) => [name, number]));
  return new Graph({
    names: nodes.map(([name]) => name),
    types,
    type: nodes.map(([, type]) => types.indexOf(type)),
    devices: [""],
    device: nodes.map(() => 0),
    specs: [["float32", [null, 3]]],
    outputs: nodes.map(() => 0),
    outputCounts: nodes.map(() => 1),
    inputCounts: nodes.map((node) => node.length - 2),
    sources: nodes.flatMap(([, , ...inputs]) => inputs.map((input) => numbers.get(input)!)),
    places: nodes.flatMap(([, , ...inputs]) => inputs.map(() => 0)),
    controlCounts: nodes.map(() => 0),
    controls: [],
  });
}

export function treeOf(nodes: [string, string, ...string[]][]): Tree {
  return new Tree(graphOf(nodes));
}

/** Numbers that look random and are the same in every run. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
