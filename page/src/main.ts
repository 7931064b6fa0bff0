// The beginning: the model of the page, or a page that waits for a file.

import { App, type Loader } from "./app.ts";
import type { Attributes, Description, GraphColumns } from "./data/model.ts";
import { Parts, inflated } from "./data/parts.ts";
import { count, printable } from "./data/text.ts";
import { openBlob, openUrl } from "./reader/open.ts";
import { type StoredArray, type ValueSource, ofUrl } from "./reader/source.ts";
import { button, fill, h } from "./ui/dom.ts";

const place = document.getElementById("page")!;

async function start(): Promise<void> {
  const parts = new Parts(document.getElementById("model")!.textContent ?? "");
  if (!parts.isFilled) {
    waitForFile();
    return;
  }
  const description = await parts.json<Description>(0);
  if (description.version !== 1) throw new Error(`The model in this page is of version ${description.version}.`);
  const loader: Loader = { attributes: () => parts.json<Attributes>(1), pictures: () => parts.bytes(2) };
  const app = show(description, loader);
  if (description.source) app.useSource(await sourceOf(description));
  if (description.graphLater) await addGraph(description, app);
}

function show(description: Description, loader: Loader): App {
  const app = new App(description, loader, place);
  Object.assign(window, { hdfsaverPage: app }); // for those who look into the page
  return app;
}

/** The values that the program that serves this page gives, or those of the file behind a URL. */
async function sourceOf(description: Description): Promise<ValueSource> {
  if (description.source !== "server") return openUrl(description.source!, description.group ?? "");
  const { names, dtypes, shapes, nbytes } = description.variables;
  const arrays = names.map((name, row): [string, StoredArray] =>
    [name, { name, dtype: dtypes[row], shape: shapes[row], nbytes: nbytes[row], read: ofUrl(`values/${row}`) }]);
  return { name: description.title, arrays: new Map(arrays) };
}

/** The graph, which may be large, comes after the table. */
async function addGraph(description: Description, app: App): Promise<void> {
  app.say("The graph is being read …");
  const part = async (name: string) => {
    const answer = await fetch(name, { cache: "no-store" });
    if (!answer.ok) throw new Error(`The graph cannot be read: ${await answer.text()}`);
    return JSON.parse(new TextDecoder().decode(await inflated(await answer.arrayBuffer()))) as unknown;
  };
  const found = (await part("graph")) as { graph: GraphColumns | null; ops: number[]; slots: number[] };
  app.say("");
  if (!found.graph) return;
  const variables = { ...description.variables, ops: found.ops, slots: found.slots };
  const { source } = app;
  app.end();
  const loader: Loader = { attributes: async () => (await part("attributes")) as Attributes, pictures: async () => new Uint8Array() };
  const next = show({ ...description, graph: found.graph, variables, graphLater: false }, loader);
  if (source) next.useSource(source);
}

/** A page without a model shows the arrays of a file that is dropped on it. */
function waitForFile(): void {
  const note = h("p", { role: "status" });
  const input = h("input", { type: "file", hidden: true, "aria-label": "File", accept: ".h5,.hdf5,.safetensors" });
  const open = async (file: File) => {
    try {
      const source = await openBlob(file, "");
      const arrays = [...source.arrays.values()];
      const empty = { errors: {}, statistics: {}, pictures: {}, strings: {}, slots: [] };
      const variables = {
        ...empty, names: arrays.map(({ name }) => name), dtypes: arrays.map(({ dtype }) => dtype),
        shapes: arrays.map(({ shape }) => shape), nbytes: arrays.map(({ nbytes }) => nbytes), ops: arrays.map(() => -1),
      };
      const facts: [string, string][] = [["Arrays", count(arrays.length, "array")], ["Read", "in this page, without its graph: hdfsaver view shows that too"]];
      const app = show({ version: 1, program: "", title: file.name, facts, variables }, { attributes: async () => ({}), pictures: async () => new Uint8Array() });
      app.useSource(source);
    } catch (error) {
      note.textContent = printable((error as Error).message);
    }
  };
  input.addEventListener("change", () => input.files?.[0] && void open(input.files[0]));
  addEventListener("dragover", (event) => event.preventDefault());
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file && place.querySelector(".empty")) void open(file);
  };
  addEventListener("drop", onDrop);
  fill(place, h("main", { class: "empty" },
    h("h1", {}, "hdfsaver"),
    h("p", {}, "Drop a checkpoint of hdfsaver (.h5) or a safetensors file here to see its arrays. Nothing leaves this machine."),
    button("Open a file …", "The file is read here and goes nowhere", () => input.click()), input, note));
}

start().catch((error: Error) => {
  console.error(error);
  fill(place, h("main", { class: "empty" }, h("h1", {}, "hdfsaver"), h("p", { class: "error", role: "alert" }, printable(`This page cannot be shown: ${error.message}`))));
});
