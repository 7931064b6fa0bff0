// What stands above and beside the graph: what is aside, colors and their legend, the way to the selection.

import type { App } from "../app.ts";
import { printable, shortened } from "../data/text.ts";
import { type Box, lineage, within } from "../graph/box.ts";
import { ROLES } from "../graph/roles.ts";
import { SCHEMES, type Scheme } from "./colors.ts";
import { button, fill, h } from "./dom.ts";

export class Controls {
  readonly bar = h("div", { class: "bar" });
  readonly crumbs = h("nav", { class: "crumbs", "aria-label": "Scopes of the selection" });
  readonly legend = h("div", { class: "legend", role: "group", "aria-label": "Colors" });
  /** The categories that the legend shows alone. */
  private readonly only = new Set<number>();

  constructor(private readonly app: App) {
    const view = app.view!;
    const roles = ROLES.filter((role) => app.tree!.root.children.length && hasRole(app.tree!.root, role));
    const switches = roles.map((role) => {
      const input = h("input", { type: "checkbox", onchange: () => app.setAside(role, !input.checked) });
      input.checked = !view.scene.filter.aside.has(role);
      input.dataset.role = role;
      return h("label", { title: `Whether ${role} stand among the others, with their wires` }, input, ` ${role}`);
    });
    const schemes = SCHEMES.filter((scheme) => scheme !== "difference" || app.description.difference);
    const select = h("select", { id: "color", onchange: () => app.color(select.value as Scheme) },
      ...schemes.map((scheme) => h("option", { value: scheme, selected: scheme === view.coloring.scheme }, scheme)));
    const changed = h("input", { type: "checkbox", id: "changed-only", onchange: () => app.setChangedOnly(changed.checked) });
    changed.checked = view.scene.filter.changedOnly;
    fill(this.bar,
      switches.length ? h("fieldset", {}, h("legend", {}, "Show among the others"), ...switches) : null,
      app.description.difference ? h("label", {}, changed, " changed only") : null,
      h("label", {}, "Color by ", select),
      h("span", { class: "group" },
        button("−", "Zoom out (-)", () => view.camera.zoomBy(0.8), { "aria-label": "Zoom out" }),
        button("+", "Zoom in (+)", () => view.camera.zoomBy(1.25), { "aria-label": "Zoom in" }),
        button("All", "Show all (f)", () => view.fit()),
        button("Fold all", "Fold everything (0)", () => view.foldEverything())),
      h("span", { class: "group" },
        button("SVG", "Save the whole picture as SVG", () => void app.savePicture("svg")),
        button("PNG", "Save the whole picture as PNG", () => void app.savePicture("png"))));
    this.drawLegend();
    this.drawCrumbs(null);
  }

  drawCrumbs(box: Box | null): void {
    const all = button("all", "Fold to the whole graph", () => this.app.chooseBox(null), { class: "link" });
    const parts: Node[] = [all];
    for (const each of box ? lineage(box) : []) {
      parts.push(document.createTextNode(" / "));
      parts.push(button(printable(shortened(each.label, 40)) || "(empty)", printable(each.path), () => this.app.chooseBox(each), { class: "link", "aria-current": each === box ? "true" : undefined }));
    }
    fill(this.crumbs, ...parts);
  }

  drawLegend(): void {
    const { view, tree } = this.app;
    this.only.clear();
    const rows = view!.coloring.legend(tree!.root).slice(0, 18).map(({ key, label, color }) =>
      button(label, `Show ${label} alone`, (event) => this.choose(key, event.currentTarget as HTMLElement), { class: `swatch ${color}`, "aria-pressed": "false" }));
    fill(this.legend, ...rows);
  }

  private choose(key: number, element: HTMLElement): void {
    if (!this.only.delete(key)) this.only.add(key);
    element.setAttribute("aria-pressed", String(this.only.has(key)));
    const { graph, view } = this.app;
    if (!this.only.size) {
      view!.lightOnly(null);
      return;
    }
    const lit = new Set<number>();
    for (let op = 0; op < graph!.size; op++) if (this.only.has(view!.coloring.categoryOf(op))) lit.add(op);
    view!.lightOnly(lit);
  }
}

function hasRole(root: Box, role: string): boolean {
  for (const box of within(root)) if (box.role === role) return true;
  return false;
}
