/* Exhibits within a page: each tells how high it is, and is told whether the page is light or dark. */
"use strict";

(() => {
  const root = document.documentElement;
  const frames = () => document.querySelectorAll("iframe.exhibit");
  const tell = (frame) => frame.contentWindow.postMessage({ theme: root.dataset.theme }, "*");

  window.addEventListener("message", ({ data, source }) => {
    if (!data?.exhibit) return;
    for (const frame of frames()) {
      if (frame.contentWindow !== source) continue;
      frame.style.height = `${data.height}px`;
      tell(frame);
    }
  });
  new MutationObserver(() => frames().forEach(tell)).observe(root, { attributeFilter: ["data-theme"] });
})();

/* A button to copy each piece of code: without prompts and outputs, which stand in boxes of their own. */
document.addEventListener("DOMContentLoaded", () => {
  for (const box of document.querySelectorAll(".cell_input .highlight, .bd-article > section .highlight-default .highlight")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(box.querySelector("pre").textContent.trimEnd());
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    box.append(button);
  }
});
