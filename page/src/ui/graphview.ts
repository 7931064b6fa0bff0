// The view of the graph: drawing, folding, selecting.

import { grouped } from "../data/text.ts";
import type { Graph } from "../data/model.ts";
import { type Box, lineage, shown, within } from "../graph/box.ts";
import { MOST, Scene, foldAll, openFirst, reveal } from "../graph/scene.ts";
import type { Tree } from "../graph/tree.ts";
import type { Filter } from "../graph/visible.ts";
import { Camera, type Frame, READABLE } from "./camera.ts";
import type { Coloring } from "./colors.ts";
import { h, s } from "./dom.ts";
import { Minimap } from "./minimap.ts";
import { Picture } from "./picture.ts";
import { type Ends, drawWires } from "./selection.ts";

/** The largest number of boxes that "expand all below" opens. */
const EXPAND = 600;

export interface Listener {
  selected(box: Box | null): void;
  said(text: string): void;
  folded(): void;
}

export class GraphView {
  readonly element: HTMLElement;
  readonly svg: SVGSVGElement;
  readonly camera: Camera;
  readonly scene: Scene;
  picture!: Picture;
  selected: Box | null = null;
  /** The operations that are not dimmed; null if none is. */
  lit: Set<number> | null = null;
  private readonly stage = s("g", { class: "stage" });
  private readonly overlay = s("g", { class: "overlay" });
  private readonly minimap: Minimap;

  constructor(
    readonly graph: Graph, readonly tree: Tree, filter: Filter,
    readonly coloring: Coloring, private readonly listener: Listener,
  ) {
    this.svg = s("svg", { class: "graph", "aria-hidden": "true" }, arrow(), this.stage);
    this.element = h("div", { class: "canvas", tabindex: 0, role: "application", "aria-label": "Graph. The arrow keys move from box to box, Enter opens and folds." }, this.svg);
    this.camera = new Camera(this.svg, () => this.moved());
    this.minimap = new Minimap(this.camera);
    this.element.append(this.minimap.element);
    this.scene = new Scene(graph, tree.root, filter);
    this.svg.addEventListener("click", (event) => this.onClick(event));
    this.svg.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    new ResizeObserver(() => this.moved()).observe(this.svg);
    openFirst(tree.root, filter);
    this.draw();
  }

  /** Draws everything; the picture does not move under a box. */
  draw(still: Box | null = null): void {
    if (this.scene.count > MOST) {
      foldAll(this.tree.root);
      this.scene.changed(null);
      this.listener.said(`More than ${MOST} boxes cannot be drawn at once, so all are folded.`);
    }
    const before = still && this.picture ? this.frameOf(still) : null;
    this.picture = new Picture(this.scene.whole, this.graph, this.coloring);
    this.stage.replaceChildren(this.picture.element, this.overlay);
    this.minimap.draw(this.picture);
    if (this.lit) this.dim();
    this.light();
    const after = still && this.frameOf(still);
    if (before && after) {
      this.camera.moveBy((before.x - after.x) * this.camera.zoom, (before.y - after.y) * this.camera.zoom);
    }
  }

  /** Lays out everything again, after a change of what stands aside. */
  redraw(still: Box | null = null): void {
    this.scene.changed(null);
    this.draw(still);
    this.listener.folded();
  }

  frameOf(box: Box): Frame | null {
    const at = shown(box);
    return this.picture.frames.get(at) ?? this.picture.chips.get(at)?.[0].frame ?? null;
  }

  fit(): void {
    const { w, h } = this.picture.size;
    this.camera.fit({ x: 0, y: 0, w, h });
  }

  /** The first picture: all of it, as far as names can be read. */
  fitFirst(): void {
    const { w, h } = this.picture.size;
    this.camera.fit({ x: 0, y: 0, w, h }, READABLE);
    if (w * this.camera.zoom > this.camera.width) this.camera.moveBy(-this.camera.x + 20, 0);
  }

  zoomToSelection(): void {
    const frame = this.selected && this.frameOf(this.selected);
    if (frame) this.camera.fit(frame, 0.1, 1.6);
  }

  select(box: Box | null, show = false): void {
    this.selected = box;
    if (box && reveal(box, this.scene)) {
      this.draw();
      this.listener.folded();
    } else this.light();
    const frame = show && box ? this.frameOf(box) : null;
    if (frame) this.camera.show(frame);
    this.listener.selected(box);
  }

  toggle(box: Box, open = !box.open): void {
    if (!box.children.length || !box.parent || box.open === open) return;
    box.open = open;
    if (open && this.scene.count > MOST) {
      box.open = false;
      this.listener.said(`More than ${grouped(MOST)} boxes cannot be drawn at once. Fold others first.`);
      return;
    }
    this.scene.changed(box);
    if (!open && this.selected && this.selected !== box && lineage(this.selected).includes(box)) this.selected = box;
    this.draw(box);
    this.listener.folded();
    this.listener.said(open ? `${box.label} is open: ${box.children.length} boxes.` : `${box.label} is folded.`);
    if (this.selected) this.listener.selected(this.selected);
  }

  /** Opens everything in a box, level by level, up to a limit. */
  expandAll(box: Box): void {
    const waiting = [box];
    let room = EXPAND;
    let refused = false;
    while (waiting.length) {
      const next = waiting.shift()!;
      if (!next.children.length) continue;
      if (next.children.length > room) {
        refused = true;
        continue;
      }
      room -= next.children.length;
      next.open = true;
      this.scene.changed(next);
      waiting.push(...next.children);
    }
    if (this.scene.count > MOST) {
      for (const each of within(box)) if (each !== box && each.parent) each.open = false;
      this.scene.changed(null);
      refused = true;
    }
    this.draw(box);
    this.listener.folded();
    this.listener.said(refused ? `Some scopes stay folded: at most ${EXPAND} boxes are opened at once.` : "All below is open.");
  }

  foldEverything(): void {
    foldAll(this.tree.root);
    this.scene.changed(null);
    if (this.selected) this.selected = shown(this.selected);
    this.draw();
    this.fitFirst();
    this.listener.folded();
    this.listener.selected(this.selected);
  }

  /** Dims all but some operations; null dims nothing. */
  lightOnly(lit: Set<number> | null): void {
    this.lit = lit;
    this.dim();
  }

  private dim(): void {
    const kept = new Set<Box>();
    this.lit?.forEach((op) => {
      for (let box: Box | null = this.tree.boxOf[op]; box && !kept.has(box); box = box.parent) kept.add(box);
    });
    const isDim = (box: Box) => this.lit !== null && !kept.has(box);
    this.picture.groups.forEach((element, box) => element.classList.toggle("dim", isDim(box)));
    this.picture.chips.forEach((chips, box) => {
      for (const { element } of chips) if (element.classList.contains("chip")) element.classList.toggle("dim", isDim(box));
    });
    this.svg.classList.toggle("dimmed", this.lit !== null);
  }

  /** Draws the wires of the selection to their true ends; of one output alone if its number is given. */
  light(place = -1): void {
    for (const element of this.svg.querySelectorAll(".selected, .from, .to")) element.classList.remove("selected", "from", "to");
    this.overlay.replaceChildren();
    const box = this.selected;
    this.svg.classList.toggle("chosen", box !== null);
    if (!box) return;
    const ends: Ends = { graph: this.graph, tree: this.tree, picture: this.picture };
    this.picture.groups.get(box)?.classList.add("selected");
    for (const { element } of this.picture.chips.get(box) ?? []) element.classList.add("selected");
    drawWires(box, place, ends, this.overlay);
  }

  /** Goes to the next box in a direction, of those in the same scope. */
  step(dx: number, dy: number): void {
    if (!this.selected) {
      const first = this.tree.root.children.find((box) => this.picture.frames.has(box));
      if (first) this.select(first, true);
      return;
    }
    const from = this.frameOf(this.selected);
    if (!from) return;
    const middle = (frame: Frame) => ({ x: frame.x + frame.w / 2, y: frame.y + frame.h / 2 });
    const start = middle(from);
    let best: Box | null = null;
    let least = Infinity;
    for (const box of this.selected.parent!.children) {
      const frame = this.picture.frames.get(box);
      if (!frame || box === this.selected) continue;
      const end = middle(frame);
      const along = (end.x - start.x) * dx + (end.y - start.y) * dy;
      const across = Math.abs((end.x - start.x) * dy) + Math.abs((end.y - start.y) * dx);
      if (along > 1 && along + 2 * across < least) [least, best] = [along + 2 * across, box];
    }
    if (best) this.select(best, true);
  }

  private onClick(event: MouseEvent): void {
    if (this.camera.isDragged) return;
    const box = this.picture.boxAt(event.target);
    if (event.target instanceof Element && event.target.closest(".toggle") && box) this.toggle(box);
    else this.select(box);
    this.element.focus({ preventScroll: true });
  }

  private onDoubleClick(event: MouseEvent): void {
    const box = this.picture.boxAt(event.target);
    if (!box || (event.target instanceof Element && event.target.closest(".toggle"))) return;
    if (this.picture.frames.has(box)) this.toggle(box);
    else this.select(box);
  }

  private moved(): void {
    this.stage.setAttribute("transform", this.camera.transform);
    this.svg.classList.toggle("far", this.camera.zoom < READABLE);
    if (this.picture) this.minimap.follow(this.picture);
  }
}

function arrow(): SVGDefsElement {
  const marker = (id: string) =>
    s("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto", markerUnits: "userSpaceOnUse" },
      s("path", { d: "M0 0L8 4L0 8z" }));
  return s("defs", {}, marker("arrow"), marker("arrow-in"), marker("arrow-out"));
}
