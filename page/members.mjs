// The names of members that only the page's own code uses, so that a build may give them short ones.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A declaration in a class or an interface, or a property of a constructor. */
const DECLARED = /^  (?:private |readonly |async |get |set |static |\*)*([a-z]\w{3,})(?=\??:|\(|!?;| = )|(?:private|public|readonly) (?:readonly )?([a-z]\w{3,})(?=[,:])/gm;

/** The body of a class or an interface. */
const BODY = /^(?:export )?(?:abstract )?(?:class|interface) [^]*?^\}/gm;

/** The interfaces of what comes from the file: their names are keys of JSON. */
const READ = /export interface (?:GraphColumns|VariableColumns|Description|Attributes|LaterGraph) \{[^}]*\}/g;

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? sources(path) : path.endsWith(".ts") ? [readFileSync(path, "utf8")] : [];
  });
}

/** TypeScript's declarations of the browser, which are in a package for each machine. */
function libraryFolder() {
  const found = readdirSync(here("node_modules/@typescript")).map((name) => here(`node_modules/@typescript/${name}/lib`));
  const folder = [here("node_modules/typescript/lib"), ...found].find((each) => existsSync(`${each}/lib.dom.d.ts`));
  if (!folder) throw new Error("TypeScript's declarations of the browser are not installed.");
  return folder;
}

export function ownMembers() {
  const texts = sources(here("src"));
  const libraries = libraryFolder();
  const known = new Set();
  const collect = (text) => (text.match(/[A-Za-z]\w*/g) ?? []).forEach((word) => known.add(word));
  for (const name of readdirSync(libraries)) if (/^lib\..*\.d\.ts$/.test(name)) collect(readFileSync(`${libraries}/${name}`, "utf8").replace(/\/\*[^]*?\*\//g, ""));
  for (const text of texts) {
    (text.match(READ) ?? []).forEach(collect);
    (text.match(/"\w+"/g) ?? []).forEach(collect); // a name that is a string somewhere may be a key
  }
  const found = new Set();
  for (const text of texts) {
    for (const [body] of text.matchAll(BODY)) {
      for (const [, member, property] of body.matchAll(DECLARED)) found.add(member ?? property);
    }
  }
  return [...found].filter((name) => !known.has(name)).sort();
}
