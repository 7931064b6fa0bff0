import assert from "node:assert/strict";
import { test } from "node:test";
import { firstSlice, parsedAxis, placeText, plan, readSlice } from "../src/data/slices.ts";
import { statisticsOf } from "../src/data/statistics.ts";
import { printable, shortNumber } from "../src/data/text.ts";
import { addressOf, stateOf } from "../src/ui/address.ts";
import { numbers } from "../src/reader/dtypes.ts";
import { lz4 } from "../src/reader/filters.ts";

test("characters that cannot be seen, or that turn the direction, are escaped", () => {
  assert.equal(printable("a\u202eb\u0007\u200b\ud800"), "a\\u202eb\\u0007\\u200b\\ud800");
  assert.equal(printable("ä𝄞 </script>"), "ä𝄞 </script>");
});

test("numbers are short", () => {
  assert.deepEqual([0, 1234567, 0.1 + 0.2, 1e-9, 3.5e20, null, NaN].map((each) => shortNumber(each)), ["0", "1,234,567", "0.3", "1.000e-9", "3.500e+20", "–", "NaN"]);
});

test("small floats", () => {
  const code = (dtype: string, ...bytes: number[]) => numbers(dtype, new Uint8Array(bytes))[0];
  assert.equal(code("bfloat16", 0x80, 0x3f), 1);
  assert.equal(code("float16", 0x00, 0xc0), -2);
  assert.equal(code("float16", 0x01, 0x00), 2 ** -24);
  assert.equal(code("float8_e4m3fn", 0x7e), 448);
  assert.ok(Number.isNaN(code("float8_e4m3fn", 0x7f)));
  assert.equal(code("float8_e5m2", 0x7c), Infinity);
  assert.ok(Number.isNaN(code("float8_e4m3fnuz", 0x80)));
  assert.equal(code("float8_e8m0fnu", 128), 2);
  assert.equal(code("float4_e2m1fn", 0x0f), -6);
  assert.equal(code("int4", 0xfd), -3);
  assert.equal(code("complex64", ...new Uint8Array(new Float32Array([3, 4]).buffer)), 5);
  assert.equal(code("int64", ...new Uint8Array(new BigInt64Array([-5n]).buffer)), -5);
});

test("places and ranges of an axis", () => {
  assert.deepEqual(parsedAxis("-1", 5), { places: [4], isOpen: false });
  assert.deepEqual(parsedAxis("1:3", 5), { places: [1, 2], isOpen: true });
  assert.deepEqual(parsedAxis(":-3", 5), { places: [0, 1], isOpen: true });
  for (const wrong of ["5", "x", "3:3", "1:2:3"]) assert.equal(typeof parsedAxis(wrong, 5), "string");
  assert.match(plan([2, 2, 2], [":", ":", ":"]) as string, /all axes but two/);
});

test("a slice is read by its rows", async () => {
  const shape = [3, 4, 5];
  const bytes = new Uint8Array(new Float32Array(Array.from({ length: 60 }, (_, at) => at)).buffer);
  const array = { name: "a", dtype: "float32", shape, nbytes: 240, read: async (start: number, nbytes: number) => bytes.slice(start, start + nbytes) };
  assert.deepEqual(firstSlice(shape), ["0", ":", ":"]);
  const chosen = plan(shape, [":", "2", "1:3"]);
  assert.ok(typeof chosen !== "string");
  assert.deepEqual([...await readSlice(array, chosen)], [11, 12, 31, 32, 51, 52]);
  assert.equal(placeText(chosen, 1, 1), "[1, 2, 2]");
});

test("statistics of numbers that are read in parts", async () => {
  const found = await statisticsOf(async function* () { yield [1, 2, NaN]; yield [3, 0, Infinity]; });
  assert.deepEqual([found.minimum, found.maximum, found.mean, found.zeros, found.nans, found.infinities], [0, 3, 1.5, 1, 1, 1]);
  assert.equal(found.histogram.reduce((a, b) => a + b), 4);
});

test("damaged LZ4 is an error", () => {
  const bytes = new Uint8Array(20);
  bytes[7] = 8;
  bytes[11] = 8;
  assert.throws(() => lz4(bytes, 8), /damaged/);
  assert.throws(() => lz4(bytes, 9), /damaged/);
});

test("the address keeps the state", () => {
  const state = { node: "a/b ×6|#&=", array: "", view: "", color: "dtype", open: ["a", "b|c"], beside: ["gradients"], moved: [], back: ["x"], changed: true };
  assert.deepEqual(stateOf(addressOf(state)), state);
  assert.equal(stateOf("#node=%E0%A4%A").node, "%E0%A4%A");
  assert.doesNotThrow(() => addressOf({ ...state, node: "\ud800" }));
});
