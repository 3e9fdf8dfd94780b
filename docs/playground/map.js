/* Walk the map: the plane of two numbers, learned and PCA's; the decoder draws where the ring is. */
"use strict";

Playground.start(async () => {
  const [digits, places, autoencoder, pca] = await Promise.all([
    Playground.loadDigits(),
    Playground.load("map"),
    Playground.load("autoencoder_2"),
    Playground.load("pca"),
  ]);
  const { mean, directions } = pca.arrays;
  const all = directions.shape[1];
  const straight = (z) => mean.map((value, i) => value + z[0] * directions[i * all] + z[1] * directions[i * all + 1]);
  const maps = [
    { id: "autoencoder", title: "Autoencoder", decode: (z) => autoencoder.decoder.run(z) },
    { id: "pca", title: "Its rival: PCA", decode: straight },
  ];
  for (const map of maps) map.points = places.arrays[map.id];
  Playground.walk(document.getElementById("maps"), digits, maps);
  Playground.exhibit = { maps };
});
