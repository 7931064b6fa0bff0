// What of an open scope is drawn: boxes with wires, labels instead of boxes, and boxes that stand aside.

import type { Box, Role, Wire } from "./box.ts";

/** Users up to which a constant or a variable is a label in each of them. */
const FEW = 3;

/** Wires from which on any source is a label in each of its users. */
const MANY = 11;

/** Operations of a scope up to which it counts as one source. */
const SMALL = 3;

export interface Visible {
  boxes: Box[];
  wires: Wire[];
  aside: Box[];
  /** The labels of a box: the sources that have no box of their own. */
  chips: Map<Box, Box[]>;
}

export interface Filter {
  /** The roles that stand aside. */
  aside: ReadonlySet<Role>;
  /** Whether boxes without changes are left out. */
  changedOnly: boolean;
}

export function isAside(box: Box, filter: Filter): boolean {
  return box.moved ?? (box.role !== "" && filter.aside.has(box.role));
}

export function changes(box: Box): number {
  return box.marks.added + box.marks.removed + box.marks.changed;
}

export function visible(scope: Box, filter: Filter): Visible {
  const aside = new Set(scope.children.filter((box) => isAside(box, filter)));
  if (aside.size === scope.children.length && scope.children.every((box) => box.moved === null)) aside.clear();
  const inputs = new Map<Box, number>();
  const users = new Map<Box, Box[]>();
  const uses = new Map<Box, number>();
  let wires = scope.wires.filter(({ from, to, count }) => {
    if (!aside.has(from)) push(users, from, to);
    if (!aside.has(to)) uses.set(from, (uses.get(from) ?? 0) + count);
    if (!aside.has(to) && !aside.has(from)) inputs.set(to, (inputs.get(to) ?? 0) + 1);
    return !aside.has(from) && !aside.has(to);
  });
  const chips = new Map<Box, Box[]>();
  const hidden = new Set<Box>();
  for (const box of scope.children) {
    if (aside.has(box) || inputs.get(box) || box.moved === false) continue;
    const all = users.get(box) ?? [];
    const shown = all.filter((user) => !aside.has(user));
    if (all.length && !shown.length && box.isStatic) aside.add(box);
    else if (!box.open && isChip(box, shown.length, uses.get(box) ?? 0)) {
      hidden.add(box);
      for (const user of shown) push(chips, user, box);
    }
  }
  wires = wires.filter(({ from, to }) => !hidden.has(from) && !aside.has(from) && !aside.has(to));
  let boxes = scope.children.filter((box) => !aside.has(box) && !hidden.has(box));
  if (filter.changedOnly) {
    const kept = new Set(boxes.filter((box) => changes(box) || chips.get(box)?.some(changes)));
    for (const { from, to } of wires) if (changes(from) || changes(to)) kept.add(from).add(to);
    boxes = boxes.filter((box) => kept.has(box));
    wires = wires.filter(({ from, to }) => kept.has(from) && kept.has(to));
  }
  const standing = [...aside].filter((box) => !filter.changedOnly || changes(box));
  return { boxes, wires, aside: standing.sort((a, b) => a.first - b.first), chips };
}

function isChip(box: Box, users: number, uses: number): boolean {
  const isMany = box.kind === "operation" || box.size <= SMALL ? uses >= MANY : users >= MANY;
  return isMany || (users > 0 && users <= FEW && box.isStatic);
}

function push(map: Map<Box, Box[]>, key: Box, value: Box): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
