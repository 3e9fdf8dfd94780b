// The image under the pointer, larger, with its code. boxes: parts of the picture that show the plane, as fractions;
// sprite: all images, in rows from the highest of ys to the lowest.
((key, { boxes, xs, ys, width, height, sprite }) => {
  for (const root of document.querySelectorAll(`[data-explorer="${key}"]:not([data-ready])`)) {
    root.dataset.ready = "";
    const picture = root.querySelector("img");
    const alt = picture.alt;
    const pad = document.createElement("div"); // over the picture, so that marks can stand on it
    pad.style.cssText = "position: relative; display: inline-block; max-width: 100%; touch-action: pan-y; cursor: crosshair";
    pad.tabIndex = 0;
    pad.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves its keys alone
    pad.setAttribute("role", "group");
    pad.setAttribute("aria-label", `${alt} Arrow keys move over the plane.`);
    picture.replaceWith(pad);
    pad.append(picture);
    const marks = boxes.map(() => {
      const mark = document.createElement("div");
      mark.style.cssText = "position: absolute; box-sizing: border-box; border: 2px solid #D55E00; pointer-events: none";
      pad.append(mark);
      return mark;
    });
    const row = document.createElement("div");
    row.style.cssText = "display: flex; gap: 1em; align-items: center; margin: 0.4em 0";
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    canvas.style.cssText = "width: 140px; image-rendering: pixelated";
    canvas.setAttribute("aria-hidden", "true");
    const output = document.createElement("output");
    row.append(canvas, output);
    root.append(row);
    let [i, j] = [ys.length >> 1, xs.length >> 1];
    const images = new Image();
    const update = () => {
      canvas.getContext("2d").drawImage(images, j * width, i * height, width, height, 0, 0, width, height);
      output.textContent = `The code (${xs[j]}, ${ys[i]}), decoded. Point at another, or use the arrow keys.`;
      marks.forEach((mark, k) => {
        const [left, top, wide, high] = boxes[k];
        mark.style.left = `${100 * (left + (wide * j) / xs.length)}%`;
        mark.style.top = `${100 * (top + (high * i) / ys.length)}%`;
        mark.style.width = `${(100 * wide) / xs.length}%`;
        mark.style.height = `${(100 * high) / ys.length}%`;
      });
    };
    const point = (event) => {
      const area = picture.getBoundingClientRect();
      const [x, y] = [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height];
      for (const [left, top, wide, high] of boxes) {
        const [column, line] = [Math.floor(((x - left) / wide) * xs.length), Math.floor(((y - top) / high) * ys.length)];
        if (column >= 0 && column < xs.length && line >= 0 && line < ys.length) {
          [i, j] = [line, column];
          update();
        }
      }
    };
    pad.addEventListener("pointermove", point);
    pad.addEventListener("pointerdown", point);
    pad.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      if (!step) return;
      event.preventDefault();
      i = Math.min(Math.max(i + step[0], 0), ys.length - 1);
      j = Math.min(Math.max(j + step[1], 0), xs.length - 1);
      update();
    });
    images.addEventListener("load", update);
    images.src = sprite;
  }
})
