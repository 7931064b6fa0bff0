// The scopes of a graph as a tree of boxes, and every data edge at the innermost scope that has both of its ends.

import type { Graph } from "../data/model.ts";
import { type Box, type Wire, newBox, within } from "./box.ts";
import { familyOf } from "./families.ts";
import { assignRoles } from "./roles.ts";
import { foldSeries } from "./series.ts";

/** Slashes of a name behind which it is one label: names of other programs may have thousands. */
const DEEPEST = 60;

const VARIABLE = /^(Variable(V2)?|VarHandleOp)$/;

export class Tree {
  readonly root: Box;
  /** The box of each operation. */
  readonly boxOf: Box[] = [];
  private readonly scopes = new Map<string, Box>();
  private made = 0;

  constructor(readonly graph: Graph) {
    this.root = this.make("scope", "", "", null);
    this.root.open = true;
    this.addOperations();
    this.addWires();
    measure(this.root, graph);
    assignRoles(this.root, graph);
    foldSeries(this.root, (kind, label, path, parent) => this.make(kind, label, path, parent));
    measure(this.root, graph);
    assignRoles(this.root, graph);
  }

  /** The scope of a name, or null. */
  scope(path: string): Box | null {
    return this.scopes.get(path) ?? null;
  }

  /** The number of boxes. */
  get size(): number {
    return this.made;
  }

  private make(kind: Box["kind"], label: string, path: string, parent: Box | null): Box {
    const box = newBox(this.made++, kind, label, path, parent);
    parent?.children.push(box);
    return box;
  }

  private addOperations(): void {
    const { names } = this.graph.columns;
    const parents = names.map((name) => this.scopeOf(name));
    for (let op = 0; op < names.length; op++) {
      const scope = this.scopes.get(names[op]);
      const label = names[op].slice(parents[op].path.length + (parents[op].parent ? 1 : 0));
      if (scope && VARIABLE.test(this.graph.type(op))) {
        scope.kind = "variable";
        scope.op = op;
      }
      const box = scope
        ? this.make("operation", `(${label})`, names[op], scope)
        : this.make("operation", label, names[op], parents[op]);
      box.op = op;
      this.boxOf.push(box);
    }
  }

  /** The scope that an operation or a scope of a name is in; it is made if it does not exist. */
  private scopeOf(name: string): Box {
    const missing: number[] = [];
    let end = lastSlash(name);
    let found = this.root;
    for (; end > 0; end = name.lastIndexOf("/", end - 1)) {
      const known = this.scopes.get(name.slice(0, end));
      if (known) {
        found = known;
        break;
      }
      missing.push(end);
    }
    for (const slash of missing.reverse()) {
      const path = name.slice(0, slash);
      const start = found.parent ? found.path.length + 1 : 0;
      found = this.make("scope", path.slice(start), path, found);
      this.scopes.set(path, found);
    }
    return found;
  }

  private addWires(): void {
    const wires = new Map<number, Wire>();
    this.graph.eachEdge((source, place, target) => {
      let from = this.boxOf[source];
      let to = this.boxOf[target];
      while (from.depth > to.depth) from = from.parent!;
      while (to.depth > from.depth) to = to.parent!;
      if (from === to) return;
      while (from.parent !== to.parent) {
        from = from.parent!;
        to = to.parent!;
      }
      const key = from.id * this.made + to.id;
      const known = wires.get(key);
      if (known) {
        known.count++;
        return;
      }
      const wire = { from, to, count: 1, op: source, place };
      wires.set(key, wire);
      from.parent!.wires.push(wire);
    });
  }
}

/** The last slash of a name that separates scopes. */
function lastSlash(name: string): number {
  const last = name.lastIndexOf("/");
  let slashes = 0;
  for (let at = name.indexOf("/"); at >= 0; at = name.indexOf("/", at + 1)) if (++slashes === DEEPEST) return at;
  return last;
}

/** Counts what is in each box: from the leaves up. */
export function measure(root: Box, graph: Graph): void {
  const order = [...within(root)];
  for (let at = order.length - 1; at >= 0; at--) {
    const box = order[at];
    box.mix = [];
    box.marks = { same: 0, added: 0, removed: 0, changed: 0 };
    if (box.kind === "operation") {
      box.size = 1;
      box.first = box.op;
      box.mix[familyOf(graph.type(box.op))] = 1;
      box.marks[graph.mark(box.op)] = 1;
      continue;
    }
    box.size = 0;
    box.first = Number.MAX_SAFE_INTEGER;
    for (const child of box.children) {
      box.size += child.size;
      box.first = Math.min(box.first, child.first);
      child.mix.forEach((count, family) => (box.mix[family] = (box.mix[family] ?? 0) + count));
      for (const mark of ["same", "added", "removed", "changed"] as const) box.marks[mark] += child.marks[mark];
    }
    box.children.sort((a, b) => a.first - b.first);
  }
}
