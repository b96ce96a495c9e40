// Confirmed buyers on air: newest on top, one buyer one row, on a fixed pool of rows; a crowd is shown in turns.

import { root, settings, calm, quantity, word, items, put, putName, slowly, EASE, onAir } from "./air.js";

const STEP = 250, TURN = 1500, CROWD = 10, FLOOD = 40, MOST = 500;
const list = root.querySelector("[data-rows]"), template = root.querySelector("[data-row]"), more = root.querySelector("[data-more]"), total = root.querySelector("[data-total]");
const most = Math.round(settings.rows), hold = settings.hold * 1000;

let buyers = new Map(), sums = {}, queue = [], shown = [], timer = 0;
const left = new Map(); // when a shown row's time is over, where rows do not stay

put(root.querySelector("[data-heading]"), settings.heading || word("air.buyers"));
for (const part of template.content.querySelectorAll("[data-part]")) part.hidden = settings.show ? !settings.show.split("-").includes(part.dataset.part) : false;

// A vertical picture has room for four above the face; who wants more of them says so in the address.
if (new URLSearchParams(location.search).has("rows")) document.documentElement.dataset.rows = "given";
let rows = most;
function room() { rows = Math.max(1, Math.min(most, Number(getComputedStyle(document.documentElement).getPropertyValue("--most")) || most)); }
room();

// The pool: one element a row, and one that leaves while another comes.
const pool = Array.from({ length: most + 1 }, () => {
  const made = template.content.firstElementChild.cloneNode(true);
  made.hidden = true;
  list.append(made);
  return made;
});
const at = new Map(); // buyer's number -> its element

function fill(element, buyer) {
  put(element.querySelector("[data-number]"), quantity(buyer.number));
  putName(element.querySelector("[data-name]"), buyer.name);
  put(element.querySelector("[data-items]"), items(buyer));
}

// A row's place is its transform, so that moving it re-lays nothing.
const place = (index) => `translateY(${index * 100}%)`;

function draw(still) {
  root.hidden = buyers.size === 0;
  const wanted = new Set(shown);
  for (const [number, element] of at) {
    if (wanted.has(number)) continue;
    at.delete(number);
    const away = still ? null : element.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 160, fill: "forwards" });
    const rest = () => { if (![...at.values()].includes(element)) element.hidden = true; if (away) away.cancel(); };
    if (away) setTimeout(rest, 170); else rest(); // a page that is not drawn finishes no animation
  }
  shown.forEach((number, index) => {
    const known = at.get(number), element = known || pool.find((one) => ![...at.values()].includes(one));
    element.hidden = false; // what is not drawn has no width to fit into
    fill(element, buyers.get(number));
    const to = place(index), before = element.dataset.place;
    element.dataset.place = String(index);
    element.style.setProperty("transform", to);
    if (!known) {
      at.set(number, element);
      for (const motion of element.getAnimations()) motion.cancel();
      if (!still) element.animate(calm ? [{ opacity: 0 }, { opacity: 1 }] : [{ opacity: 0, transform: `${to} translateY(calc(var(--u) * -24))` }, { opacity: 1, transform: to }], { duration: 240, easing: EASE });
    } else if (!still && !calm && before !== String(index)) element.animate([{ transform: place(Number(before)) }, { transform: to }], { duration: 160, easing: EASE });
  });
  list.style.setProperty("--shown", String(shown.length));
  head();
}

const count = slowly(() => put(total, quantity(sums.orders === undefined ? buyers.size : sums.orders)));

function head() {
  root.hidden = buyers.size === 0;
  if (more) {
    more.hidden = queue.length <= FLOOD;
    if (!more.hidden) put(more, word("air.more", { n: queue.length }));
  }
  count();
}

function show(number) {
  shown = [number, ...shown.filter((one) => one !== number)].slice(0, rows);
  if (hold) { clearTimeout(left.get(number)); left.set(number, setTimeout(() => { left.delete(number); leave(number); }, hold)); }
}

function leave(number) {
  queue = queue.filter((one) => one !== number);
  if (!shown.includes(number)) return;
  shown = shown.filter((one) => one !== number);
  if (!hold) {
    // The one that was pushed out last comes back to the end, so that no row stays empty.
    const older = [...buyers.keys()].reverse().find((one) => !shown.includes(one) && !queue.includes(one));
    if (older !== undefined && shown.length < rows) shown.push(older);
  }
  draw(false);
}

function next() {
  timer = 0;
  if (!queue.length) { head(); return; }
  if (queue.length > CROWD) {
    // Too many to read one by one: as many as fit change together; of a flood only the newest are shown.
    const take = queue.length > FLOOD ? queue.splice(0).slice(-rows) : queue.splice(0, rows);
    take.forEach(show);
    draw(true);
    if (!calm) list.animate([{ opacity: 0.2 }, { opacity: 1 }], { duration: 240, easing: EASE });
    timer = setTimeout(next, TURN);
  } else {
    show(queue.shift());
    draw(false);
    timer = setTimeout(next, STEP);
  }
}

function still(now) {
  clearTimeout(timer);
  for (const one of left.values()) clearTimeout(one);
  left.clear();
  timer = 0;
  queue = [];
  buyers = new Map((now.buyers || []).map((buyer) => [buyer.number, buyer]));
  sums = now.sums || {};
  shown = hold ? [] : [...buyers.keys()].slice(-rows).reverse();
  draw(true);
  count(true);
}

addEventListener("resize", () => { room(); shown = shown.slice(0, rows); if (!hold) for (const one of [...buyers.keys()].reverse()) if (shown.length < rows && !shown.includes(one) && !queue.includes(one)) shown.push(one); draw(true); });

const look = (buyer) => JSON.stringify([buyer.name, buyer.items]);

function told({ event, now }) {
  if (now.sums) sums = now.sums;
  for (const number of now.gone || []) { if (buyers.delete(number)) leave(number); }
  for (const buyer of now.buyers || []) {
    const before = buyers.get(buyer.number);
    if (before && look(before) === look(buyer)) continue;
    buyers.set(buyer.number, buyer);
    const fresh = !before || (event && event.type === "confirmed");
    if (!fresh) { if (at.has(buyer.number)) fill(at.get(buyer.number), buyer); continue; }
    buyers.delete(buyer.number); // to the end: the newest
    buyers.set(buyer.number, buyer);
    queue = queue.filter((number) => number !== buyer.number);
    queue.push(buyer.number);
  }
  while (buyers.size > MOST) buyers.delete([...buyers.keys()].find((number) => !shown.includes(number) && !queue.includes(number)));
  if (queue.length && !timer) next(); else head();
}

onAir({ still, told });
