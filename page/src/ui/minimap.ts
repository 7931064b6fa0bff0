// A small picture of everything, with a frame around what is seen.

import type { Picture } from "./picture.ts";
import type { Camera } from "./camera.ts";
import { s } from "./dom.ts";

const WIDE = 190;
const HIGH = 140;
const DEEPEST = 3;

/** The part of the picture, in screens, from which on there is a small picture. */
const FROM = 1.5;

export class Minimap {
  readonly element = s("svg", { class: "minimap", "aria-hidden": "true" });
  private scale = 1;
  private readonly frame = s("rect", { class: "seen" });

  constructor(private readonly camera: Camera) {
    const move = (event: PointerEvent) => {
      if (!(event.buttons & 1)) return;
      const { left, top } = this.element.getBoundingClientRect();
      const seen = camera.seen;
      const x = (event.clientX - left) / this.scale - seen.w / 2;
      const y = (event.clientY - top) / this.scale - seen.h / 2;
      camera.moveBy((seen.x - x) * camera.zoom, (seen.y - y) * camera.zoom);
    };
    this.element.addEventListener("pointerdown", move);
    this.element.addEventListener("pointermove", move);
  }

  draw(picture: Picture): void {
    this.scale = Math.min(WIDE / Math.max(picture.size.w, 1), HIGH / Math.max(picture.size.h, 1));
    this.element.setAttribute("width", String(Math.ceil(picture.size.w * this.scale)));
    this.element.setAttribute("height", String(Math.ceil(picture.size.h * this.scale)));
    this.element.replaceChildren();
    for (const [box, { x, y, w, h }] of picture.frames) {
      if (box.depth > DEEPEST) continue;
      const size = { x: x * this.scale, y: y * this.scale, width: w * this.scale, height: h * this.scale };
      this.element.append(s("rect", { class: box.open ? "outer" : "inner", ...size }));
    }
    this.element.append(this.frame);
    this.follow(picture);
  }

  follow(picture: Picture): void {
    const { x, y, w, h } = this.camera.seen;
    const isLarge = picture.size.w > FROM * w || picture.size.h > FROM * h;
    this.element.classList.toggle("hidden", !isLarge);
    const values = { x, y, width: w, height: h };
    for (const [key, value] of Object.entries(values)) this.frame.setAttribute(key, (value * this.scale).toFixed(1));
  }
}
