/* Titles as people type them: which films may be meant, while the title is still being typed. */
"use strict";

Playground.Titles = (() => {
  const [LEAST, MOST_EDITS] = [0.6, 4]; // so alike must a name be to what is typed, with no more edits
  const AT_BEGIN = 0.6; // edits that it costs to begin at a later word than the first
  const WHOLE = 0.15; // what it is worth if nothing follows what is typed
  const KNOWN = 0.03; // more for a film with ten times as many ratings
  const [OTHER_YEAR, OTHER_NUMBER] = [0.3, 0.15]; // less
  const ARTICLE_SLIP = 0.12; // less, if a short first word is left out
  const ROMAN = { i: 1, ii: 2, iii: 3, iv: 4, v: 5, vi: 6, vii: 7, viii: 8, ix: 9, x: 10 };
  const PART_NUMBER = /\b(?:part|volume|vol|episode|chapter) (\d+|[ivx]+)\b/g;
  const LETTERS = { æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i", ß: "ss", "&": " and " };
  // Behind a name, as libraries write it: "Matrix, The". More words than in front, where some begin English titles.
  const TRAILING_ARTICLE =
    /([^()]+),\s*(the|a|an|la|le|les|l'|los|las|el|lo|il|i|gli|un|une|una|das|der|die|den|det|de|en|o|os|as)\s*(?=[():]|$)/gi;
  const ARTICLE = /^(the|a|an|la|le|les|l|los|las|el|lo|il|gli|un|une|una|das|der|den|det) (?=.)/;

  /* A name with only what matters, as `ae_helpers.movies` has it: "Matrix, The" and "The MATRIX!" become "matrix". */
  function words(name) {
    return name
      .toLowerCase()
      .replace(TRAILING_ARTICLE, "$2 $1")
      .replace(/[æœøđðþłıß&]/g, (letter) => LETTERS[letter])
      .normalize("NFKD")
      .replace(/\p{M}|['.’‘`´ʼ′ʹ]/gu, "")
      .split(/[^\p{L}\p{N}]+/u)
      .filter(Boolean)
      .join(" ")
      .replace(PART_NUMBER, (_, number) => ROMAN[number] ?? number) // "Part II" is "2"
      .replace(/\b(?:ii|iii|iv|vi|vii|viii|ix)\b/g, (numeral) => ROMAN[numeral])
      .replace(ARTICLE, "");
  }

  /* Letters and figures as bits of a number. */
  function bits(text) {
    let mask = 0;
    for (let i = 0; i < text.length; i++) mask |= 1 << (text.charCodeAt(i) & 31);
    return mask;
  }

  function count(mask) {
    let n = 0;
    for (; mask; mask &= mask - 1) n++;
    return n;
  }

  const mostEdits = (typed) => Math.min((1 - LEAST) * typed.length, MOST_EDITS);
  const rows = [0, 1, 2].map(() => new Float32Array(201));

  /* How alike a name's beginning, or what begins with one of its words, is to what is typed: 1 for equal.

     Wrong, missing, surplus and exchanged letters count one each. */
  function likeness(typed, name) {
    let [older, old, row] = rows;
    for (let j = 0; j <= name.length; j++) old[j] = j && (name[j - 1] === " " ? AT_BEGIN : Infinity);
    const most = mostEdits(typed);
    for (let i = 1; i <= typed.length; i++) {
      row[0] = i;
      let least = i;
      for (let j = 1; j <= name.length; j++) {
        const same = typed[i - 1] === name[j - 1];
        let edits = Math.min(old[j - 1] + (same ? 0 : 1), old[j] + 1, row[j - 1] + 1);
        if (i > 1 && j > 1 && typed[i - 1] === name[j - 2] && typed[i - 2] === name[j - 1])
          edits = Math.min(edits, older[j - 2] + 1);
        row[j] = edits;
        if (edits < least) least = edits;
      }
      if (least > most) return 0;
      [older, old, row] = [old, row, older];
    }
    let edits = Infinity;
    for (let j = 0; j <= name.length; j++) if (old[j] < edits) edits = old[j];
    const whole = Math.max(1 - old[name.length] / Math.max(typed.length, name.length), 0);
    return (1 - WHOLE) * (1 - edits / typed.length) + WHOLE * whole;
  }

  /* All names of all films: `names[i]` are the i-th film's, in `words`; `ratings` and `years` by film. */
  return class {
    constructor(names, ratings, years) {
      Object.assign(this, { years, known: Array.from(ratings, (n) => KNOWN * Math.log10(1 + n)) });
      this.whole = new Set(names.flat());
      this.names = names.flatMap((ofFilm, film) => ofFilm.map((name) => ({ film, name, bits: bits(name) })));
    }

    /* The films that may be meant, most likely first. */
    find(typed, most = 7) {
      let text = words(typed).slice(0, 60);
      // A year behind the name, unless the name ends with it: "Blues Brothers 2000".
      const written = this.whole.has(text) ? null : text.match(/^(.+) ((?:18|19|20)\d\d)$/);
      if (written) text = written[1];
      if (!text) return [];
      const best = new Map();
      const later = text.match(/^\p{L}{2,3} (.+)$/u)?.[1]; // "teh matrix": perhaps an article
      for (const [wanted, less] of later ? [[text, 0], [later, ARTICLE_SLIP]] : [[text, 0]]) {
        const [letters, edits] = [bits(wanted), mostEdits(wanted)];
        const numbers = wanted.match(/\d+/g) ?? [];
        for (const { film, name, bits } of this.names) {
          if (count(letters & ~bits) > edits) continue; // it has not even the letters
          const other = numbers.some((number) => !name.includes(number)); // "Rocky 2" is not "Rocky 3"
          const alike = likeness(wanted, name) - less - (other ? OTHER_NUMBER : 0);
          if (alike > LEAST && alike > (best.get(film) ?? 0)) best.set(film, alike);
        }
      }
      const score = ([film, alike]) =>
        alike + this.known[film] - (written && this.years[film] !== Number(written[2]) ? OTHER_YEAR : 0);
      const ranked = [...best].sort((a, b) => score(b) - score(a));
      return ranked.slice(0, most).map(([film]) => film);
    }
  };
})();

/* A field for titles with a list of what may be meant, as the ARIA pattern "combobox" has it. Calls `picked(film)`. */
Playground.titleField = (container, label, titles, texts, picked) => {
  const { make } = Playground;
  const input = make("input", {
    type: "text", id: "title", autocomplete: "off", spellcheck: false, role: "combobox", dir: "auto",
    "aria-expanded": "false", "aria-controls": "titles", "aria-autocomplete": "list",
  });
  const list = make("ul", { id: "titles", role: "listbox", "aria-label": "Films that may be meant", hidden: true });
  const nothing = make("p", { className: "note", hidden: true }, "No film has a name like that.");
  let found = [];
  let active = 0;

  function show(films) {
    found = films;
    active = 0;
    const options = films.map((film, i) => {
      const option = make("li", { role: "option", id: `title-${i}` }, make("bdi", {}, texts[film]));
      option.addEventListener("pointerdown", (event) => {
        event.preventDefault(); // the field keeps the focus
        pick(film);
      });
      return option;
    });
    list.replaceChildren(...options);
    list.hidden = films.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark();
  }

  function mark() {
    [...list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    if (found.length) input.setAttribute("aria-activedescendant", `title-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function pick(film) {
    input.value = "";
    show([]);
    picked(film);
  }

  input.addEventListener("input", () => {
    show(titles.find(input.value));
    nothing.hidden = found.length > 0 || input.value.trim() === "";
    if (!nothing.hidden) Playground.say(nothing.textContent);
  });
  input.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in moves && found.length) {
      active = (active + moves[event.key] + found.length) % found.length;
      mark();
    } else if (event.key === "Enter" && found.length) pick(found[active]);
    else if (event.key === "Escape") show([]);
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", () => show([]));
  container.classList.add("combobox");
  container.append(make("label", { htmlFor: "title" }, label), input, list, nothing);
};
