/* Maps to walk, side by side: planes of test digits, and what a decoder draws where the ring is. */
"use strict";

/* Put `maps` into `container`, and the rings on the first test digit. Each comes as {id, title, points, decode}: codes of
   the test digits, two numbers in turn, and a function from two numbers to 784 pixels; `note(z)`, if there is one, says a
   little about a place; `reach` is the plane's. Each gets its `panel` and `plane`, and, as the ring is moved, `z` and `xHat`. */
Playground.walk = (container, digits, maps) => {
  const { make, picture, paint, CLASSES } = Playground;
  const labels = digits.arrays.labels;

  function mark(context, i, x, y, size) {
    context.fillStyle = CLASSES[labels[i]];
    context.font = `bold ${size / 40}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(labels[i], x, y);
  }

  const show = (i) => maps.forEach((map) => map.show(i));

  for (const map of maps) {
    const drawn = picture("what the decoder draws at the ring");
    const near = picture("the nearest test digit");
    const drawnText = make("figcaption", {}, "drawn at the ring");
    const nearText = make("figcaption", {}, "nearest test digit");
    map.show = (i) => {
      paint(near, digits.image(i));
      near.setAttribute("aria-label", `the nearest test digit, a ${labels[i]}`);
      nearText.textContent = `test digit: a ${labels[i]}`;
      map.plane.highlight(i);
    };
    map.plane = new Playground.Plane(`${map.title}: 2,000 test digits as points in the plane.`, map.points, mark, {
      moved: (x, y, i) => {
        map.xHat = map.decode((map.z = Float32Array.of(x, y)));
        paint(drawn, map.xHat);
        show(i);
        const note = map.note?.(map.z) ?? "";
        drawnText.textContent = ["drawn at the ring", note].filter(Boolean).join(", ");
        const place = [`${map.title}: ${x.toFixed(1)} and ${y.toFixed(1)}`, note].filter(Boolean).join(", ");
        Playground.say(`${place}; the nearest test digit is a ${labels[i]}`);
      },
      hovered: show,
      reach: map.reach,
    });
    const figures = make(
      "div",
      { className: "pair" },
      make("figure", {}, drawn, drawnText),
      make("figure", {}, near, nearText),
    );
    map.panel = make(
      "section",
      { className: "panel", "aria-label": map.title },
      make("h2", {}, map.title),
      map.plane.canvas,
      figures,
    );
    container.append(map.panel);
  }
  for (const { plane, points } of maps) plane.put([...points.subarray(0, 2)]);
};
