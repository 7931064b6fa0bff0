// The model of the page: columns, as they are in the file, with functions that give an item.

import type { Shape } from "./text.ts";

export interface GraphColumns {
  names: string[];
  types: string[];
  type: number[];
  devices: string[];
  device: number[];
  specs: [string, Shape][];
  outputs: number[];
  outputCounts: number[];
  inputCounts: number[];
  sources: number[];
  places: number[];
  controlCounts: number[];
  controls: number[];
  marks?: number[];
  changes?: Record<string, string[]>;
}

export interface VariableColumns {
  names: string[];
  dtypes: string[];
  shapes: number[][];
  nbytes: number[];
  ops: number[];
  slots: number[];
  errors: Record<string, string>;
  statistics: Record<string, StatisticsRow>;
  pictures: Record<string, [number, number, number]>;
  strings: Record<string, string>;
  marks?: number[];
  changes?: Record<string, string[]>;
  differences?: Record<string, [number | null, number | null]>;
}

type Real = number | null;
export type StatisticsRow = [Real, Real, Real, Real, number, number, number, number[]];

export interface Description {
  version: number;
  program: string;
  title: string;
  facts: [string, string][];
  graph?: GraphColumns;
  variables: VariableColumns;
  difference?: [string, string];
  /** Where values can be read: "server" for the program that serves the page, or the URL of the file. */
  source?: string;
  /** The group of the model in its file. */
  group?: string;
  /** Whether the server has the graph, which the page then asks for. */
  graphLater?: boolean;
}

export interface Attributes {
  pairs?: [string, string][];
  nodes?: number[][];
}

export const MARKS = ["same", "added", "removed", "changed"] as const;
export type Mark = (typeof MARKS)[number];

/** A computation graph; operations are numbers. */
export class Graph {
  readonly size: number;
  private readonly inputStarts: Int32Array;
  private readonly controlStarts: Int32Array;
  private readonly outputStarts: Int32Array;
  private users: { starts: Int32Array; targets: Int32Array; slots: Int32Array } | null = null;
  private numbers: Map<string, number> | null = null;

  constructor(readonly columns: GraphColumns) {
    this.size = columns.names.length;
    this.inputStarts = starts(columns.inputCounts);
    this.controlStarts = starts(columns.controlCounts);
    this.outputStarts = starts(columns.outputCounts);
  }

  name(op: number): string {
    return this.columns.names[op];
  }

  type(op: number): string {
    return this.columns.types[this.columns.type[op]];
  }

  device(op: number): string {
    return this.columns.devices[this.columns.device[op]];
  }

  mark(op: number): Mark {
    return MARKS[this.columns.marks?.[op] ?? 0];
  }

  /** The operation of a name, or -1. */
  find(name: string): number {
    this.numbers ??= new Map(this.columns.names.map((each, op) => [each, op]));
    return this.numbers.get(name) ?? -1;
  }

  inputCount(op: number): number {
    return this.columns.inputCounts[op];
  }

  /** The source and the output of each input. */
  inputs(op: number): [number, number][] {
    const found: [number, number][] = [];
    for (let at = this.inputStarts[op]; at < this.inputStarts[op + 1]; at++) {
      found.push([this.columns.sources[at], this.columns.places[at]]);
    }
    return found;
  }

  controlInputs(op: number): number[] {
    return this.columns.controls.slice(this.controlStarts[op], this.controlStarts[op + 1]);
  }

  outputs(op: number): [string, Shape][] {
    const { outputs, specs } = this.columns;
    return outputs.slice(this.outputStarts[op], this.outputStarts[op + 1]).map((spec) => specs[spec]);
  }

  output(op: number, place: number): [string, Shape] | null {
    const at = this.outputStarts[op] + place;
    return at < this.outputStarts[op + 1] ? this.columns.specs[this.columns.outputs[at]] : null;
  }

  /** The operations that take an output of one, each with the number of the output. */
  usersOf(op: number): [number, number][] {
    const { starts, targets, slots } = (this.users ??= this.reversed());
    const found: [number, number][] = [];
    for (let at = starts[op]; at < starts[op + 1]; at++) found.push([targets[at], slots[at]]);
    return found;
  }

  /** Calls a function for each input: source, output, target. */
  eachEdge(visit: (source: number, place: number, target: number) => void): void {
    const { sources, places, inputCounts } = this.columns;
    let at = 0;
    for (let op = 0; op < this.size; op++) {
      for (let end = at + inputCounts[op]; at < end; at++) visit(sources[at], places[at], op);
    }
  }

  /** Calls a function for each control input: source, target. */
  eachControl(visit: (source: number, target: number) => void): void {
    const { controls, controlCounts } = this.columns;
    let at = 0;
    for (let op = 0; op < this.size; op++) {
      for (let end = at + controlCounts[op]; at < end; at++) visit(controls[at], op);
    }
  }

  private reversed() {
    const counts = new Array<number>(this.size).fill(0);
    this.eachEdge((source) => counts[source]++);
    const first = starts(counts);
    const next = first.slice();
    const targets = new Int32Array(this.columns.sources.length);
    const slots = new Int32Array(this.columns.sources.length);
    this.eachEdge((source, place, target) => {
      targets[next[source]] = target;
      slots[next[source]++] = place;
    });
    return { starts: first, targets, slots };
  }
}

function starts(counts: number[]): Int32Array {
  const found = new Int32Array(counts.length + 1);
  for (let at = 0; at < counts.length; at++) found[at + 1] = found[at] + counts[at];
  return found;
}

export interface Statistics {
  minimum: Real;
  maximum: Real;
  mean: Real;
  deviation: Real;
  zeros: number;
  nans: number;
  infinities: number;
  histogram: number[];
}

export interface Variable {
  row: number;
  name: string;
  dtype: string;
  shape: number[];
  nbytes: number;
  elements: number;
  /** Its operation, or -1. */
  op: number;
  isSlot: boolean;
  error: string;
  strings: string;
  statistics: Statistics | null;
  mark: Mark;
  changes: string[];
  /** The largest and the mean difference; an infinite one is Infinity. */
  difference: [number, number] | null;
}

export function variablesOf(columns: VariableColumns): Variable[] {
  const slots = new Set(columns.slots);
  return columns.names.map((name, row) => ({
    row,
    name,
    dtype: columns.dtypes[row],
    shape: columns.shapes[row],
    nbytes: columns.nbytes[row],
    elements: columns.shapes[row].reduce((product, size) => product * size, 1),
    op: columns.ops[row],
    isSlot: slots.has(row),
    error: columns.errors[row] ?? "",
    strings: columns.strings[row] ?? "",
    statistics: statisticsOf(columns.statistics[row]),
    mark: MARKS[columns.marks?.[row] ?? 0],
    changes: columns.changes?.[row] ?? [],
    difference: (columns.differences?.[row]?.map((value) => value ?? Infinity) as [number, number]) ?? null,
  }));
}

function statisticsOf(row: StatisticsRow | undefined): Statistics | null {
  if (!row) return null;
  const [minimum, maximum, mean, deviation, zeros, nans, infinities, histogram] = row;
  return { minimum, maximum, mean, deviation, zeros, nans, infinities, histogram };
}
