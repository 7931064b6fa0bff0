// Elements. Strings become text nodes, never markup.

type Child = Node | string | number | null | undefined | false;
type Properties = Record<string, unknown>;

const SVG = "http://www.w3.org/2000/svg";

/** An element of HTML: properties that begin with "on" are listeners, others attributes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, properties: Properties = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  give(element, properties);
  append(element, children);
  return element;
}

/** An element of SVG. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K, properties: Properties = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  give(element, properties);
  append(element, children);
  return element;
}

function give(element: Element, properties: Properties): void {
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value as EventListener);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
}

function append(element: Element, children: Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
}

export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

export function button(text: string, title: string, act: (event: MouseEvent) => void, properties: Properties = {}): HTMLButtonElement {
  return h("button", { type: "button", title, onclick: act, ...properties }, text);
}

/** A paragraph that is less important than others. */
export function quiet(text: string): HTMLParagraphElement {
  return h("p", { class: "quiet" }, text);
}
