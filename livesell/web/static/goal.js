// How far the evening is towards its goal; up by motion, down without a word.

import { root, settings, calm, money, word, put, slowly, EASE, onAir } from "./air.js";

const bar = root.querySelector("[data-bar]"), figure = root.querySelector("[data-figure]"), heading = root.querySelector("[data-heading]"), glow = root.querySelector("[data-glow]");
let reached = 0, drawn = 0, first = true;

if (heading) { heading.hidden = !settings.heading; put(heading, settings.heading); }
if (figure) figure.hidden = !settings.figure;

function words() {
  if (settings.of === "money") return `${money(reached)} / ${money(settings.target)}`;
  return word(settings.of === "units" ? "air.goal_units" : "air.goal_orders", { n: reached, m: settings.target });
}

const draw = slowly(() => {
  put(figure, words());
  const to = Math.min(1, Math.max(0, reached / settings.target));
  const from = drawn;
  drawn = to;
  if (to === from && !first) return;
  if (bar) {
    bar.style.setProperty("transform", `scaleX(${to})`);
    if (!first && !calm && to > from) bar.animate([{ transform: `scaleX(${from})` }, { transform: `scaleX(${to})` }], { duration: 240, easing: EASE });
  }
  if (!first && settings.party && from < 1 && to >= 1 && glow) glow.animate([{ opacity: 0 }, { opacity: 1, offset: 0.25 }, { opacity: 1, offset: 0.6 }, { opacity: 0 }], { duration: 2400 });
  first = false;
});

function set(sums, still) {
  reached = Number(sums[settings.of]) || 0;
  root.hidden = false;
  draw(still);
}

onAir({
  still(now) { first = true; set(now.sums || {}, true); },
  told({ now }) { if (now.sums) set(now.sums, false); },
});
