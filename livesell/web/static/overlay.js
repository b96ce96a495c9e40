// An overlay on air: paints what it was given, follows the feed for ever, and never says a word when the line is gone.

import { listen } from "./feed.js";

const data = JSON.parse(document.getElementById("data").textContent);
const root = document.querySelector("[data-on-air]");
const query = new URLSearchParams(location.search);
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || query.get("motion") === "calm";
const digits = data.language === "bn" ? "beng" : "latn";
const numbers = new Intl.NumberFormat({ vi: "vi-VN", bn: "bn-BD" }[data.language] || "en-US", { maximumFractionDigits: 3, numberingSystem: digits });
const number = (name, standard, least, most) => { const text = query.get(name); const value = Number(text); return text !== null && text !== "" && value >= least && value <= most ? value : standard; };

const rows = Math.round(number("rows", 6, 1, 8));
const hold = number("hold", 0, 0, 600) * 1000;
const quietAfter = number("quiet_after", 30, 5, 600) * 1000;
const STEP = 250, CROWD = 10;

const style = document.documentElement.style;
style.setProperty("--scale", String(number("scale", 1, 0.6, 2)));
style.setProperty("--plate-opacity", String(number("plate_opacity", 0.78, 0.72, 1)));
if (/^[0-9a-f]{6}$/i.test((query.get("accent") || "").replace("#", ""))) style.setProperty("--accent", `#${query.get("accent").replace("#", "")}`);

const list = root.querySelector("[data-rows]"), template = root.querySelector("[data-row]"), more = root.querySelector("[data-more]");
root.querySelector("[data-heading]").textContent = (query.get("heading") || "").slice(0, 40) || data.words.heading;

let buyers = new Map(), sums = {}, queue = [], shown = [], timer = 0, lost = 0;

function text(buyer) {
  const first = buyer.items[0];
  const words = `${first.code}${first.options ? ` ${first.options}` : ""} ×${numbers.format(first.quantity)}`;
  return buyer.items.length > 1 ? `${words} +${numbers.format(buyer.items.length - 1)}` : words;
}

function element(buyer) {
  const made = template.content.firstElementChild.cloneNode(true);
  fill(made, buyer);
  return made;
}

function fill(made, buyer) {
  made.querySelector("[data-number]").textContent = numbers.format(buyer.number);
  made.querySelector("[data-name]").textContent = buyer.name;
  made.querySelector("[data-items]").textContent = text(buyer);
  made.dataset.buyer = String(buyer.number);
}

function head() {
  root.querySelector("[data-total]").textContent = numbers.format(sums.orders || buyers.size);
  root.hidden = buyers.size === 0;
  more.hidden = queue.length <= CROWD;
  if (!more.hidden) more.textContent = data.words.more.replace("{n}", numbers.format(queue.length));
}

function still() {
  // A snapshot is painted without motion: OBS may reload the page at every change of scene.
  queue = [];
  shown = [...buyers.values()].slice(-rows).reverse();
  list.replaceChildren(...shown.map(element));
  head();
}

function enter(buyer) {
  const old = list.querySelector(`[data-buyer="${buyer.number}"]`);
  const before = new Map([...list.children].map((child) => [child, child.offsetTop]));
  if (old) old.remove();
  const made = element(buyer);
  list.prepend(made);
  while (list.children.length > rows) list.lastElementChild.remove();
  if (calm) { made.animate([{ opacity: 0 }, { opacity: 1 }], 160); return; }
  made.animate([{ opacity: 0, transform: "translateY(-40%)" }, { opacity: 1, transform: "none" }], { duration: 240, easing: "cubic-bezier(.2,0,0,1)" });
  for (const child of list.children) {
    const was = before.get(child);
    if (was !== undefined && was !== child.offsetTop) child.animate([{ transform: `translateY(${was - child.offsetTop}px)` }, { transform: "none" }], { duration: 160, easing: "cubic-bezier(.2,0,0,1)" });
  }
  if (hold) setTimeout(() => leave(buyer.number), hold);
}

function leave(which) {
  const old = list.querySelector(`[data-buyer="${which}"]`);
  if (!old) return;
  old.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 160, fill: "forwards" });
  setTimeout(() => old.remove(), 170); // a page that is not drawn finishes no animation
}

function next() {
  timer = 0;
  if (!queue.length) { head(); return; }
  if (queue.length > CROWD) {
    // Too many to read one by one: the newest stand there together.
    const newest = queue.splice(0).slice(-rows);
    for (const buyer of newest) enter(buyer);
    timer = setTimeout(next, 1500);
  } else {
    enter(queue.shift());
    timer = setTimeout(next, STEP);
  }
  head();
}

function told(message) {
  const now = message.now;
  if (!now) return;
  if (now.sums) sums = now.sums;
  if (message.event && message.event.type === "snapshot") { buyers = new Map((now.buyers || []).map((buyer) => [buyer.number, buyer])); still(); return; }
  for (const which of now.gone || []) { if (buyers.delete(which)) { queue = queue.filter((buyer) => buyer.number !== which); leave(which); } }
  for (const buyer of now.buyers || []) {
    const before = buyers.get(buyer.number);
    if (before && JSON.stringify({ ...before, seen: 0 }) === JSON.stringify({ ...buyer, seen: 0 })) continue;
    buyers.delete(buyer.number);
    buyers.set(buyer.number, buyer);
    queue = queue.filter((one) => one.number !== buyer.number);
    queue.push(buyer);
  }
  while (buyers.size > 500) buyers.delete(buyers.keys().next().value);
  if (queue.length && !timer) next(); else head();
}

buyers = new Map((data.now.buyers || []).map((buyer) => [buyer.number, buyer]));
sums = data.now.sums || {};
still();
const key = query.get("key");
listen({
  after: data.number,
  query: key ? `as=overlay&key=${encodeURIComponent(key)}` : "as=overlay",
  message: told,
  state(is) {
    clearTimeout(lost);
    if (is === "open") root.classList.remove("away");
    else lost = setTimeout(() => root.classList.add("away"), quietAfter);
  },
});
