// The color of a box, by what the user has chosen, and the legend of the colors.

import { MARKS, type Graph } from "../data/model.ts";
import { printable, grouped } from "../data/text.ts";
import { type Box, within } from "../graph/box.ts";
import { FAMILIES, TELLING, familyOf } from "../graph/families.ts";

export const SCHEMES = ["type", "device", "dtype", "parameters", "difference"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** A category of a legend: its color is the class `c-NAME` of the style sheet. */
export interface Category {
  key: number;
  label: string;
  color: string;
}

/** Colors of categories whose number is not known before: names of classes. */
const OTHERS = 10;

const VARIABLES = FAMILIES.indexOf("variables");

/** Operations of a scope up to which it has the color of the first telling family that it has. */
const SMALL = 80;
export class Coloring {
  private readonly parameters: Map<number, number>;
  private readonly most: number;
  private readonly dtypes: string[];

  constructor(private readonly graph: Graph, public scheme: Scheme, sizes: Map<number, number>) {
    this.parameters = sizes;
    this.most = [...sizes.values()].reduce((most, size) => Math.max(most, size), 1);
    this.dtypes = [...new Set(graph.columns.specs.map(([dtype]) => dtype))];
  }

  categoryOf(op: number): number {
    switch (this.scheme) {
      case "type": return familyOf(this.graph.type(op));
      case "device": return this.graph.columns.device[op];
      case "dtype": return this.dtypes.indexOf(this.graph.output(op, 0)?.[0] ?? "");
      case "difference": return this.graph.columns.marks?.[op] ?? 0;
      case "parameters": return this.step(this.parameters.get(op) ?? 0);
    }
  }

  /** The category that a box has as a whole, or -1 where it has none. */
  mainOf(box: Box): number {
    if (box.op >= 0) return this.categoryOf(box.op);
    const isMany = box.kind === "scope" || box.kind === "part";
    if (isMany && !box.isStatic && this.scheme === "type") {
      return box.size > SMALL ? -1 : (TELLING.find((family) => box.mix[family]) ?? -1);
    }
    if (this.scheme === "type" && box.isStatic) return FAMILIES.indexOf(box.mix[VARIABLES] ? "variables" : "constants");
    return this.mixOf(box)[0]?.[0] ?? 0;
  }

  classOf(category: number): string {
    switch (this.scheme) {
      case "type": return `f${category}`;
      case "difference": return `m-${MARKS[category]}`;
      case "parameters": return `p${category}`;
      default: return category < 0 ? "o-none" : `o${category % OTHERS}`;
    }
  }

  /** The categories of the operations of a box, with their numbers, the most frequent first. */
  mixOf(box: Box): [number, number][] {
    const counts = new Map<number, number>();
    if (this.scheme === "type") box.mix.forEach((count, family) => counts.set(family, count));
    else if (this.scheme === "difference") MARKS.forEach((mark, key) => box.marks[mark] && counts.set(key, box.marks[mark]));
    else {
      for (const each of within(box)) {
        if (each.kind !== "operation") continue;
        const category = this.categoryOf(each.op);
        counts.set(category, (counts.get(category) ?? 0) + 1);
      }
    }
    return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  }

  /** The categories in a box, the most frequent first. */
  legend(root: Box): Category[] {
    return this.mixOf(root).map(([key]) => ({ key, label: this.labelOf(key), color: this.classOf(key) }));
  }

  private labelOf(category: number): string {
    switch (this.scheme) {
      case "type": return FAMILIES[category];
      case "device": return printable(this.graph.columns.devices[category]) || "any device";
      case "dtype": return category < 0 ? "no output" : printable(this.dtypes[category]);
      case "difference": return MARKS[category];
      case "parameters": return category ? `at least ${grouped(Math.ceil(this.most * 10 ** (category - 5)))}` : "none";
    }
  }

  /** 0 without parameters, else 1 to 5 by powers of ten below the largest. */
  private step(parameters: number): number {
    if (!parameters) return 0;
    return Math.max(1, Math.min(5, 5 + Math.floor(Math.log10(parameters / this.most))));
  }
}
