/* Movies: what is near to one, or to a few that somebody likes; embeddings beside raw cosine. */
"use strict";

Playground.start(async () => {
  const { make, FEW } = Playground;
  const byId = (id) => document.getElementById(id);
  const [LISTED, MOST_LIKED] = [10, 8];
  const GENRES = ["Children", "Horror", "Sci-Fi", "Romance", "Crime", "Action"]; // the first that fits colours a film
  const OTHER = "#8a8f95";

  // Films are sorted by their number of ratings, most first; the first of them are on the map.
  const { arrays, titles, genres, names } = await Playground.load("movies");
  const { embeddings, ratings, raters, stars, places } = arrays;
  const n = titles.length;
  const size = embeddings.shape[1];
  const years = titles.map((title) => Number(title.match(/\((\d{4})\)$/)?.[1]));
  const finder = new Playground.Titles(names, ratings, years);

  // Both methods: a film is a vector of length 1, and films are alike if their cosine is large.
  for (let i = 0; i < n; i++) {
    const vector = embeddings.subarray(size * i, size * (i + 1));
    const length = Math.hypot(...vector);
    vector.forEach((value, k) => (vector[k] = value / length));
  }
  const ends = Uint32Array.from(ratings);
  for (let i = 1; i < n; i++) ends[i] += ends[i - 1];
  const begin = (i) => (i ? ends[i - 1] : 0);
  const users = Uint16Array.from(raters); // each film's raters, stored as steps from one to the next
  const weights = Float32Array.from(stars);
  for (let i = 0; i < n; i++) {
    let length = 0;
    for (let j = begin(i); j < ends[i]; j++) {
      if (j > begin(i)) users[j] += users[j - 1];
      length += weights[j] ** 2;
    }
    for (let j = begin(i); j < ends[i]; j++) weights[j] /= Math.sqrt(length);
  }
  const allUsers = users.reduce((most, user) => Math.max(most, user), 0) + 1;

  /* Mean cosine of every film with the given ones. */
  const similarities = {
    embeddings: (films) => {
      const query = new Float64Array(size);
      for (const film of films) for (let k = 0; k < size; k++) query[k] += embeddings[size * film + k] / films.length;
      return Float32Array.from({ length: n }, (_, i) => {
        let sum = 0;
        for (let k = 0; k < size; k++) sum += query[k] * embeddings[size * i + k];
        return sum;
      });
    },
    cosine: (films) => {
      const query = new Float64Array(allUsers);
      for (const film of films) for (let j = begin(film); j < ends[film]; j++) query[users[j]] += weights[j] / films.length;
      return Float32Array.from({ length: n }, (_, i) => {
        let sum = 0;
        for (let j = begin(i); j < ends[i]; j++) sum += query[users[j]] * weights[j];
        return sum;
      });
    },
  };

  const methods = [
    ["embeddings", "Autoencoder: its embeddings"],
    ["cosine", "Its rival: raw cosine"],
  ].map(([id, title]) => {
    const list = make("ol", { className: "films" });
    byId("lists").append(make("section", { className: "panel", "aria-label": title }, make("h2", {}, title), list));
    return { id, title, list, found: [] };
  });
  const exhibit = { liked: [], dropped: [], methods, similarities, titles, finder };
  Playground.exhibit = exhibit;

  const title = (film) => make("bdi", {}, titles[film]); // whichever way its letters run
  const about = (film) =>
    [genres[film].replaceAll("|", ", "), ratings[film] === 1 ? "1 rating" : `${ratings[film]} ratings`].join("; ");

  const plus = (film) => {
    const button = make("button", { type: "button", "aria-label": `${titles[film]} is liked, too` }, "+");
    button.addEventListener("click", () => like([...exhibit.liked, film]));
    return button;
  };

  /* New content; if a button there has the focus, the one that takes its place gets it. */
  function refill(element, ...children) {
    const buttons = () => [...element.querySelectorAll("button")];
    const place = buttons().indexOf(document.activeElement);
    element.replaceChildren(...children);
    if (place >= 0) (buttons()[place] ?? buttons().at(-1) ?? byId("title")).focus({ preventScroll: true });
  }

  function show() {
    const { liked, dropped } = exhibit;
    refill(
      byId("liked"),
      ...liked.map((film) => {
        const button = make("button", { type: "button", "aria-label": `remove ${titles[film]}` }, title(film), " ✕");
        button.addEventListener("click", () => like(liked.filter((other) => other !== film)));
        return button;
      }),
    );
    if (liked.length === 0) byId("liked").append(make("span", { className: "note" }, "nothing yet: type a title above."));
    const full = `at most ${MOST_LIKED} films; no longer among them:`;
    if (dropped.length) byId("liked").append(make("span", { className: "note" }, `${full} `, ...dropped.map(title)));
    for (const method of methods) {
      method.similarity = liked.length ? similarities[method.id](liked) : new Float32Array(n);
      method.found = liked.length ? highest(method.similarity, LISTED, new Set(liked)) : [];
    }
    for (const { list, similarity, found } of methods) {
      refill(
        list,
        ...found.map((film) => {
          const both = methods.every((method) => method.found.includes(film));
          const text = make("div", {}, title(film), make("br"));
          text.append(make("span", { className: "note" }, `${similarity[film].toFixed(2)}; ${about(film)}`));
          return make("li", { className: both ? "" : "only" }, text, plus(film));
        }),
      );
    }
    map.draw();
    const first = ({ title, found }) => `${title}: ${found.slice(0, 3).map((film) => titles[film]).join(", ")}`;
    const gone = dropped.map((film) => `${full} ${titles[film]}`);
    Playground.say(liked.length ? [...gone, ...methods.map(first)].join("; ") : "no film is liked");
  }

  function like(films) {
    example = false;
    const all = [...new Set(films)];
    Object.assign(exhibit, { liked: all.slice(-MOST_LIKED), dropped: all.slice(0, -MOST_LIKED) });
    const last = exhibit.liked.at(-1);
    if (last < places.shape[0]) {
      map.ring = Array.from(places.subarray(2 * last, 2 * last + 2));
      if (last !== under) point(last);
    }
    show();
  }

  /* The rows of the highest values, best first; of equal ones the lower row first. */
  function highest(values, most, without) {
    const best = [];
    values.forEach((value, row) => {
      if ((best.length === most && value <= values[best.at(-1)]) || without.has(row)) return;
      let place = best.length;
      while (place && values[best[place - 1]] < value) place--;
      best.splice(place, 0, row);
      best.length = Math.min(best.length, most);
    });
    return best;
  }

  // The map.
  const group = (film) => GENRES.findIndex((genre) => genres[film].split("|").includes(genre));
  const colour = (film) => FEW[group(film)] ?? OTHER;

  function mark(context, film, x, y, size) {
    context.fillStyle = colour(film);
    context.beginPath();
    context.arc(x, y, size / 130, 0, 2 * Math.PI);
    context.fill();
  }

  let under = -1; // the film that the map speaks of
  const point = (film) => {
    under = film;
    const note = make("span", { className: "note" }, about(film));
    refill(byId("pointed"), title(film), " ", plus(film), make("br"), note);
    map.highlight(film);
  };
  const map = new Playground.Plane(`A map of ${places.shape[0]} films as points.`, places, mark, {
    moved: (x, y, film) => {
      point(film);
      Playground.say(`${titles[film]}; ${about(film)}`);
    },
    hovered: point,
  });
  map.over = (context, size) => {
    const ring = (film, colour, width) => {
      if (film >= places.shape[0]) return; // not on the map
      const [x, y] = map.place(film);
      context.strokeStyle = colour;
      context.lineWidth = size / width;
      context.beginPath();
      context.arc(x, y, size / 70, 0, 2 * Math.PI);
      context.stroke();
    };
    methods[0].found.forEach((film) => ring(film, "#000000", 400));
    context.font = `bold ${size / 36}px system-ui, sans-serif`;
    context.textBaseline = "bottom";
    for (const film of exhibit.liked) {
      ring(film, "#000000", 150);
      if (film >= places.shape[0]) continue;
      const [x, y] = map.place(film);
      const text = titles[film].replace(/ \(.*/, "");
      context.textAlign = x < size / 4 ? "left" : x > (3 * size) / 4 ? "right" : "center";
      context.lineWidth = size / 90;
      context.strokeStyle = "#ffffff";
      context.strokeText(text, x, y - size / 28);
      context.fillStyle = "#000000";
      context.fillText(text, x, y - size / 28);
    }
  };
  byId("map").append(map.canvas);
  exhibit.map = map;
  byId("legend").append(
    ...[...GENRES, "other"].map((genre, i) => {
      const dot = make("i", { className: "dot" });
      dot.style.background = FEW[i] ?? OTHER;
      return make("span", {}, dot, genre);
    }),
  );

  let example; // whether what is liked is only an example, which a title that is typed replaces
  Playground.titleField(byId("search"), "A film: type its title", finder, titles, (film) =>
    like(example ? [film] : [...exhibit.liked, film]),
  );
  like(finder.find("Toy Story (1995)", 1));
  example = true;
});
