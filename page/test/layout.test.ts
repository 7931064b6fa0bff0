import assert from "node:assert/strict";
import { test } from "node:test";
import { type LaidOut, type Size, layOut } from "../src/graph/layers.ts";
import { wrapped } from "../src/graph/wrap.ts";
import dagre from "@dagrejs/dagre";
import { random } from "./graphs.ts";

const box = (): Size => ({ w: 80, h: 30 });

function overlaps({ at }: LaidOut, sizes: Size[]): number {
  let found = 0;
  at.forEach((a, one) => at.forEach((b, other) => {
    if (one < other && a.x < b.x + sizes[other].w && b.x < a.x + sizes[one].w && a.y < b.y + sizes[other].h && b.y < a.y + sizes[one].h) found++;
  }));
  return found;
}

function wired(count: number, seed: number): [number, number][] {
  const next = random(seed);
  const edges = new Map<string, [number, number]>();
  for (let to = 1; to < count; to++) {
    for (let k = 0; k < 1 + Math.floor(next() * 2); k++) {
      const from = Math.max(0, to - 1 - Math.floor(next() * 12));
      edges.set(`${from} ${to}`, [from, to]);
    }
  }
  return [...edges.values()];
}

test("boxes do not overlap, and every edge leads down", () => {
  for (const count of [1, 2, 30, 200]) {
    const sizes = Array.from({ length: count }, (_, at) => ({ w: 40 + (at % 5) * 30, h: 20 + (at % 3) * 20 }));
    const edges = wired(count, count);
    const laid = layOut(sizes, edges);
    assert.equal(overlaps(laid, sizes), 0);
    edges.forEach(([from, to]) => assert.ok(laid.at[from].y + sizes[from].h <= laid.at[to].y));
    laid.routes.forEach((points, edge) => {
      const [from, to] = edges[edge];
      assert.ok(points[0].y === laid.at[from].y + sizes[from].h && points.at(-1)!.y === laid.at[to].y);
      assert.ok(points.every(({ x, y }) => x >= 0 && x <= laid.w + 1e-6 && y >= 0 && y <= laid.h));
    });
  }
});

test("the edge of a loop leads back, and the others down", () => {
  const laid = layOut([box(), box(), box()], [[0, 1], [1, 2], [2, 1]]);
  assert.deepEqual(laid.back, [false, false, true]);
  const loop = laid.routes[2];
  assert.ok(loop[0].y > loop.at(-1)!.y);
});

test("a chain is straight, and a diamond is even", () => {
  const chain = layOut(Array.from({ length: 9 }, box), Array.from({ length: 8 }, (_, at) => [at, at + 1]));
  assert.ok(chain.at.every(({ x }) => x === 0));
  const { at } = layOut(Array.from({ length: 4 }, box), [[0, 1], [0, 2], [1, 3], [2, 3]]);
  assert.ok(Math.abs((at[1].x + at[2].x) / 2 - at[0].x) < 1e-6 && Math.abs(at[0].x - at[3].x) < 1e-6);
});

test("the same graph gives the same picture", () => {
  const edges = wired(100, 3);
  const sizes = Array.from({ length: 100 }, box);
  assert.deepEqual(layOut(sizes, edges), layOut(sizes, edges));
});

test("there are not many more crossings than in dagre's layout", () => {
  const crossed = (points: { x: number; y: number }[], edges: [number, number][]) => {
    const side = (p: { x: number; y: number }, q: { x: number; y: number }, r: { x: number; y: number }) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
    let found = 0;
    edges.forEach(([a, b], one) => edges.forEach(([c, d], other) => {
      if (one < other && new Set([a, b, c, d]).size === 4 && side(points[a], points[b], points[c]) * side(points[a], points[b], points[d]) < 0 && side(points[c], points[d], points[a]) * side(points[c], points[d], points[b]) < 0) found++;
    }));
    return found;
  };
  const edges = wired(60, 5);
  const sizes = Array.from({ length: 60 }, box);
  const own = layOut(sizes, edges).at;
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({});
  graph.setDefaultEdgeLabel(() => ({}));
  sizes.forEach(({ w, h }, at) => graph.setNode(String(at), { width: w, height: h }));
  edges.forEach(([from, to]) => graph.setEdge(String(from), String(to)));
  dagre.layout(graph);
  const theirs = sizes.map((_, at) => graph.node(String(at)) as { x: number; y: number });
  assert.ok(crossed(own, edges) <= 1.5 * crossed(theirs, edges) + 5);
});

test("a long chain stands in columns", () => {
  const sizes = Array.from({ length: 200 }, box);
  const laid = layOut(sizes, Array.from({ length: 199 }, (_, at) => [at, at + 1]));
  const found = wrapped(laid, sizes);
  assert.ok(found.h < laid.h / 4 && found.h < 3 * found.w);
  assert.equal(overlaps(found, sizes), 0);
});

test("a thousand loosely wired boxes take less than two seconds", () => {
  const sizes = Array.from({ length: 1000 }, box);
  const before = process.cpuUsage().user;
  layOut(sizes, wired(1000, 9));
  assert.ok(process.cpuUsage().user - before < 2e6);
});
