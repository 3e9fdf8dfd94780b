// One picture for each position of a slider: frames are [position, address of its picture]; the still is the start's.
((key, { start, label, frames }) => {
  for (const root of document.querySelectorAll(`[data-explorer="${key}"]:not([data-ready])`)) {
    root.dataset.ready = "";
    const picture = root.querySelector("img");
    const alt = picture.alt;
    const still = picture.src;
    const row = document.createElement("label");
    row.style.cssText = "display: flex; gap: 0.8em; align-items: center; max-width: 40em; margin: 0.4em 0";
    const name = document.createElement("span");
    name.textContent = label;
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: frames.length - 1, step: 1, value: start });
    slider.setAttribute("aria-label", label);
    slider.style.flex = "1";
    slider.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves its keys alone
    const output = document.createElement("output");
    output.style.minWidth = "5em";
    const update = () => {
      const [position, source] = frames[slider.value];
      picture.src = source ?? still;
      picture.alt = `${alt} Shown: ${label} ${position}.`;
      output.textContent = position;
      slider.setAttribute("aria-valuetext", position);
    };
    slider.addEventListener("input", update);
    row.append(name, slider, output);
    root.prepend(row);
    update();
  }
})
