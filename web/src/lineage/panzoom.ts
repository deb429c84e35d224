// Moves and zooms a drawing: by mouse, touch, wheel with Ctrl, buttons and keys.

export interface View {
  x: number;
  y: number;
  zoom: number;
}

const LEAST = 0.15;
const MOST = 2.5;

export class PanZoom {
  view: View = { x: 0, y: 0, zoom: 1 };
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private readonly ending = new AbortController();
  dragged = false; // so that the end of a drag is not a click

  constructor(
    private readonly frame: SVGSVGElement,
    private readonly content: SVGGElement,
  ) {
    const { signal } = this.ending;
    frame.addEventListener("pointerdown", (event) => this.press(event), { signal });
    frame.addEventListener("pointermove", (event) => this.drag(event), { signal });
    for (const name of ["pointerup", "pointercancel"] as const) {
      frame.addEventListener(name, (event) => this.pointers.delete(event.pointerId), { signal });
    }
    frame.addEventListener("wheel", (event) => this.wheel(event), { signal, passive: false });
    frame.addEventListener("click", (event) => this.dragged && stop(event), { signal, capture: true });
    frame.addEventListener("dragstart", stop, { signal });
  }

  end(): void {
    this.ending.abort();
  }

  show(view: View): void {
    this.view = view;
    this.content.setAttribute("transform", `translate(${view.x},${view.y}) scale(${view.zoom})`);
  }

  move(dx: number, dy: number): void {
    this.show({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  // Around a point of the frame, by default its center.
  zoomBy(factor: number, around?: { x: number; y: number }): void {
    const { width, height } = this.frame.getBoundingClientRect();
    const { x, y } = around ?? { x: width / 2, y: height / 2 };
    const zoom = Math.min(MOST, Math.max(LEAST, this.view.zoom * factor));
    const by = zoom / this.view.zoom;
    this.show({ zoom, x: x - (x - this.view.x) * by, y: y - (y - this.view.y) * by });
  }

  private press(event: PointerEvent): void {
    if (event.button > 0) return;
    if (this.pointers.size === 0) this.dragged = false;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  private drag(event: PointerEvent): void {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (!this.dragged) {
      if (Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
      this.dragged = true;
      this.frame.setPointerCapture(event.pointerId);
    }
    const [other] = [...this.pointers].flatMap(([id, point]) => (id === event.pointerId ? [] : [point]));
    this.pointers.set(event.pointerId, now);
    if (!other) return this.move(now.x - before.x, now.y - before.y);
    const { left, top } = this.frame.getBoundingClientRect();
    const spread = Math.hypot(now.x - other.x, now.y - other.y) / Math.hypot(before.x - other.x, before.y - other.y);
    this.zoomBy(spread || 1, { x: (now.x + other.x) / 2 - left, y: (now.y + other.y) / 2 - top });
  }

  // The wheel alone scrolls the page; browsers report a pinch on a trackpad as wheel with Ctrl.
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { left, top } = this.frame.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY * 0.005), { x: event.clientX - left, y: event.clientY - top });
  }
}

function stop(event: Event): void {
  event.preventDefault();
  event.stopPropagation();
}
