/* A plane of points: a ring that can be dragged through it, and the point nearest to the pointer. */
"use strict";

/* Args: name and what a point is, for screen readers; `points`, x and y in turn; `mark(context, i, x, y, size)` draws one.
   Calls `moved(x, y, nearest)` when the ring moves, and `hovered(nearest)` when the pointer does; `over(context, size)`,
   if it is set, draws on top of the points. `reach`, two places, must be in the plane, too. */
Playground.Plane = class {
  constructor(describe, points, mark, { moved, hovered, reach = [] }) {
    Object.assign(this, { points, mark, moved, hovered, highlighted: -1 });
    this.canvas = Playground.make("canvas", {
      className: "plane", tabIndex: 0, role: "application",
      "aria-label": `${describe} Arrows move the ring, with shift in small steps; Enter puts it on the nearest point.`,
    });
    this.dots = Playground.make("canvas", { width: 0 }); // drawn once for a size
    this.spans = [0, 1].map((axis) => {
      const values = Float32Array.from(points.filter((_, i) => i % 2 === axis)).sort();
      const inside = [values[Math.floor(0.003 * values.length)], values[Math.ceil(0.997 * values.length) - 1]];
      inside.push(...reach.map((place) => place[axis]));
      const [low, high] = [Math.min(...inside), Math.max(...inside)];
      return [low - 0.05 * (high - low), high + 0.05 * (high - low)];
    });
    this.ring = this.spans.map(([low, high]) => (low + high) / 2);
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.focus({ preventScroll: true });
      this.put(this.at(event));
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) this.put(this.at(event));
      else this.hovered(this.nearest(...this.at(event)));
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  resize() {
    const size = Math.round(this.canvas.clientWidth * devicePixelRatio);
    if (!size || size === this.dots.width) return;
    for (const canvas of [this.canvas, this.dots]) canvas.width = canvas.height = size;
    const context = this.dots.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, size, size);
    for (let i = 0; i < this.points.length / 2; i++) this.mark(context, i, ...this.place(i), size);
    this.draw();
  }

  /* Where a point, or a place in the plane, lies on the canvas. */
  place(i) {
    return this.onCanvas(this.points[2 * i], this.points[2 * i + 1]);
  }

  onCanvas(x, y) {
    const share = (value, [low, high]) => (value - low) / (high - low);
    return [share(x, this.spans[0]) * this.canvas.width, (1 - share(y, this.spans[1])) * this.canvas.height];
  }

  /* The place in the plane below the pointer. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const inside = (share, [low, high]) => low + Math.min(Math.max(share, 0), 1) * (high - low);
    return [
      inside((event.clientX - box.left) / box.width, this.spans[0]),
      inside(1 - (event.clientY - box.top) / box.height, this.spans[1]),
    ];
  }

  nearest(x, y) {
    const [width, height] = this.spans.map(([low, high]) => high - low);
    let best = 0;
    let least = Infinity;
    for (let i = 0; i < this.points.length / 2; i++) {
      const distance = ((this.points[2 * i] - x) / width) ** 2 + ((this.points[2 * i + 1] - y) / height) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  put([x, y]) {
    this.ring = [x, y];
    this.moved(x, y, this.nearest(x, y));
    this.draw();
  }

  highlight(i) {
    this.highlighted = i;
    this.draw();
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key === "Enter") {
      const i = this.nearest(...this.ring);
      this.put([this.points[2 * i], this.points[2 * i + 1]]);
    } else if (event.key in moves) {
      const step = event.shiftKey ? 0.004 : 0.02;
      this.put(
        this.ring.map((value, axis) => {
          const [low, high] = this.spans[axis];
          return Math.min(Math.max(value + moves[event.key][axis] * step * (high - low), low), high);
        }),
      );
    } else return;
    event.preventDefault();
  }

  draw() {
    if (!this.dots.width) return;
    const context = this.canvas.getContext("2d");
    const size = this.canvas.width;
    context.drawImage(this.dots, 0, 0);
    this.over?.(context, size);
    if (this.highlighted >= 0) {
      const [x, y] = this.place(this.highlighted);
      context.fillStyle = "#ffffff";
      context.strokeStyle = "#000000";
      context.lineWidth = size / 300;
      context.beginPath();
      context.arc(x, y, size / 38, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
      this.mark(context, this.highlighted, x, y, 1.6 * size);
    }
    const [x, y] = this.onCanvas(...this.ring);
    for (const [colour, width] of [["#ffffff", size / 60], ["#000000", size / 120]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      context.arc(x, y, size / 30, 0, 2 * Math.PI);
      context.stroke();
    }
  }
};
