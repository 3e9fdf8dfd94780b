/* Walk the map: the plane of two numbers, learned and PCA's; the decoder draws where the ring is. */
"use strict";

Playground.start(async () => {
  const { make, picture, paint, CLASSES } = Playground;
  const [digits, places, autoencoder, pca] = await Promise.all([
    Playground.loadDigits(),
    Playground.load("map"),
    Playground.load("autoencoder_2"),
    Playground.load("pca"),
  ]);
  const { mean, directions } = pca.arrays;
  const all = directions.shape[1];
  const decoders = {
    autoencoder: (z) => autoencoder.decoder.run(z),
    pca: (z) => mean.map((value, i) => value + z[0] * directions[i * all] + z[1] * directions[i * all + 1]),
  };
  const labels = digits.arrays.labels;

  function mark(context, i, x, y, size) {
    context.fillStyle = CLASSES[labels[i]];
    context.font = `bold ${size / 40}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(labels[i], x, y);
  }

  const maps = [
    ["autoencoder", "Autoencoder"],
    ["pca", "Its rival: PCA"],
  ].map(([id, title]) => {
    const map = { id, drawn: picture("what the decoder draws at the ring"), near: picture("the nearest test digit") };
    const nearText = make("figcaption", {}, "nearest test digit");
    map.tell = (i) => {
      paint(map.near, digits.image(i));
      map.near.setAttribute("aria-label", `the nearest test digit, a ${labels[i]}`);
      nearText.textContent = `test digit: a ${labels[i]}`;
    };
    map.plane = new Playground.Plane(`${title}: 2,000 test digits as points in the plane.`, places.arrays[id], mark, {
      moved: (x, y, i) => {
        map.xHat = decoders[id]((map.z = Float32Array.of(x, y)));
        paint(map.drawn, map.xHat);
        maps.forEach((other) => other.tell(i));
        maps.forEach((other) => other.plane.highlight(i));
        Playground.say(`${title}: ${x.toFixed(1)} and ${y.toFixed(1)}; the nearest test digit is a ${labels[i]}`);
      },
      hovered: (i) => {
        maps.forEach((other) => other.tell(i));
        maps.forEach((other) => other.plane.highlight(i));
      },
    });
    const figures = make(
      "div",
      { className: "pair" },
      make("figure", {}, map.drawn, make("figcaption", {}, "drawn at the ring")),
      make("figure", {}, map.near, nearText),
    );
    document.getElementById("maps").append(
      make("section", { className: "panel", "aria-label": title }, make("h2", {}, title), map.plane.canvas, figures),
    );
    return map;
  });
  Playground.exhibit = { maps };
  for (const { id, plane } of maps) plane.put([...places.arrays[id].subarray(0, 2)]); // on the first test digit, a 7
});
