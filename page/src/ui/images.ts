// The whole picture as a file, SVG or PNG, as it is folded now.

import type { Picture } from "./picture.ts";
import { h, s } from "./dom.ts";

const MARGIN = 20;
const LARGEST = 12000;
const STYLES = [
  "fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family", "text-anchor", "opacity", "display",
] as const;

/** A copy of the picture that has its colors in itself. */
export function wholePicture(picture: Picture, defs: Element, background: string): SVGSVGElement {
  const [w, high] = [picture.size.w + 2 * MARGIN, picture.size.h + 2 * MARGIN];
  const copy = picture.element.cloneNode(true) as SVGGElement;
  const [from, to] = [picture.element, copy].map((element) => [element, ...element.querySelectorAll("*")]);
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      if (value && !(name === "display" && value !== "none")) to[at].setAttribute(name, value);
    }
    to[at].removeAttribute("class");
  });
  copy.setAttribute("transform", `translate(${MARGIN} ${MARGIN})`);
  const arrows = defs.cloneNode(true) as Element;
  return s("svg", { xmlns: "http://www.w3.org/2000/svg", width: w, height: high, viewBox: `0 0 ${w} ${high}` },
    arrows, s("rect", { width: w, height: high, fill: background }), copy);
}

export function svgBlob(picture: SVGSVGElement): Blob {
  return new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" });
}

export async function pngBlob(picture: SVGSVGElement): Promise<Blob> {
  const url = URL.createObjectURL(svgBlob(picture));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const [w, high] = [Number(picture.getAttribute("width")), Number(picture.getAttribute("height"))];
    const scale = Math.min(2, LARGEST / w, LARGEST / high);
    const canvas = h("canvas", { width: Math.ceil(w * scale), height: Math.ceil(high * scale) });
    const context = canvas.getContext("2d")!;
    context.scale(scale, scale);
    context.drawImage(image, 0, 0);
    return await new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The picture is too large for PNG; take SVG."))), "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
