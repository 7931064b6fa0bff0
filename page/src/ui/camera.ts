// Panning and zooming: which part of the picture is seen.

export interface Frame {
  x: number;
  y: number;
  w: number;
  h: number;
}

const SMALLEST = 0.02;
const LARGEST = 4;

/** The zoom below which names cannot be read. */
export const READABLE = 0.55;

const MARGIN = 30;

export class Camera {
  x = 0;
  y = 0;
  zoom = 1;
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private moved = 0;

  constructor(private readonly element: SVGSVGElement, private readonly changed: () => void) {
    element.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    element.addEventListener("pointerdown", (event) => this.onDown(event));
    element.addEventListener("pointermove", (event) => this.onMove(event));
    for (const type of ["pointerup", "pointercancel"] as const) {
      element.addEventListener(type, (event) => this.pointers.delete(event.pointerId));
    }
  }

  /** Whether the pointer has been dragged since it was pressed, so that its click is none. */
  get isDragged(): boolean {
    return this.moved > 4;
  }

  get width(): number {
    return this.element.clientWidth || 1;
  }

  get height(): number {
    return this.element.clientHeight || 1;
  }

  get transform(): string {
    return `translate(${this.x.toFixed(2)} ${this.y.toFixed(2)}) scale(${this.zoom.toFixed(4)})`;
  }

  /** The part of the picture that is seen. */
  get seen(): Frame {
    return { x: -this.x / this.zoom, y: -this.y / this.zoom, w: this.width / this.zoom, h: this.height / this.zoom };
  }

  moveBy(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
    this.changed();
  }

  zoomBy(factor: number, at = { x: this.width / 2, y: this.height / 2 }): void {
    const zoom = Math.min(LARGEST, Math.max(SMALLEST, this.zoom * factor));
    this.x = at.x - ((at.x - this.x) * zoom) / this.zoom;
    this.y = at.y - ((at.y - this.y) * zoom) / this.zoom;
    this.zoom = zoom;
    this.changed();
  }

  /** Shows a whole frame, or its upper part if that would be smaller than a zoom. */
  fit(frame: Frame, least = SMALLEST, most = 1.25): void {
    const [width, height] = [this.width - 2 * MARGIN, this.height - 2 * MARGIN];
    const fitting = Math.min(width / Math.max(frame.w, 1), height / Math.max(frame.h, 1), most);
    this.zoom = Math.max(fitting, least, SMALLEST);
    this.x = this.width / 2 - (frame.x + frame.w / 2) * this.zoom;
    this.y = this.height / 2 - (frame.y + frame.h / 2) * this.zoom;
    if (frame.h * this.zoom > height) this.y = MARGIN - frame.y * this.zoom;
    this.changed();
  }

  /** Moves so that a frame is seen, in a size that can be read; nothing moves if it is. */
  show(frame: Frame): void {
    const { x, y, w, h } = this.seen;
    const isSeen = frame.x >= x && frame.y >= y && frame.x + frame.w <= x + w && frame.y + frame.h <= y + h;
    if (isSeen && this.zoom >= READABLE) return;
    const zoom = Math.max(this.zoom, READABLE);
    this.fit(frame, Math.min(zoom, 1), Math.max(zoom, READABLE));
  }

  private onWheel(event: WheelEvent): void {
    event.preventDefault();
    const step = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey && !event.ctrlKey) {
      this.moveBy(-(event.deltaX || event.deltaY) * step, 0);
      return;
    }
    const speed = event.ctrlKey ? 0.01 : 0.0015;
    this.zoomBy(Math.exp(-event.deltaY * step * speed), this.place(event));
  }

  private place(event: MouseEvent): { x: number; y: number } {
    const frame = this.element.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  private onDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, this.place(event));
    this.moved = 0;
  }

  private onMove(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = this.place(event);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    this.moved += Math.abs(dx) + Math.abs(dy);
    if (this.isDragged && !this.element.hasPointerCapture(event.pointerId)) this.element.setPointerCapture(event.pointerId);
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, now);
    else if (this.isDragged) this.moveBy(dx, dy);
    if (this.isDragged || this.pointers.size === 2) this.pointers.set(event.pointerId, now);
  }

  private pinch(moving: number, before: { x: number; y: number }, now: { x: number; y: number }): void {
    const [other] = [...this.pointers].filter(([id]) => id !== moving).map(([, place]) => place);
    const distance = (place: { x: number; y: number }) => Math.hypot(place.x - other.x, place.y - other.y) || 1;
    this.zoomBy(distance(now) / distance(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }
}
