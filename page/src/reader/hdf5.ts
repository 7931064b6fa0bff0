// The arrays of a checkpoint of hdfsaver, by ranges: docs/reading-without-hdf5.md. Digests are not compared.

import { decoded } from "./filters.ts";
import { itemSize } from "./dtypes.ts";
import type { Read, StoredArray } from "./source.ts";

const HEAD = 65536;
const COLUMNS = ["name", "dtype", "shape", "group", "filters", "chunk", "encoding"] as const;
type Row = Record<(typeof COLUMNS)[number], string>;

/** Bytes of an index, at most. */
const LARGEST = 100_000_000;

const MAGIC = [..."hdf-SEAL"].map((letter) => letter.charCodeAt(0));
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

export function isHdf5(head: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => head[at] === byte);
}

class Bytes {
  private readonly view: DataView;
  constructor(readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }
  u2 = (at: number) => this.view.getUint16(at, true);
  u4 = (at: number) => this.view.getUint32(at, true);
  u8 = (at: number) => Number(this.view.getBigUint64(at, true));
}

/** Where the value of an array is: one extent, or those of its chunks. */
interface Extent {
  offset: number;
  nbytes: number;
}

/** Reads the index; the size of the file is Infinity where it is not known. */
export async function openHdf5(read: Read, size: number, group: string): Promise<Map<string, StoredArray>> {
  const head = await read(0, Math.min(HEAD, size));
  const seal = new Bytes(sealIn(head));
  if (seal.u2(12) !== 1) throw new Error(`Version ${seal.u2(12)} of the format is not known.`);
  if (size !== Infinity && seal.u8(32) !== size) throw new Error(`The file has ${size} bytes, and its seal says ${seal.u8(32)}: it is damaged.`);
  const [width, total] = [seal.u4(20), seal.u8(80)];
  const parts = [[seal.u8(56), 24 * seal.u8(64)], [seal.u8(72), width * total], [seal.u8(88), seal.u8(96)]];
  const end = Math.max(...parts.map(([start, nbytes]) => start + nbytes));
  if (end > seal.u8(32) || end > LARGEST) throw new Error("The index is not in the file: it is damaged.");
  const data = end > head.length ? joined(head, await read(head.length, end - head.length)) : head;
  const [extents, index, long] = parts.map(([start, nbytes]) => data.subarray(start, start + nbytes));
  const rows = rowsOf(seal, width, total, index, long);
  return arrays(rows, extentsOf(extents, seal.u8(32)), read, group);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const found = new Uint8Array(first.length + second.length);
  found.set(first);
  found.set(second, first.length);
  return found;
}

function sealIn(head: Uint8Array): Uint8Array {
  const bytes = new Bytes(head);
  for (let at = 0; at + 192 <= head.length; at++) {
    if (MAGIC.every((byte, place) => head[at + place] === byte) && bytes.u8(at + 24) === at) {
      return head.subarray(at, at + bytes.u4(at + 8));
    }
  }
  throw new Error("The file is HDF5, but not a checkpoint of hdfsaver: it has no seal. hdfsaver convert makes one of it.");
}

function extentsOf(data: Uint8Array, size: number): Extent[] {
  const bytes = new Bytes(data);
  return Array.from({ length: data.length / 24 }, (_, row) => {
    const extent = { offset: bytes.u8(24 * row), nbytes: bytes.u8(24 * row + 8) };
    if (extent.offset + extent.nbytes > size) throw new Error("A value is not in the file: it is damaged.");
    return extent;
  });
}

/** The strings of a tensor: each after its length in a field of one width, or without gaps behind all offsets. */
export function strings(data: Uint8Array, count: number, width: number): string[] {
  const bytes = new Bytes(data);
  const start = (row: number) => (width ? width * row + 4 : 8 * (count + 1) + bytes.u8(8 * row));
  const end = (row: number) => (width ? start(row) + bytes.u4(width * row) : start(row + 1));
  const decoder = new TextDecoder();
  return Array.from({ length: count }, (_, row) => decoder.decode(data.subarray(start(row), end(row))));
}

function rowsOf(seal: Bytes, width: number, total: number, index: Uint8Array, long: Uint8Array): Row[] {
  const decoder = new TextDecoder();
  const cells = long.length ? strings(long, seal.u4(104), seal.u4(108)) : [];
  return Array.from({ length: total }, (_, number) => {
    const row = {} as Row;
    COLUMNS.forEach((column, which) => {
      const start = width * number + seal.u4(112 + 8 * which);
      const cell = index.subarray(start, start + seal.u4(116 + 8 * which));
      const stop = cell.indexOf(0);
      const text = decoder.decode(stop < 0 ? cell : cell.subarray(0, stop));
      row[column] = text.startsWith("%%") ? cells[Number(text.slice(2))] : text;
    });
    return row;
  });
}

function arrays(rows: Row[], extents: Extent[], read: Read, group: string): Map<string, StoredArray> {
  const found = new Map<string, StoredArray>();
  let next = rows.length; // the extents of chunks follow those of the arrays
  rows.forEach((row, number) => {
    const shape = sizes(row.shape);
    const item = itemSize(row.dtype);
    const name = row.name === "%" ? "" : decodeURIComponent(row.name);
    const chunks = row.filters ? extents.slice(next, next + chunkCount(shape, sizes(row.chunk))) : [];
    next += chunks.length;
    if (decodeURIComponent(row.group) !== group) return;
    const { offset, nbytes } = extents[number];
    const size = row.filters ? shape.reduce((product, each) => product * each, item) : nbytes;
    if (item && !row.filters && shape.reduce((product, each) => product * each, item) !== nbytes) {
      throw new Error("The index contradicts itself: the file is damaged.");
    }
    const whole = row.filters ? chunked(row, shape, item, chunks, read) : null;
    found.set(name, {
      name, dtype: row.dtype, shape, nbytes: size,
      read: async (at, count) => {
        const stop = Math.min(at + count, size);
        return whole ? (await whole()).slice(at, stop) : read(offset + at, stop - at);
      },
    });
  });
  return found;
}

function sizes(text: string): number[] {
  return text.split(",").filter(Boolean).map(Number);
}

function chunkCount(shape: number[], chunk: number[]): number {
  return shape.reduce((count, size, axis) => count * Math.ceil(size / chunk[axis]), 1);
}

/** Reads and decodes a compressed value once. */
function chunked(row: Row, shape: number[], item: number, chunks: Extent[], read: Read): () => Promise<Uint8Array<ArrayBuffer>> {
  let known: Promise<Uint8Array<ArrayBuffer>> | null = null;
  const all = async () => {
    const chunk = sizes(row.chunk);
    const chunkBytes = chunk.reduce((product, size) => product * size, item);
    const axis = Math.max(0, chunk.findIndex((size) => size > 1));
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, item);
    const perRow = Math.ceil(shape[axis] / chunk[axis]);
    const found = new Uint8Array(shape.reduce((product, size) => product * size, item));
    const filters = row.filters.split(" ");
    for (let number = 0, at = 0; number < chunks.length; number++) {
      const stored = await read(chunks[number].offset, chunks[number].nbytes);
      const bytes = stored.length === chunkBytes ? stored : await decoded(stored, filters, chunkBytes, item);
      const lines = Math.min(chunk[axis], shape[axis] - (number % perRow) * chunk[axis]);
      found.set(bytes.subarray(0, lines * inner), at);
      at += lines * inner;
    }
    return found;
  };
  return () => (known ??= all());
}
