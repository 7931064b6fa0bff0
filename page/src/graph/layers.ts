// The layout of one scope: layers from top to bottom, the order in each layer, and the places of boxes and wires.

import { places } from "./columns.ts";

export interface Size {
  w: number;
  h: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface LaidOut {
  /** The upper left corner of each box. */
  at: Point[];
  /** The points of each edge, from its source to its target. */
  routes: Point[][];
  /** The edges that lead back, as those of loops do. */
  back: boolean[];
  w: number;
  h: number;
}

/** The gap between boxes of a layer, and the width that a wire takes that passes through it. */
export const GAP = 22;
const PASSING = 10;

/** Wires over more layers than this are drawn straight, without a place in each layer. */
const LONGEST = 60;
const MOST_PASSING = 20000;
const SWEEPS = 10;

/** A node of the layers: a box, or the place of a wire that passes through. */
interface Nodes {
  width: number[];
  layer: number[];
  layers: number[][];
  above: number[][];
  below: number[][];
  boxes: number;
  passing: number[][];
}

export function layOut(sizes: Size[], edges: [number, number][]): LaidOut {
  const back = backEdges(sizes.length, edges);
  const forward = edges.map(([from, to], edge): [number, number] => (back[edge] ? [to, from] : [from, to]));
  const layer = ranks(sizes.length, forward);
  const nodes = withPassing(sizes, forward, layer);
  orderLayers(nodes);
  const xs = places(nodes.layers, nodes.width, nodes.above, nodes.below, GAP);
  const ys = heights(nodes, sizes);
  return placed(nodes, sizes, forward, back, xs, ys);
}

/** The edges that close a cycle, in the order of a search from the first boxes on. */
function backEdges(count: number, edges: [number, number][]): boolean[] {
  const out: number[][] = Array.from({ length: count }, () => []);
  const hasInput = new Uint8Array(count);
  edges.forEach(([from, to], edge) => {
    out[from].push(edge);
    hasInput[to] = 1;
  });
  const back = new Array<boolean>(edges.length).fill(false);
  const state = new Uint8Array(count); // 1: on the path, 2: done
  const starts = Array.from({ length: count }, (_, box) => box);
  starts.sort((a, b) => hasInput[a] - hasInput[b] || a - b);
  for (const start of starts) {
    if (state[start]) continue;
    const path: [number, number][] = [[start, 0]];
    state[start] = 1;
    while (path.length) {
      const top = path[path.length - 1];
      const edge = out[top[0]][top[1]++];
      if (edge === undefined) {
        state[top[0]] = 2;
        path.pop();
        continue;
      }
      const to = edges[edge][1];
      if (state[to] === 1) back[edge] = true;
      else if (!state[to]) {
        state[to] = 1;
        path.push([to, 0]);
      }
    }
  }
  return back;
}

/** The layer of each box: behind all of its inputs; a source stands just above its first user. */
function ranks(count: number, edges: [number, number][]): number[] {
  const below: number[][] = Array.from({ length: count }, () => []);
  const missing = new Int32Array(count);
  for (const [from, to] of edges) {
    below[from].push(to);
    missing[to]++;
  }
  const layer = new Array<number>(count).fill(0);
  const isSource = Array.from(missing, (inputs) => inputs === 0);
  const ready = [...Array(count).keys()].filter((box) => !missing[box]);
  for (let at = 0; at < ready.length; at++) {
    for (const to of below[ready[at]]) {
      layer[to] = Math.max(layer[to], layer[ready[at]] + 1);
      if (--missing[to] === 0) ready.push(to);
    }
  }
  for (let box = 0; box < count; box++) {
    if (isSource[box] && below[box].length) layer[box] = Math.min(...below[box].map((to) => layer[to])) - 1;
  }
  return layer;
}

function withPassing(sizes: Size[], edges: [number, number][], layer: number[]): Nodes {
  const count = sizes.length;
  const width = sizes.map(({ w }) => w);
  const layers: number[][] = Array.from({ length: Math.max(0, ...layer) + 1 }, () => []);
  const above: number[][] = sizes.map(() => []);
  const below: number[][] = sizes.map(() => []);
  const places = [...layer];
  const spans = edges.reduce((sum, [from, to]) => sum + layer[to] - layer[from] - 1, 0);
  const longest = spans > MOST_PASSING ? 1 : LONGEST;
  const join = (from: number, to: number) => {
    below[from].push(to);
    above[to].push(from);
  };
  for (const box of searched(count, edges)) layers[layer[box]].push(box);
  const passing = edges.map(([from, to]) => {
    const span = layer[to] - layer[from];
    if (span > longest) return [];
    const nodes: number[] = [];
    let last = from;
    for (let at = layer[from] + 1; at < layer[to]; at++) {
      const node = width.length;
      width.push(PASSING);
      places.push(at);
      above.push([]);
      below.push([]);
      layers[at].push(node);
      join(last, node);
      nodes.push((last = node));
    }
    join(last, to);
    return nodes;
  });
  return { width, layer: places, layers, above, below, boxes: count, passing };
}

/** The boxes in the order of a search along the edges, so that neighbours are near each other. */
function searched(count: number, edges: [number, number][]): number[] {
  const near: number[][] = Array.from({ length: count }, () => []);
  for (const [from, to] of edges) {
    near[from].push(to);
    near[to].push(from);
  }
  const seen = new Uint8Array(count);
  const found: number[] = [];
  for (let start = 0; start < count; start++) {
    const waiting = [start];
    while (waiting.length) {
      const box = waiting.pop()!;
      if (seen[box]) continue;
      seen[box] = 1;
      found.push(box);
      for (let at = near[box].length - 1; at >= 0; at--) if (!seen[near[box][at]]) waiting.push(near[box][at]);
    }
  }
  return found;
}

/** Sorts each layer by the mean place of the neighbours, and keeps the order with the fewest crossings. */
function orderLayers(nodes: Nodes): void {
  const position = new Float64Array(nodes.width.length);
  const number = () => nodes.layers.forEach((layer) => layer.forEach((node, at) => (position[node] = at)));
  number();
  let best = nodes.layers.map((layer) => [...layer]);
  let fewest = crossings(nodes, position);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isDown = sweep % 2 === 0;
    const order = [...nodes.layers.keys()];
    for (const at of isDown ? order : order.reverse()) {
      const layer = nodes.layers[at];
      const near = isDown ? nodes.above : nodes.below;
      const mean = new Map(layer.map((node) => [node, near[node].length ? average(near[node], position) : position[node]]));
      layer.sort((a, b) => mean.get(a)! - mean.get(b)! || position[a] - position[b]);
      layer.forEach((node, place) => (position[node] = place));
    }
    const found = crossings(nodes, position);
    if (found < fewest) {
      fewest = found;
      best = nodes.layers.map((layer) => [...layer]);
    }
  }
  nodes.layers = best;
}

function average(nodes: number[], position: Float64Array): number {
  let sum = 0;
  for (const node of nodes) sum += position[node];
  return sum / nodes.length;
}

/** The crossings between all neighbouring layers, counted with a tree of sums. */
export function crossings(nodes: Pick<Nodes, "layers" | "below">, position: Float64Array): number {
  let total = 0;
  for (let at = 0; at + 1 < nodes.layers.length; at++) {
    const size = nodes.layers[at + 1].length;
    const sums = new Int32Array(size + 1);
    let before = 0;
    for (const node of nodes.layers[at]) {
      const ends = nodes.below[node].map((to) => position[to]).sort((a, b) => a - b);
      for (const end of ends) {
        let smaller = 0;
        for (let place = end + 1; place > 0; place -= place & -place) smaller += sums[place];
        total += before - smaller;
      }
      for (const end of ends) {
        for (let place = end + 1; place <= size; place += place & -place) sums[place]++;
        before++;
      }
    }
  }
  return total;
}

/** The upper and the lower end of each layer; the gap is larger where many wires turn. */
function heights(nodes: Nodes, sizes: Size[]): { top: number[]; bottom: number[] } {
  const top: number[] = [];
  const bottom: number[] = [];
  let y = 0;
  nodes.layers.forEach((layer, at) => {
    const high = Math.max(8, ...layer.map((node) => (node < nodes.boxes ? sizes[node].h : 0)));
    top.push(y);
    bottom.push(y + high);
    const wires = layer.reduce((sum, node) => sum + nodes.below[node].length, 0);
    y += high + (at + 1 < nodes.layers.length ? 30 + Math.min(50, wires) : 0);
  });
  return { top, bottom };
}

function placed(
  nodes: Nodes, sizes: Size[], edges: [number, number][], back: boolean[], xs: Float64Array,
  ys: { top: number[]; bottom: number[] },
): LaidOut {
  const at = sizes.map(({ w, h }, box) => {
    const layer = nodes.layer[box];
    return { x: xs[box] - w / 2, y: (ys.top[layer] + ys.bottom[layer] - h) / 2 };
  });
  const ports = edgePorts(nodes, sizes, edges, xs);
  const routes = edges.map(([from, to], edge) => {
    const points: Point[] = [{ x: ports.out[edge], y: at[from].y + sizes[from].h }];
    points.push({ x: ports.out[edge], y: ys.bottom[nodes.layer[from]] });
    for (const node of nodes.passing[edge]) {
      points.push({ x: xs[node], y: ys.top[nodes.layer[node]] }, { x: xs[node], y: ys.bottom[nodes.layer[node]] });
    }
    points.push({ x: ports.in[edge], y: ys.top[nodes.layer[to]] }, { x: ports.in[edge], y: at[to].y });
    return back[edge] ? points.reverse() : points;
  });
  const w = sizes.reduce((most, size, box) => Math.max(most, at[box].x + size.w), 0);
  const wires = nodes.passing.flat().reduce((most, node) => Math.max(most, xs[node] + PASSING / 2), w);
  return { at, routes, back, w: wires, h: ys.bottom.at(-1) ?? 0 };
}

/** Where each edge leaves and enters its boxes: side by side, in the order of the other ends. */
function edgePorts(nodes: Nodes, sizes: Size[], edges: [number, number][], xs: Float64Array) {
  const out: number[] = new Array(edges.length);
  const into: number[] = new Array(edges.length);
  const leaving = new Map<number, [number, number][]>();
  const entering = new Map<number, [number, number][]>();
  edges.forEach(([from, to], edge) => {
    const inner = nodes.passing[edge];
    add(leaving, from, [xs[inner[0] ?? to], edge]);
    add(entering, to, [xs[inner.at(-1) ?? from], edge]);
  });
  const spread = (groups: Map<number, [number, number][]>, target: number[]) =>
    groups.forEach((ends, box) => {
      ends.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const width = Math.min(sizes[box].w * 0.7, 16 * (ends.length - 1));
      ends.forEach(([, edge], place) => {
        target[edge] = xs[box] + (ends.length > 1 ? (place / (ends.length - 1) - 0.5) * width : 0);
      });
    });
  spread(leaving, out);
  spread(entering, into);
  return { out, in: into };
}

function add(groups: Map<number, [number, number][]>, key: number, value: [number, number]): void {
  const known = groups.get(key);
  if (known) known.push(value);
  else groups.set(key, [value]);
}
