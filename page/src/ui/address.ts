// The state of the page behind the # of its address, so that it can be reloaded, shared, and gone back to.

export interface State {
  node: string;
  array: string;
  view: string;
  color: string;
  open: string[];
  /** The roles that do not stand aside. */
  beside: string[];
  moved: string[];
  back: string[];
  changed: boolean;
}

const SEPARATOR = "|";
/** Stands for no open scope: without it, the first picture opens some. */
const NOTHING = "-";
/** Characters of the address; longer lists of open scopes are cut. */
const LONGEST = 4000;

function listText(names: string[]): string {
  let text = "";
  for (const name of names) {
    const next = (text ? `${text}${SEPARATOR}` : "") + encoded(name);
    if (next.length > LONGEST) break;
    text = next;
  }
  return text;
}

export function addressOf(state: State): string {
  const parts: string[] = [];
  const one = (key: string, value: string) => value && parts.push(`${key}=${encoded(value)}`);
  const many = (key: string, values: string[]) => values.length && parts.push(`${key}=${listText(values)}`);
  one("node", state.node);
  one("array", state.array);
  one("view", state.view);
  one("color", state.color);
  many("open", state.open.length ? state.open : [NOTHING]);
  many("beside", state.beside);
  many("moved", state.moved);
  many("back", state.back);
  if (state.changed) parts.push("changed=1");
  return `#${parts.join("&")}`;
}

export function stateOf(address: string): State {
  const values = new Map<string, string>();
  for (const part of address.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at > 0) values.set(part.slice(0, at), part.slice(at + 1));
  }
  const one = (key: string) => decoded(values.get(key) ?? "");
  const many = (key: string) => (values.get(key) ?? "").split(SEPARATOR).filter(Boolean).map(decoded);
  return {
    node: one("node"), array: one("array"), view: one("view"), color: one("color"),
    open: many("open"), beside: many("beside"), moved: many("moved"), back: many("back"),
    changed: one("changed") === "1",
  };
}

/** A name may have halves of characters, which an address cannot have. */
function encoded(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/gu, "\ufffd"));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
