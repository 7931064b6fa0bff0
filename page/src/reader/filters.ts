// The filters of compressed values.

import { inflated } from "../data/parts.ts";

/** Decodes a chunk of a known size. */
export async function decoded(bytes: Uint8Array<ArrayBuffer>, filters: string[], size: number, item: number): Promise<Uint8Array> {
  let found: Uint8Array = bytes;
  for (const filter of [...filters].reverse()) {
    if (filter === "gzip") found = await inflated(found as Uint8Array<ArrayBuffer>);
    else if (filter === "lz4") found = lz4(found, size);
    else if (filter === "shuffle") found = unshuffled(found, item);
    else throw new Error(`Values that are compressed with ${filter} cannot be read in the page alone; hdfsaver view --serve reads them.`);
  }
  if (found.length !== size) throw new Error(`A chunk has ${found.length} bytes, not ${size}: the file is damaged.`);
  return found;
}

function unshuffled(bytes: Uint8Array, item: number): Uint8Array {
  const count = Math.floor(bytes.length / item);
  const found = new Uint8Array(bytes.length);
  for (let place = 0; place < item; place++) {
    for (let at = 0; at < count; at++) found[at * item + place] = bytes[place * count + at];
  }
  found.set(bytes.subarray(count * item), count * item);
  return found;
}

/** HDF5's form of LZ4: sizes in big-endian order, then blocks, each after its length. */
export function lz4(bytes: Uint8Array, expected: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [size, block] = [Number(view.getBigUint64(0)), view.getUint32(8)];
  if (size !== expected || !block) throw new Error("A chunk has another size than its dataset says: the file is damaged.");
  const found = new Uint8Array(size);
  for (let at = 12, done = 0; done < size; ) {
    const length = view.getUint32(at);
    const part = found.subarray(done, Math.min(done + block, size));
    const stored = bytes.subarray(at + 4, at + 4 + length);
    if (length === part.length) part.set(stored);
    else lz4Block(stored, part);
    at += 4 + length;
    done += part.length;
  }
  return found;
}

function lz4Block(from: Uint8Array, to: Uint8Array): void {
  let [at, done] = [0, 0];
  const longer = (length: number) => {
    if (length !== 15) return length;
    let byte = 255;
    while (byte === 255) length += byte = from[at++] ?? 0;
    return length;
  };
  while (at < from.length) {
    const token = from[at++];
    const literals = longer(token >> 4);
    to.set(from.subarray(at, at + literals), done);
    at += literals;
    done += literals;
    if (at >= from.length) break;
    const distance = from[at] | (from[at + 1] << 8);
    at += 2;
    const length = longer(token & 15) + 4;
    if (!distance || distance > done || done + length > to.length) throw new Error("A chunk is damaged.");
    for (let end = done + length; done < end; done++) to[done] = to[done - distance];
  }
  if (done !== to.length) throw new Error("A chunk is damaged.");
}
