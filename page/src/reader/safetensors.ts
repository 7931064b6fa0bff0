// The arrays of a safetensors file: a header in JSON, then the values.

import { itemSize } from "./dtypes.ts";
import type { Read, StoredArray } from "./source.ts";

const DTYPES: Record<string, string> = {
  F64: "float64", F32: "float32", F16: "float16", BF16: "bfloat16", F8_E4M3: "float8_e4m3fn", F8_E5M2: "float8_e5m2",
  I64: "int64", I32: "int32", I16: "int16", I8: "int8", U64: "uint64", U32: "uint32", U16: "uint16", U8: "uint8", BOOL: "bool",
  C64: "complex64",
};

/** Bytes of a header, at most. */
const LARGEST = 100_000_000;

export function isSafetensors(head: Uint8Array): boolean {
  return head.length > 8 && head[8] === 0x7b && head[4] === 0 && head[5] === 0 && head[6] === 0 && head[7] === 0;
}

export async function openSafetensors(read: Read, size: number): Promise<Map<string, StoredArray>> {
  const first = await read(0, 8);
  const length = Number(new DataView(first.buffer).getBigUint64(0, true));
  if (length > LARGEST || length + 8 > size) throw new Error("The header of the file is longer than the file.");
  const header = JSON.parse(new TextDecoder().decode(await read(8, length))) as Record<string, unknown>;
  const found = new Map<string, StoredArray>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: offsets } = entry as { dtype: string; shape: number[]; data_offsets: [number, number] };
    const known = DTYPES[dtype] ?? dtype;
    const [start, nbytes] = [8 + length + offsets[0], offsets[1] - offsets[0]];
    if (start + nbytes > size || (itemSize(known) && shape.reduce((a, b) => a * b, itemSize(known)) !== nbytes)) {
      throw new Error("The header of the file contradicts itself.");
    }
    found.set(name, { name, dtype: known, shape, nbytes, read: (at, count) => read(start + at, Math.min(count, nbytes - at)) });
  }
  return found;
}
