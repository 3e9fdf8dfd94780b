// A field to choose a name from, and the list of that name: names are all names; lists are [name's place, places of its list].
((key, { label, start, names, lists }) => {
  for (const root of document.querySelectorAll(`[data-explorer="${key}"]:not([data-ready])`)) {
    root.dataset.ready = "";
    const choices = new Map(lists.map(([name, ...found]) => [names[name], found]));
    const row = document.createElement("label");
    row.style.cssText = "display: flex; flex-wrap: wrap; gap: 0.8em; align-items: center; margin: 0.4em 0";
    const caption = document.createElement("span");
    caption.textContent = label;
    const select = document.createElement("select");
    select.setAttribute("aria-label", label);
    select.style.cssText = "font: inherit; max-width: min(100%, 26em)";
    select.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves its keys alone
    for (const name of [...choices.keys()].sort((a, b) => a.localeCompare(b))) select.append(new Option(name));
    select.value = names[start];
    const list = document.createElement("ol");
    list.setAttribute("aria-live", "polite");
    const update = () =>
      list.replaceChildren(
        ...choices.get(select.value).map((place) => {
          const line = document.createElement("li");
          line.textContent = names[place];
          return line;
        }),
      );
    select.addEventListener("change", update);
    row.append(caption, select);
    root.querySelector("img").replaceWith(row, list);
    update();
  }
})
