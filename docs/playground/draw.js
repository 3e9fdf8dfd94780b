/* Draw a digit: its code, what comes back, and the error; an autoencoder beside PCA. */
"use strict";

Playground.start(async () => {
  const { make, picture, paint, squaredError, SIDE } = Playground;
  const [SIZES, START] = [[2, 8, 32], 8];
  const byId = (id) => document.getElementById(id);

  // What is drawn: strokes of points from 0 to 1, or a test digit.
  let strokes = [];
  let x = new Float32Array(SIDE * SIDE);
  let pen = null; // the keyboard's: {x, y, down}
  const seen = picture("what the networks get");
  byId("seen").append(seen);

  // Two methods side by side.
  const methods = ["autoencoder", "pca"].map((id) => {
    const name = { autoencoder: "autoencoder", pca: "PCA" }[id];
    const drawn = picture(`what the ${name} draws from its code`);
    const error = make("p", { className: "measure" });
    const bars = make("div");
    const back = make("button", { type: "button", hidden: true }, "Back to the picture's code");
    const method = { id, name, drawn, error, back };
    method.bars = new Playground.Bars(bars, name, (z) => decode(method, z, true));
    back.addEventListener("click", () => {
      method.bars.focus(); // the button goes, and would take the focus with it
      encode(method);
    });
    byId(id).append(drawn, error, make("p", { className: "note" }, "Its code; drag a bar:"), bars, back);
    return method;
  });

  function encode(method) {
    if (!method.network) return; // its weights are still on their way
    decode(method, method.network.encoder.run(x), false);
  }

  function decode(method, z, dragged) {
    method.z = z;
    method.xHat = method.network.decoder.run(z);
    if (!dragged) method.bars.show(z);
    method.back.hidden = !dragged;
    paint(method.drawn, method.xHat);
    const error = squaredError(x, method.xHat).toFixed(1);
    method.error.replaceChildren("error ", make("strong", {}, error));
    method.drawn.setAttribute("aria-label", `what the ${method.name} draws from its code; its error is ${error}`);
    Playground.say(methods.map((one) => `${one.name}: ${one.error.textContent}`).join("; "));
  }

  function show(pixels) {
    x = exhibit.x = pixels;
    paint(seen, x);
    methods.forEach(encode);
  }

  // The drawing pad.
  const pad = byId("pad");
  const context = pad.getContext("2d");

  function drawPad() {
    const size = (pad.width = pad.height = Math.round(pad.clientWidth * devicePixelRatio) || 280); // clears it
    context.lineWidth = size / 14;
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = "#ffffff";
    for (const stroke of strokes) {
      context.beginPath();
      for (const [px, py] of stroke) context.lineTo(px * size, py * size);
      if (stroke.length === 1) context.lineTo(stroke[0][0] * size + 0.01, stroke[0][1] * size);
      context.stroke();
    }
    if (strokes.length === 0 && digit) {
      context.imageSmoothingEnabled = false;
      context.drawImage(seen, 0, 0, size, size);
    }
    if (pen && document.activeElement === pad) {
      context.lineWidth = size / 90;
      context.strokeStyle = pen.down ? "#e67800" : "#4aa8de";
      context.strokeRect(pen.x * size - size / 28, pen.y * size - size / 28, size / 14, size / 14);
    }
  }

  let digit = false; // whether a test digit lies on the pad

  function redraw() {
    show(digit && strokes.length === 0 ? x : rasterise(strokes));
    drawPad();
  }

  function begin(point) {
    digit = false;
    strokes.push([point]);
    redraw();
  }

  function extend(point) {
    strokes.at(-1).push(point);
    redraw();
  }

  function draw(lines) {
    digit = false;
    if (pen) pen.down = false; // its stroke may be gone
    strokes = lines;
    redraw();
  }

  const inside = (share) => Math.min(Math.max(share, 0), 1);
  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map(inside);
  };
  pad.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return; // a second finger, or another button of the mouse
    pad.setPointerCapture(event.pointerId);
    pen = null;
    begin(at(event));
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.isPrimary && pad.hasPointerCapture(event.pointerId)) extend(at(event)); // any finger has it
  });
  pad.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key !== " " && !(event.key in moves)) return;
    event.preventDefault();
    pen ??= { x: 0.5, y: 0.5, down: false };
    if (event.key === " ") {
      pen.down = !pen.down;
      Playground.say(pen.down ? "pen down" : "pen up");
      if (pen.down) return begin([pen.x, pen.y]);
      return drawPad();
    }
    const [dx, dy] = moves[event.key];
    pen.x = inside(pen.x + dx / SIDE);
    pen.y = inside(pen.y + dy / SIDE);
    if (pen.down) extend([pen.x, pen.y]);
    else drawPad();
  });
  pad.addEventListener("focus", drawPad);
  pad.addEventListener("blur", drawPad);
  window.addEventListener("resize", drawPad);

  byId("clear").addEventListener("click", () => draw([]));
  byId("undo").addEventListener("click", () => draw(strokes.slice(0, -1)));
  byId("letter").addEventListener("click", () =>
    draw([[[0.2, 0.85], [0.5, 0.15], [0.8, 0.85]], [[0.32, 0.6], [0.68, 0.6]]]),
  );
  byId("scribble").addEventListener("click", () =>
    draw([Array.from({ length: 60 }, (_, i) => [0.15 + (0.7 * i) / 59, 0.5 + 0.3 * Math.sin(i / 2.2) * Math.cos(i / 9)])]),
  );

  // The size of the code; a network is loaded when it is first asked for.
  const exhibit = { methods, x };
  Playground.exhibit = exhibit;

  async function choose(k) {
    exhibit.size = k;
    const [autoencoder, pca] = await Promise.all([Playground.load(`autoencoder_${k}`), Playground.load("pca")]);
    if (exhibit.size !== k) return; // another size was chosen meanwhile
    methods[0].network = autoencoder;
    methods[1].network = firstDirections(pca, k);
    for (const method of methods) {
      method.bars.reset(method.network.limits.slice(0, k));
      encode(method);
    }
    exhibit.ready = k;
  }

  Playground.choices(byId("sizes"), "Numbers in the code", SIZES.map((k) => [k, String(k)]), START, choose);
  drawPad();
  const [digits] = await Promise.all([Playground.loadDigits(), choose(START)]);
  const pick = (pixels) => {
    strokes = [];
    digit = true;
    pen = null;
    show(pixels);
    drawPad();
  };
  Playground.pickDigit(byId("picks"), digits, pick);
  if (strokes.length === 0) pick(digits.image(0)); // the first test digit, a 7

  /* PCA with k numbers: the first k of its directions. */
  function firstDirections(pca, k) {
    const { mean, directions } = pca.arrays; // (784,), (784, 32)
    const all = directions.shape[1];
    return {
      limits: pca.limits,
      encoder: {
        run: (pixels) => {
          const z = new Float64Array(k);
          pixels.forEach((value, i) => {
            for (let j = 0; j < k; j++) z[j] += (value - mean[i]) * directions[i * all + j];
          });
          return Float32Array.from(z);
        },
      },
      decoder: {
        run: (z) =>
          mean.map((value, i) => {
            for (let j = 0; j < k; j++) value += z[j] * directions[i * all + j];
            return value;
          }),
      },
    };
  }

  /* 784 pixels of strokes, as MNIST made them: fitted into 20 x 20, the centre of mass in the middle of 28 x 28. */
  function rasterise(lines) {
    const points = lines.flat();
    if (points.length === 0) return new Float32Array(SIDE * SIDE);
    const range = (axis) => {
      const values = points.map((point) => point[axis]);
      return [Math.min(...values), Math.max(...values)];
    };
    const [[left, right], [top, bottom]] = [range(0), range(1)];
    const scale = 17.5 / Math.max(right - left, bottom - top, 0.2); // 20 pixels with the pen's width; a dot stays small
    const place = (dx, dy) =>
      lines.map((line) =>
        line.map(([px, py]) => [
          SIDE / 2 + (px - (left + right) / 2) * scale - dx,
          SIDE / 2 + (py - (top + bottom) / 2) * scale - dy,
        ]),
      );
    let pixels = stroke(place(0, 0));
    let [mass, mx, my] = [0, 0, 0];
    pixels.forEach((value, i) => {
      mass += value;
      mx += value * ((i % SIDE) + 0.5);
      my += value * (Math.floor(i / SIDE) + 0.5);
    });
    return stroke(place(mx / mass - SIDE / 2, my / mass - SIDE / 2));
  }

  /* Pixels within the pen's radius of a line are white, with a soft edge. */
  function stroke(lines) {
    const radius = 1.25;
    const pixels = new Float32Array(SIDE * SIDE);
    for (const line of lines) {
      line.forEach((end, index) => {
        const start = line[Math.max(index - 1, 0)];
        const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
        const square = dx * dx + dy * dy;
        const from = (axis) => Math.max(Math.floor(Math.min(start[axis], end[axis]) - radius - 1), 0);
        const to = (axis) => Math.min(Math.ceil(Math.max(start[axis], end[axis]) + radius + 1), SIDE);
        for (let row = from(1); row < to(1); row++) {
          for (let column = from(0); column < to(0); column++) {
            const [px, py] = [column + 0.5 - start[0], row + 0.5 - start[1]];
            const along = square ? Math.min(Math.max((px * dx + py * dy) / square, 0), 1) : 0;
            const distance = Math.hypot(px - along * dx, py - along * dy);
            const value = Math.min(Math.max(radius + 0.5 - distance, 0), 1);
            if (value > pixels[row * SIDE + column]) pixels[row * SIDE + column] = value;
          }
        }
      });
    }
    return pixels;
  }
});
