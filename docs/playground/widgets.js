/* What the exhibits are put together from: pictures, bars, choices, and the frame around them. */
"use strict";

Playground.SIDE = 28;
// Okabe and Ito: told apart with any kind of sight. Above 0 orange, below 0 blue; the same for bars and kernels.
Playground.ABOVE = [230, 120, 0];
Playground.BELOW = [0, 114, 178];
// The digits' colours, as in the lessons' maps (ae_helpers/plots/_style.py).
Playground.CLASSES = [
  "#8356FC", "#093100", "#A97E9C", "#1AC7FF", "#ECC200", "#480E35", "#1F6F61", "#B55106", "#80A379", "#1512AB",
];
// A few kinds on white: Okabe and Ito again, as the lessons' curves.
Playground.FEW = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/* A new element: `make("p", {className: "note"}, "text", child)`; unknown names become attributes. */
Playground.make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
};

/* A canvas of one picture; `describe` is what a screen reader says. */
Playground.picture = (describe, side = Playground.SIDE) =>
  Playground.make("canvas", { width: side, height: side, className: "picture", role: "img", "aria-label": describe });

/* Draw 784 values: black 0, white 1; or `signed`, black 0, orange above and blue below, the largest 2 % full. */
Playground.paint = (canvas, pixels, { signed = false } = {}) => {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const most = signed ? Math.max(Float32Array.from(pixels, Math.abs).sort()[Math.floor(0.98 * pixels.length)], 1e-9) : 1;
  for (let i = 0; i < pixels.length; i++) {
    const share = Math.min(Math.max(Math.abs(signed ? pixels[i] : Math.max(pixels[i], 0)) / most, 0), 1);
    const colour = signed ? (pixels[i] > 0 ? Playground.ABOVE : Playground.BELOW) : [255, 255, 255];
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = share * colour[c];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
};

/* Say something to screen readers, once it has not changed for half a second. */
Playground.say = (() => {
  let timer;
  return (text) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      document.getElementById("spoken").textContent = text;
    }, 500);
  };
})();

/* What went wrong, on the page. */
Playground.fail = (error) => {
  document.body.prepend(Playground.make("p", { className: "failed" }, error.message));
  Playground.say(error.message);
};

/* A row of choices, as radio buttons: `options` are [value, text]. Calls `chosen(value)`; if that fails, what was chosen
   before is marked again. */
Playground.choices = (container, legend, options, start, chosen) => {
  const name = legend.replace(/\W/g, "");
  let shown; // the box of the choice that is on the page
  const boxes = options.map(([value, text]) => {
    const box = Playground.make("input", { type: "radio", name, value, checked: value === start });
    if (box.checked) shown = box;
    box.addEventListener("change", async () => {
      document.querySelector(".failed")?.remove();
      try {
        await chosen(value);
        if (box.checked) shown = box; // not another one meanwhile
      } catch (error) {
        if (box.checked) shown.checked = true;
        Playground.fail(error);
      }
    });
    return Playground.make("label", {}, box, Playground.make("span", {}, text));
  });
  const legendElement = Playground.make("legend", {}, legend);
  container.append(Playground.make("fieldset", { className: "choices" }, legendElement, ...boxes));
};

/* Bars that can be dragged, one for each number of a code.

   Tab reaches the row, left and right go from bar to bar, up and down change one, Home puts it to 0. */
Playground.Bars = class {
  constructor(container, name, changed) {
    Object.assign(this, { container, name, changed, values: [], limits: [], bars: [] });
    container.classList.add("bars");
    container.setAttribute("role", "group");
    container.setAttribute("aria-label", `The code of ${name}: left and right choose a bar, up and down change it`);
  }

  /* As many bars as there are limits: the largest size of each number that its bar can show. */
  reset(limits) {
    this.limits = limits;
    this.bars = Array.from(limits, (limit, i) => {
      const fill = Playground.make("div", { className: "fill" });
      const bar = Playground.make(
        "div",
        {
          className: "bar", role: "slider", tabIndex: i === 0 ? 0 : -1, "aria-orientation": "vertical",
          "aria-label": `${this.name}, number ${i + 1} of ${limits.length}`,
          "aria-valuemin": (-limit).toFixed(2), "aria-valuemax": limit.toFixed(2),
        },
        fill,
      );
      bar.addEventListener("pointerdown", (event) => {
        bar.setPointerCapture(event.pointerId);
        this.focus(i);
        this.follow(i, event);
        event.preventDefault();
      });
      bar.addEventListener("pointermove", (event) => bar.hasPointerCapture(event.pointerId) && this.follow(i, event));
      bar.addEventListener("keydown", (event) => this.key(i, event));
      return bar;
    });
    this.container.style.setProperty("--count", limits.length);
    this.container.replaceChildren(...this.bars);
  }

  show(values) {
    this.values = values;
    this.bars.forEach((bar, i) => this.draw(i));
  }

  draw(i) {
    const value = this.values[i];
    const share = Math.min(Math.abs(value) / this.limits[i], 1);
    const fill = this.bars[i].firstChild;
    fill.style.height = `${50 * share}%`;
    fill.style.top = value > 0 ? `${50 - 50 * share}%` : "50%";
    fill.classList.toggle("below", value < 0);
    this.bars[i].setAttribute("aria-valuenow", this.inside(i, value).toFixed(2));
    this.bars[i].setAttribute("aria-valuetext", value.toFixed(2)); // a code may be larger than its bar
  }

  inside(i, value) {
    return Math.min(Math.max(value, -this.limits[i]), this.limits[i]);
  }

  change(i, value) {
    this.values[i] = this.inside(i, value);
    this.draw(i);
    this.changed(this.values);
  }

  follow(i, event) {
    const box = this.bars[i].getBoundingClientRect();
    this.change(i, (1 - (2 * (event.clientY - box.top)) / box.height) * this.limits[i]);
  }

  key(i, event) {
    const step = this.limits[i] / (event.shiftKey ? 100 : 20);
    const last = this.bars.length - 1;
    const actions = {
      ArrowUp: () => this.change(i, this.values[i] + step),
      ArrowDown: () => this.change(i, this.values[i] - step),
      Home: () => this.change(i, 0),
      ArrowLeft: () => this.focus(Math.max(i - 1, 0)),
      ArrowRight: () => this.focus(Math.min(i + 1, last)),
    };
    if (!(event.key in actions)) return;
    actions[event.key]();
    event.preventDefault();
  }

  /* One of the bars, or the one that Tab reaches. */
  focus(i = this.bars.findIndex((bar) => bar.tabIndex === 0)) {
    this.bars.forEach((bar, j) => (bar.tabIndex = i === j ? 0 : -1));
    this.bars[i].focus({ preventScroll: true });
  }
};

/* Real test digits to pick from: ten, one of each kind, and a button for ten others. Calls `picked(pixels, row)`. */
Playground.pickDigit = (container, digits, picked) => {
  const rows = Array.from({ length: 10 }, (_, kind) => {
    const ofKind = [];
    digits.arrays.labels.forEach((label, row) => label === kind && ofKind.push(row));
    return ofKind;
  });
  const canvases = rows.map((_, kind) => Playground.picture(""));
  let turn = 0;
  const row = (kind) => rows[kind][turn % rows[kind].length];
  const draw = () => canvases.forEach((canvas, kind) => Playground.paint(canvas, digits.image(row(kind))));
  const buttons = canvases.map((canvas, kind) => {
    canvas.removeAttribute("role");
    canvas.setAttribute("aria-hidden", "true");
    const button = Playground.make("button", { type: "button", "aria-label": `a test digit: ${kind}` }, canvas);
    button.addEventListener("click", () => picked(digits.image(row(kind)), row(kind)));
    return button;
  });
  const others = Playground.make("button", { type: "button", className: "text" }, "ten others");
  others.addEventListener("click", () => {
    turn++;
    draw();
  });
  container.classList.add("picks");
  container.append(...buttons, others);
  draw();
};

/* The 2,000 test digits, with `image(row)` as 784 values from 0 to 1. */
Playground.loadDigits = async () => {
  const digits = await Playground.load("digits");
  digits.image = (row) => Float32Array.from(digits.arrays.images.subarray(784 * row, 784 * (row + 1)), (v) => v / 255);
  return digits;
};

/* Start an exhibit. */
Playground.start = async (exhibit) => {
  try {
    await exhibit();
    document.body.dataset.ready = "true";
  } catch (error) {
    Playground.fail(error);
    throw error;
  }
};

/* Within another page: no heading, and the page is told how high this one is, and tells which colours it has. */
(() => {
  if (window.parent === window) return;
  const root = document.documentElement;
  root.classList.add("embedded");
  window.addEventListener("message", ({ data }) => {
    if (["dark", "light"].includes(data?.theme)) root.dataset.theme = data.theme;
  });
  new ResizeObserver(() => {
    window.parent.postMessage({ exhibit: true, height: root.offsetHeight }, "*");
  }).observe(root);
})();
