/* Tied: what a hidden unit's encoder looks for, and what its decoder draws; tied beside untied. */
"use strict";

Playground.start(async () => {
  const { make, picture, paint, squaredError, SIDE } = Playground;
  const COLUMNS = 16; // of a sheet of units
  const [digits, ...stored] = await Promise.all([
    Playground.loadDigits(),
    Playground.load("tied"),
    Playground.load("untied"),
  ]);

  const exhibit = { x: digits.image(0) };
  exhibit.networks = [
    ["tied", "Tied: one kernel, used twice"],
    ["untied", "Its rival: untied, two kernels"],
  ].map(([id, title], number) => show(id, title, stored[number]));
  Playground.exhibit = exhibit;
  say(...exhibit.networks);
  Playground.pickDigit(document.getElementById("picks"), digits, (pixels) => {
    exhibit.x = pixels;
    exhibit.networks.forEach(({ rebuild }) => rebuild());
    say(...exhibit.networks);
  });

  /* All at once: of what is said in turn, only the last is heard. */
  function say(...networks) {
    const about = ({ id, unit, alike, error }) => `${id}, unit ${unit + 1}: alike ${alike.toFixed(2)}; error ${error}`;
    Playground.say(networks.map(about).join("; "));
  }

  function show(id, title, { encoder, decoder, parameters }) {
    const [first, last] = [encoder.layers[0], decoder.layers.at(-1)];
    const units = first.bias.length;
    const looks = (unit) => Float32Array.from({ length: SIDE * SIDE }, (_, i) => first.kernel[i * units + unit]);
    const draws = (unit) => last.kernel.slice(SIDE * SIDE * unit, SIDE * SIDE * (unit + 1));
    const network = { id, unit: 0, off: false };

    // All units on a sheet: a slider, as far as keyboards and screen readers are concerned.
    const lines = Math.ceil(units / COLUMNS);
    const sheet = make("canvas", {
      className: "sheet", width: COLUMNS * (SIDE + 2), height: lines * (SIDE + 2), tabIndex: 0, role: "slider",
      "aria-label": `${id}: ${units} hidden units, what each looks for; arrows choose one`,
      "aria-valuemin": 1, "aria-valuemax": units,
    });
    const tile = picture("");
    const all = make("canvas", { width: sheet.width, height: sheet.height });
    for (let unit = 0; unit < units; unit++) {
      paint(tile, looks(unit), { signed: true });
      all.getContext("2d").drawImage(tile, ...corner(unit));
    }

    const figure = (canvas, ...caption) => make("figure", {}, canvas, make("figcaption", {}, ...caption));
    const [looking, drawing, back] = ["what the unit looks for", "what it draws", "the digit that comes back"].map((text) =>
      picture(`${id}: ${text}`),
    );
    const name = make("h3");
    const alike = make("p", { className: "note" });
    const box = make("input", { type: "checkbox", id: `${id}-off` });
    const answer = make("p", { className: "measure" });
    const section = make("section", { className: "panel", "aria-label": title });
    const figures = make("div", { className: "trio" });
    figures.append(figure(looking, "looks for"), figure(drawing, "draws"), figure(back, "the digit, back"));
    const numbers = make("p", { className: "note" }, `${parameters.toLocaleString("en")} numbers are learned.`);
    const off = make("label", { htmlFor: box.id, className: "switch" }, box, " switch this unit off, in the decoder");
    section.append(make("h2", {}, title), numbers, sheet, name, alike, figures, off, answer);
    document.getElementById("networks").append(section);

    function choose(unit) {
      network.unit = unit;
      const context = sheet.getContext("2d");
      context.drawImage(all, 0, 0);
      const [x, y] = corner(unit);
      context.strokeStyle = "#ffffff";
      context.lineWidth = 2;
      context.strokeRect(x - 1, y - 1, SIDE + 2, SIDE + 2);
      Object.assign(network, { looks: looks(unit), draws: draws(unit) });
      paint(looking, network.looks, { signed: true });
      paint(drawing, network.draws, { signed: true });
      network.alike = cosine(network.looks, network.draws);
      name.textContent = `Unit ${unit + 1} of ${units}`;
      alike.textContent = `Alike: ${network.alike.toFixed(2)} (the cosine of the two pictures; 1 if they are one)`;
      sheet.setAttribute("aria-valuenow", unit + 1);
      sheet.setAttribute("aria-valuetext", `unit ${unit + 1}, alike ${network.alike.toFixed(2)}`);
      rebuild();
    }

    /* How much of what each unit draws the decoder takes for the digit. */
    function answers() {
      return decoder.run(encoder.run(exhibit.x), { until: decoder.layers.length - 1 });
    }

    /* The digit as the network draws it, perhaps without the unit. */
    function rebuild() {
      const drawnWith = answers();
      network.answer = drawnWith[network.unit];
      if (network.off) drawnWith[network.unit] = 0;
      network.xHat = decoder.run(drawnWith, { from: decoder.layers.length - 1 });
      paint(back, network.xHat);
      network.error = squaredError(exhibit.x, network.xHat).toFixed(1);
      answer.replaceChildren(
        "error ", make("strong", {}, network.error), network.off ? " without this unit" : "",
        make("br"), make("span", { className: "note" }, `its answer to this digit, in the decoder: ${network.answer.toFixed(2)}`),
      );
      back.setAttribute("aria-label", `${id}: the digit that comes back; its error is ${network.error}`);
    }

    function pick(unit) {
      choose(unit);
      say(network);
    }

    sheet.addEventListener("pointerdown", (event) => {
      const area = sheet.getBoundingClientRect();
      const column = Math.floor((COLUMNS * (event.clientX - area.left)) / area.width);
      const line = Math.floor((lines * (event.clientY - area.top)) / area.height);
      pick(Math.min(Math.max(line * COLUMNS + column, 0), units - 1));
    });
    sheet.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
      const ends = { Home: 0, End: units - 1 };
      if (event.key in moves) {
        const unit = network.unit + moves[event.key];
        if (unit >= 0 && unit < units) pick(unit);
      } else if (event.key in ends) pick(ends[event.key]);
      else return;
      event.preventDefault();
    });
    box.addEventListener("change", () => {
      network.off = box.checked;
      rebuild();
      say(network);
    });
    network.rebuild = rebuild;
    const atStart = answers();
    choose(atStart.indexOf(Math.max(...atStart)));
    return network;
  }

  function corner(unit) {
    return [(unit % COLUMNS) * (SIDE + 2) + 1, Math.floor(unit / COLUMNS) * (SIDE + 2) + 1];
  }

  function cosine(a, b) {
    const product = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
  }
});
