/* Walk into the gaps: the planes of a plain and of a variational autoencoder, and random codes in both. */
"use strict";

Playground.start(async () => {
  const { make, picture, paint } = Playground;
  const DRAWN = 10; // random codes at a time
  const COUNTED = 2000; // those that say how many lie in gaps
  const [digits, stored, plain, variational] = await Promise.all([
    Playground.loadDigits(),
    Playground.load("gaps"),
    Playground.load("plain_2"),
    Playground.load("variational_2"),
  ]);
  const maps = [
    { id: "plain", title: "Plain autoencoder", decode: (z) => plain.decoder.run(z) },
    { id: "variational", title: "Variational autoencoder", decode: (z) => variational.decoder.run(z) },
  ];

  /* Distance from z to the nearest of the points, without the point `but`. */
  function distance(points, [x, y], but = -1) {
    let least = Infinity;
    for (let i = 0; i < points.length / 2; i++) {
      if (i !== but) least = Math.min(least, (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2);
    }
    return Math.sqrt(least);
  }

  /* Farther than 99 % of the digits are from the nearest other one: there a place lies in a gap. */
  function usual(points) {
    const apart = Float64Array.from({ length: points.length / 2 }, (_, i) =>
      distance(points, points.subarray(2 * i, 2 * i + 2), i),
    ).sort();
    return apart[Math.ceil(0.99 * apart.length) - 1];
  }

  /* One number from N(0, 1) (Box and Muller 1958). */
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

  const randomCode = ({ mean, spread }) => Float32Array.from(mean, (value, axis) => value + spread[axis] * normal());

  function drawCodes(map) {
    map.codes = Array.from({ length: DRAWN }, () => {
      const z = randomCode(map.random);
      return { z, xHat: map.decode(z), gap: map.inGap(z) };
    });
    const buttons = map.codes.map(({ z, xHat, gap }, number) => {
      const canvas = picture("");
      canvas.removeAttribute("role");
      canvas.setAttribute("aria-hidden", "true");
      paint(canvas, xHat);
      const words = `drawn from random code ${number + 1}${gap ? ", in a gap" : ""}: put the ring there`;
      const button = make("button", { type: "button", "aria-label": words, title: words }, canvas);
      button.classList.toggle("gap", gap);
      button.addEventListener("click", () => map.plane.put([...z]));
      return button;
    });
    map.strip.replaceChildren(...buttons);
    const gaps = map.codes.filter(({ gap }) => gap).length;
    map.told.textContent = `In a gap: ${gaps} of ${DRAWN} random codes, and ${map.share.toFixed(0)} % of ${COUNTED.toLocaleString("en")} others.`;
    map.plane.draw();
  }

  /* The place so many spreads from the mean, in both directions. */
  const away = ({ mean, spread }, times) => mean.map((value, axis) => value + times * spread[axis]);

  /* Where random codes fall: 95 of 100 in the ellipse; each is a dot, in a gap a cross. */
  function drawOver(map, context, size) {
    const [x, y] = map.plane.onCanvas(...map.random.mean);
    const [right, top] = map.plane.onCanvas(...away(map.random, Math.sqrt(-2 * Math.log(0.05))));
    context.save();
    context.strokeStyle = "#000000";
    context.lineWidth = size / 250;
    context.setLineDash([size / 60, size / 90]);
    context.beginPath();
    context.ellipse(x, y, right - x, y - top, 0, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
    for (const { z, gap } of map.codes) {
      const [x, y] = map.plane.onCanvas(...z);
      const half = size / 70;
      for (const [colour, width] of [["#ffffff", size / 70], ["#000000", size / 140]]) {
        context.strokeStyle = colour;
        context.fillStyle = "#000000";
        context.lineWidth = width;
        context.beginPath();
        if (gap) {
          context.moveTo(x - half, y - half);
          context.lineTo(x + half, y + half);
          context.moveTo(x - half, y + half);
          context.lineTo(x + half, y - half);
          context.stroke();
        } else {
          context.arc(x, y, half, 0, 2 * Math.PI);
          context.stroke();
          context.fill();
        }
      }
    }
    context.restore();
  }

  for (const map of maps) {
    const points = stored.arrays[map.id];
    const random = stored.random[map.id];
    const most = usual(points);
    const inGap = (z) => distance(points, z) > most;
    const found = Array.from({ length: COUNTED }, () => inGap(randomCode(random))).filter(Boolean);
    Object.assign(map, { points, random, inGap, share: (100 * found.length) / COUNTED, codes: [] });
    map.note = (z) => (inGap(z) ? "in a gap" : "");
    map.reach = [away(random, -2.8), away(random, 2.8)]; // nearly all random codes
  }
  Playground.walk(document.getElementById("maps"), digits, maps);
  for (const map of maps) {
    map.plane.over = (context, size) => drawOver(map, context, size);
    map.strip = make("div", { className: "picks made", role: "group", "aria-label": `${map.title}: random codes` });
    map.told = make("p", { className: "measure" });
    map.panel.append(map.strip, map.told);
  }
  const drawAll = () => {
    maps.forEach(drawCodes);
    Playground.say(maps.map(({ title, told }) => `${title}: ${told.textContent}`).join(" "));
  };
  document.getElementById("random").addEventListener("click", drawAll);
  maps.forEach(drawCodes);
  Playground.exhibit = { maps };
});
