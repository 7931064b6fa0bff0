import assert from "node:assert/strict";
import { test } from "node:test";
import { shown } from "../src/graph/box.ts";
import { Scene } from "../src/graph/scene.ts";
import { visible } from "../src/graph/visible.ts";
import { path, reached } from "../src/graph/walk.ts";
import { operations, parsed } from "../src/search.ts";
import { graphOf, treeOf } from "./graphs.ts";

const ALL = { aside: new Set(["gradients", "optimizer", "saving", "initialization", "summaries"] as const), changedOnly: false };
const labels = (boxes: { label: string }[]) => boxes.map(({ label }) => label);

test("scopes are boxes, and each edge is at the innermost scope that has both ends", () => {
  const tree = treeOf([["x", "Placeholder"], ["a/b/c", "Relu", "x"], ["a/b/d", "Tanh", "a/b/c"], ["a/e", "Add", "a/b/d", "a/b/c"], ["y", "Neg", "a/e"]]);
  assert.deepEqual(labels(tree.root.children), ["x", "a", "y"]);
  const [, a] = tree.root.children;
  assert.deepEqual(tree.root.wires.map(({ from, to, count }) => [from.label, to.label, count]), [["x", "a", 1], ["a", "y", 1]]);
  assert.deepEqual(a.wires.map(({ from, to, count }) => [from.label, to.label, count]), [["b", "e", 2]]);
  assert.equal(a.size, 3);
});

test("an operation that is a scope too is a variable or a child of its scope", () => {
  const tree = treeOf([["k", "VariableV2"], ["k/read", "Identity", "k"], ["m", "MatMul", "k/read"], ["m/z", "Relu", "m"]]);
  const [k, m] = tree.root.children;
  assert.deepEqual([k.kind, k.op, labels(k.children)], ["variable", 0, ["(k)", "read"]]);
  assert.deepEqual([m.kind, m.op, labels(m.children)], ["scope", -1, ["(m)", "z"]]);
});

test("names with thousands of slashes make no deep tree", () => {
  const tree = treeOf([["a/".repeat(5000) + "b", "Relu"], ["//", "Relu"], ["/", "Relu"], ["", "Relu"]]);
  assert.ok(tree.boxOf[0].depth <= 61);
  assert.equal(tree.boxOf.length, 4);
});

test("siblings of the same content are a series, if none leads to another", () => {
  const apart = Array.from({ length: 8 }, (_, at): [string, string, string] => [at ? `add_${at}` : "add", "Add", "x"]);
  assert.deepEqual(labels(treeOf([["x", "Placeholder"], ...apart]).root.children), ["x", "add ×8"]);
  const chain = Array.from({ length: 8 }, (_, at): [string, string, string] => [at ? `add_${at}` : "add", "Add", at > 1 ? `add_${at - 1}` : at ? "add" : "x"]);
  assert.equal(treeOf([["x", "Placeholder"], ...chain]).root.children.length, 9);
  const scopes = Array.from({ length: 7 }, (_, at): [string, string, string][] => [[`L2Loss_${at}_grad/mul`, "Mul", "x"], [`L2Loss_${at}_grad/neg`, "Neg", `L2Loss_${at}_grad/mul`]]).flat();
  assert.deepEqual(labels(treeOf([["x", "Placeholder"], ...scopes]).root.children), ["x", "L2Loss_grad ×7"]);
});

test("a series of thousands is divided too", () => {
  const tree = treeOf([["x", "Placeholder"], ...Array.from({ length: 3000 }, (_, at): [string, string, string] => [`add_${at}`, "Add", "x"])]);
  const [, series] = tree.root.children;
  assert.deepEqual([series.kind, series.children.length, series.size], ["series", 15, 3000]);
});

test("a scope of thousands of operations is divided into parts", () => {
  const chain = Array.from({ length: 3000 }, (_, at): [string, string, ...string[]] => at ? [`n${at}`, "Relu", `n${at - 1}`] : ["n0", "Placeholder"]);
  const tree = treeOf(chain);
  assert.equal(tree.root.children.length, 15);
  assert.equal(tree.root.wires.length, 14);
  assert.equal(tree.root.children.reduce((sum, { wires }) => sum + wires.length, 0), 2985);
});

test("gradients, optimizer, saving and initialization stand aside, also in a scope of the user", () => {
  const tree = treeOf([
    ["x", "Placeholder"], ["w", "VariableV2"], ["w/read", "Identity", "w"], ["y", "MatMul", "x", "w/read"],
    ["train/gradients/y_grad/MatMul", "MatMul", "x", "y"], ["train/gradients/y_grad/Reshape", "Reshape", "train/gradients/y_grad/MatMul"],
    ["train/Adam/update_w/ApplyAdam", "ApplyAdam", "w", "train/gradients/y_grad/Reshape"], ["train/Adam", "NoOp"],
    ["save/SaveV2", "SaveV2", "w"], ["save/Assign", "Assign", "w"], ["init", "NoOp"],
  ]);
  const roles = Object.fromEntries(tree.root.children.map(({ label, role }) => [label, role]));
  assert.deepEqual(roles, { x: "", w: "", y: "", train: "gradients", save: "saving", init: "initialization" });
  const found = visible(tree.root, ALL);
  assert.deepEqual(labels(found.boxes), ["x", "y"]);
  assert.deepEqual(labels(found.aside), ["train", "save", "init"]);
  assert.deepEqual([...found.chips].map(([box, chips]) => [box.label, labels(chips)]), [["y", ["w"]]]);
  tree.root.children[3].moved = false;
  assert.deepEqual(labels(visible(tree.root, ALL).aside).includes("train"), false);
});

test("a source that many use is a label in each of them", () => {
  const users = Array.from({ length: 12 }, (_, at): [string, string, string] => [`u${at}x`, at % 2 ? "Relu" : "Tanh", "flag"]);
  const found = visible(treeOf([["flag", "Placeholder"], ...users]).root, ALL);
  assert.equal(found.chips.size, 12);
  assert.equal(found.wires.length, 0);
});

test("what is folded is shown by the outermost folded scope", () => {
  const tree = treeOf([["a/b/c", "Relu"], ["d", "Neg", "a/b/c"]]);
  assert.equal(shown(tree.boxOf[0]).label, "a");
  tree.scope("a")!.open = true;
  assert.equal(shown(tree.boxOf[0]).label, "b");
});

test("a scope is laid out again only after a change in it", () => {
  const tree = treeOf([["a/b", "Relu"], ["c/d", "Neg", "a/b"]]);
  const scene = new Scene(tree.graph, tree.root, ALL);
  const first = scene.whole;
  assert.equal(scene.whole, first);
  tree.scope("a")!.open = true;
  scene.changed(tree.scope("a"));
  assert.notEqual(scene.whole, first);
  assert.ok(scene.whole.h > first.h);
});

test("upstream, downstream and paths", () => {
  const graph = graphOf([["a", "X"], ["b", "X", "a"], ["c", "X", "b"], ["d", "X", "b", "a"], ["e", "X", "d"]]);
  assert.deepEqual([...reached(graph, [4], "upstream", 2)].sort(), [0, 1, 3, 4]);
  assert.deepEqual([...reached(graph, [0], "downstream", 1)].sort(), [0, 1, 3]);
  assert.deepEqual(path(graph, [0], [4]), [0, 3, 4]);
  assert.deepEqual(path(graph, [2], [4]), []);
});

test("the language of the search", () => {
  const graph = graphOf([["model/conv/Conv2D", "Conv2D"], ["model/conv/Relu", "Relu", "model/conv/Conv2D"], ["other", "Relu"]]);
  const found = (text: string) => operations(graph, parsed(text));
  assert.deepEqual(found("CONV"), [0, 1]);
  assert.deepEqual(found("conv op:relu"), [1]);
  assert.deepEqual(found("/^other$|2D$/"), [0, 2]);
  assert.deepEqual(found("op:/^Relu$/"), [1, 2]);
  assert.deepEqual(found("shape:?,3 dtype:float32"), [0, 1, 2]);
  assert.deepEqual(found("shape:3,3"), []);
  assert.deepEqual(found(""), []);
  assert.match(parsed("/(/").error, /regular expression/);
});
