"use strict";
// The theme: as the system has it, or as it was chosen here.
(() => {
  const themes = ["auto", "light", "dark"];
  const keep = (value) => { try { localStorage.setItem("tinygen-theme", value); } catch { /* a file may have none */ } };
  const kept = () => { try { return localStorage.getItem("tinygen-theme"); } catch { return null; } };
  const box = document.querySelector(".theme");
  const buttons = themes.map((theme) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = theme;
    button.addEventListener("click", () => { choose(theme); keep(theme); });
    box.append(button);
    return button;
  });
  function choose(theme) {
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = theme;
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.textContent === theme)));
  }
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Colours");
  choose(themes.includes(kept()) ? kept() : "auto");
})();
// The graph: dragged, and made larger and smaller; without this it still scrolls.
for (const drawing of document.querySelectorAll(".drawing")) {
  const canvas = drawing.querySelector(".canvas");
  const graph = canvas.querySelector("svg");
  const width = graph.viewBox.baseVal.width;
  let zoom = 1;
  const show = (wanted) => {
    const before = zoom;
    zoom = Math.min(3, Math.max(0.15, wanted));
    const x = canvas.scrollLeft + canvas.clientWidth / 2;
    const y = canvas.scrollTop + canvas.clientHeight / 2;
    graph.setAttribute("width", width * zoom);
    graph.setAttribute("height", graph.viewBox.baseVal.height * zoom);
    canvas.scrollLeft = x * zoom / before - canvas.clientWidth / 2;
    canvas.scrollTop = y * zoom / before - canvas.clientHeight / 2;
  };
  const whole = () => Math.min(canvas.clientWidth / width, canvas.clientHeight / graph.viewBox.baseVal.height);
  const group = document.createElement("div");
  group.className = "zoom";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Size of the graph");
  for (const [text, label, act] of [
    ["−", "Smaller", () => show(zoom / 1.25)],
    ["+", "Larger", () => show(zoom * 1.25)],
    ["100 %", "As it was", () => show(1)],
    ["all", "All of it", () => show(whole())],
  ]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    group.append(button);
  }
  drawing.querySelector(".tools").append(group);
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    held = [event.clientX + canvas.scrollLeft, event.clientY + canvas.scrollTop];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    canvas.scrollLeft = held[0] - event.clientX;
    canvas.scrollTop = held[1] - event.clientY;
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = null; });
  canvas.scrollLeft = Math.max(0, (width - canvas.clientWidth) / 2);
}
