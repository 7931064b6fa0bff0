// The keys of the whole page and of the graph.

import type { App } from "../app.ts";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

export function listen(app: App, signal: AbortSignal): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || app.help.open) return;
    if (isTyping(event.target) && !(event.target instanceof HTMLInputElement && event.target.type === "checkbox")) return;
    if (onAnywhere(app, event) || (app.view && !app.isTable && onGraph(app, event))) event.preventDefault();
  }, { signal });
}

function onAnywhere(app: App, event: KeyboardEvent): boolean {
  switch (event.key) {
    case "/": app.search.focus(); return true;
    case "?": app.help.showModal(); return true;
    case "t": app.showView(app.isTable ? "graph" : "table"); return true;
    case "c": app.copySelection(); return true;
  }
  return false;
}

function onGraph(app: App, event: KeyboardEvent): boolean {
  const view = app.view!;
  const box = view.selected;
  switch (event.key) {
    case "f": view.fit(); return true;
    case "z": view.zoomToSelection(); return true;
    case "0": view.foldEverything(); return true;
    case "+": case "=": view.camera.zoomBy(1.25); return true;
    case "-": view.camera.zoomBy(0.8); return true;
    case "*": view.expandAll(box ?? app.tree!.root); return true;
    case "u": app.follow("upstream"); return true;
    case "d": app.follow("downstream"); return true;
    case "p": app.markPath(); return true;
    case "Escape": app.endFollowing(); return true;
    case "Backspace": if (box?.parent) app.chooseBox(box.parent.parent ? box.parent : null, true); return true;
  }
  return onCanvas(app, event);
}

/** The keys that buttons and lists have too, so that they are the graph's only there. */
function onCanvas(app: App, event: KeyboardEvent): boolean {
  const view = app.view!;
  if (document.activeElement !== view.element && document.activeElement !== document.body) return false;
  const box = view.selected;
  const arrows: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (event.key === "Enter" && box) {
    view.toggle(box);
    return true;
  }
  const arrow = arrows[event.key];
  if (!arrow) return false;
  if (box && !event.shiftKey && event.key === "ArrowRight" && box.children.length) {
    if (box.open) app.chooseBox(box.children.find((child) => view.picture.frames.has(child)) ?? box, true);
    else view.toggle(box, true);
  } else if (box && !event.shiftKey && event.key === "ArrowLeft" && box.open) view.toggle(box, false);
  else if (box && !event.shiftKey && event.key === "ArrowLeft" && box.parent?.parent) app.chooseBox(box.parent, true);
  else view.step(...arrow);
  return true;
}
