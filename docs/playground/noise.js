/* Noise and other damage, and what three methods make of it. */
"use strict";

Playground.start(async () => {
  const { make, picture, paint, psnr, SIDE } = Playground;
  const byId = (id) => document.getElementById(id);

  const DAMAGES = {
    noise: { text: "noise", label: "σ of the noise", most: 1, start: 0.5, step: 0.01, spoil: addNoise },
    salt: { text: "salt and pepper", label: "share of the pixels", most: 0.8, start: 0.2, step: 0.01, spoil: addSalt },
    square: { text: "a black square", label: "side in pixels", most: 20, start: 10, step: 1, spoil: addSquare },
    blur: { text: "blur", label: "width in pixels", most: 3, start: 1.2, step: 0.05, spoil: addBlur },
  };
  const exhibit = { damage: "noise", strength: 0.5, seed: 1, times: 1 };
  Playground.exhibit = exhibit;

  const methods = [
    { id: "clean", name: "the digit" },
    { id: "damaged", name: "damaged" },
    { id: "median", name: "median, 3 × 3" },
    { id: "linear", name: "best linear map" },
    { id: "autoencoder", name: "autoencoder" },
  ];
  for (const method of methods) {
    method.drawn = picture(method.name);
    method.text = make("span", { className: "measure" });
    byId("strip").append(
      make("figure", {}, method.drawn, make("figcaption", {}, method.name, make("br"), method.text)),
    );
  }

  const [digits, denoiser, linear] = await Promise.all([
    Playground.loadDigits(),
    Playground.load("denoiser"),
    Playground.load("linear"),
  ]);
  const restore = {
    median: medianFilter,
    linear: (x) => linear.map.run(x).map((value) => Math.min(Math.max(value, 0), 1)),
    autoencoder: (x) => denoiser.decoder.run(denoiser.encoder.run(x)),
  };
  exhibit.restore = restore;

  function spoil() {
    const { most, spoil } = DAMAGES[exhibit.damage];
    exhibit.damaged = spoil(exhibit.clean, exhibit.strength, random(exhibit.seed), most);
    exhibit.times = 1;
    for (const id in restore) exhibit[id] = restore[id](exhibit.damaged);
    show();
  }

  function show() {
    for (const { id, name, drawn, text } of methods) {
      paint(drawn, exhibit[id]);
      if (id === "clean") continue;
      const decibels = psnr(exhibit.clean, exhibit[id]);
      text.textContent = Number.isFinite(decibels) ? `${decibels.toFixed(1)} dB` : "untouched";
      drawn.setAttribute("aria-label", `${name}: ${text.textContent}`);
    }
    byId("again").textContent = exhibit.times > 1 ? `Restore once more (${exhibit.times} times)` : "Restore once more";
    Playground.say(methods.slice(1).map(({ name, text }) => `${name} ${text.textContent}`).join(", "));
  }

  // Controls.
  const slider = byId("strength");

  function choose(damage) {
    const { label, most, start, step } = DAMAGES[damage];
    Object.assign(exhibit, { damage, strength: start });
    byId("strength-name").textContent = label;
    Object.assign(slider, { max: most, step, value: start });
    change();
  }

  function change() {
    exhibit.strength = Number(slider.value);
    byId("strength-value").textContent = exhibit.strength.toFixed(exhibit.damage === "square" ? 0 : 2);
    spoil();
  }

  slider.addEventListener("input", change);
  byId("fresh").addEventListener("click", () => {
    exhibit.seed++;
    spoil();
  });
  byId("again").addEventListener("click", () => {
    exhibit.times++;
    for (const id in restore) exhibit[id] = restore[id](exhibit[id]);
    show();
  });
  byId("over").addEventListener("click", spoil);
  const damages = Object.entries(DAMAGES).map(([id, { text }]) => [id, text]);
  Playground.choices(byId("damages"), "Damage", damages, "noise", choose);
  Playground.pickDigit(byId("picks"), digits, (pixels) => {
    exhibit.clean = pixels;
    spoil();
  });
  exhibit.clean = digits.image(0);
  choose("noise");

  /* Numbers from 0 to 1, the same for the same seed (a linear congruence, its upper bits). */
  function random(seed) {
    let state = BigInt(seed);
    return () => {
      state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
      return Number(state >> 11n) / 2 ** 53;
    };
  }

  function addNoise(x, sigma, draw) {
    return x.map((value) => {
      const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
      return Math.min(Math.max(value + sigma * normal, 0), 1);
    });
  }

  function addSalt(x, share, draw) {
    return x.map((value) => {
      const number = draw();
      return number < share / 2 ? 0 : number >= 1 - share / 2 ? 1 : value;
    });
  }

  function addSquare(x, side, draw) {
    const [top, left] = [draw(), draw()].map((share) => Math.round(4 + share * (SIDE - 8 - side)));
    return x.map((value, i) => {
      const [row, column] = [Math.floor(i / SIDE), i % SIDE];
      return row >= top && row < top + side && column >= left && column < left + side ? 0 : value;
    });
  }

  /* A Gaussian of this width, black beyond the border. */
  function addBlur(x, width) {
    if (width === 0) return x;
    const radius = Math.floor(4 * width + 0.5);
    const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / width) ** 2));
    const total = weights.reduce((a, b) => a + b);
    const along = (pixels, step, position) =>
      pixels.map((_, i) => {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) {
          const at = position(i) + k;
          if (at >= 0 && at < SIDE) sum += weights[k + radius] * pixels[i + k * step];
        }
        return sum / total;
      });
    const rows = along(x, SIDE, (i) => Math.floor(i / SIDE));
    return along(rows, 1, (i) => i % SIDE);
  }

  /* The median of the 3 x 3 pixels around each; beyond the border its pixels are repeated. */
  function medianFilter(x) {
    const inside = (value) => Math.min(Math.max(value, 0), SIDE - 1);
    const around = new Float32Array(9);
    return x.map((_, i) => {
      const [row, column] = [Math.floor(i / SIDE), i % SIDE];
      for (let k = 0; k < 9; k++) around[k] = x[inside(row + Math.floor(k / 3) - 1) * SIDE + inside(column + (k % 3) - 1)];
      return around.sort()[4];
    });
  }
});
