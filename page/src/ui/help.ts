// The list of keys.

import { button, h } from "./dom.ts";

const KEYS: [string, string][] = [
  ["/", "search: a part of a name, op:Conv2D, dtype:int64, shape:3,3, device:GPU, is:changed, /regular expression/; Enter and Shift+Enter go from hit to hit"],
  ["← → ↑ ↓", "fold, open, go to the box before, and to the next; Shift with an arrow goes to the box in that direction"],
  ["Enter, double click", "open or fold a scope"],
  ["*", "open all below"],
  ["0", "fold everything"],
  ["Backspace", "go to the scope that it is in"],
  ["f, z", "show all, show the selection"],
  ["+ −, wheel", "zoom; drag to move"],
  ["u, d", "what it depends on, and what depends on it; again: one step more; Escape ends it"],
  ["p", "the path from one box to another: at both of them"],
  ["c", "copy the name"],
  ["t", "graph or table"],
  ["?", "this list"],
];

export function helpDialog(): HTMLDialogElement {
  const dialog: HTMLDialogElement = h("dialog", { "aria-labelledby": "keys-title" },
    h("h2", { id: "keys-title" }, "Keys"),
    h("dl", { class: "keys" }, ...KEYS.flatMap(([keys, text]) => [h("dt", {}, keys), h("dd", {}, text)])),
    h("p", {}, "Everything is in this one file. It loads nothing, and nothing leaves this machine; files that you open or drop are read here."),
    button("Close", "Close this list", () => dialog.close()));
  return dialog;
}
