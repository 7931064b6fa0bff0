// What libraries of JavaScript read from a file: node readers.js PROGRAM FILE KEY... prints JSON. NODE_PATH has them.
const fs = require("fs");
const path = require("path");
const plain = (value) => {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Map) return [...value.values()].map(plain);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return Array.from(value, plain);
  return value === undefined ? null : value;
};
async function main([program, file, ...keys]) {
  const folder = path.join(process.env.NODE_PATH, program);
  const found = { version: JSON.parse(fs.readFileSync(path.join(folder, "package.json"))).version };
  let get;
  if (program === "h5wasm") {
    const h5wasm = await import(path.join(folder, "dist/node/hdf5_hl.js"));
    await h5wasm.ready;
    const opened = new h5wasm.File(file, "r");
    get = (key) => opened.get(key).value;
  } else {
    const jsfive = await import(path.join(folder, "dist/esm/index.mjs"));
    const bytes = fs.readFileSync(file);
    const opened = new jsfive.File(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length), file);
    get = (key) => opened.get(key).value;
  }
  for (const key of keys) {
    try {
      found[key] = plain(get(key));
    } catch (error) {
      found[key] = { error: String(error).slice(0, 200) };
    }
  }
  console.log("RESULT " + JSON.stringify(found));
}
main(process.argv.slice(2));
