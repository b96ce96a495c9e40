// Names that travel along an edge: each keeps the place it has, new ones join at the end, and the count stands still.

import { root, settings, calm, quantity, items, put, slowly, enter, leave, onAir } from "./air.js";

const PAGE = 4000, SOONEST = 200;
const lane = root.querySelector("[data-lane]"), template = root.querySelector("[data-row]"), total = root.querySelector("[data-total]");
const most = Math.round(settings.items);

let buyers = new Map(), sums = {}, fresh = [], turn = 0, timer = 0, paging = 0;
const riding = new Map(); // buyer's number -> what rides: its element, width, where it began and when

// A fixed pool: as many as can be seen at once, and a few that enter or leave.
const pool = Array.from({ length: 10 }, () => {
  const made = template.content.firstElementChild.cloneNode(true);
  made.hidden = true;
  lane.append(made);
  return made;
});

const unit = () => { const square = Math.min(innerWidth, innerHeight) === innerWidth ? Math.min(innerWidth / 1080, innerHeight / 1920) : Math.min(innerWidth / 1920, innerHeight / 1080); return square * (settings.scale || 1); };
const speed = () => Math.max(5, settings.speed * unit());

const count = slowly(() => put(total, quantity(sums.orders === undefined ? buyers.size : sums.orders)));

function fill(element, buyer) {
  put(element.querySelector("[data-name]"), buyer.name);
  put(element.querySelector("[data-items]"), items(buyer, 1));
  put(element.querySelector("[data-gap]"), settings.gap);
}

// The newest that have not been by yet, then all others in turn.
function pick() {
  while (fresh.length) {
    const number = fresh.shift();
    if (buyers.has(number) && !riding.has(number)) return number;
  }
  const ring = [...buyers.keys()].slice(-most);
  for (let step = 0; step < ring.length; step += 1) {
    const number = ring[(turn + step) % ring.length];
    if (!riding.has(number)) { turn = (turn + step + 1) % ring.length; return number; }
  }
  return null;
}

const where = (ride) => ride.from - ((performance.now() - ride.since) / 1000) * ride.speed;

function ride(number, from) {
  const element = pool.find((one) => one.hidden);
  if (!element) return null;
  fill(element, buyers.get(number));
  element.hidden = false;
  const width = element.offsetWidth, pace = speed();
  const motion = element.animate([{ transform: `translateX(${from}px)` }, { transform: `translateX(${-width}px)` }], { duration: ((from + width) / pace) * 1000, fill: "both" });
  const made = { element, width, from, since: performance.now(), speed: pace, motion };
  riding.set(number, made);
  made.timer = setTimeout(() => off(number, made), ((from + width) / pace) * 1000 + 30);
  return made;
}

function off(number, ride) {
  clearTimeout(ride.timer);
  ride.motion.cancel();
  ride.element.hidden = true;
  if (riding.get(number) === ride) riding.delete(number);
  if (!timer) next();
}

// Where the last one ends; nothing rides: at the right edge.
const end = () => Math.max(0, ...[...riding.values()].map((one) => where(one) + one.width));

function next(first = false) {
  clearTimeout(timer);
  timer = 0;
  if (calm || root.hidden) return;
  const wide = lane.clientWidth;
  let tail = first ? 0 : Math.max(wide, end());
  while (tail < wide + 40 * unit() || (!first && tail === wide)) {
    const number = pick();
    const ridden = number === null ? null : ride(number, tail);
    if (!ridden) return; // all are on the way: who leaves calls the next
    tail += ridden.width;
    first = first && tail < wide;
  }
  timer = setTimeout(next, Math.max(SOONEST, ((tail - wide) / speed()) * 1000 - 300));
}

function clear() {
  clearTimeout(timer);
  clearTimeout(paging);
  timer = 0;
  paging = 0;
  for (const one of riding.values()) { clearTimeout(one.timer); one.motion.cancel(); one.element.hidden = true; }
  riding.clear();
}

// Reduced motion: as many as fit stand still, and the next ones take their place.
function pages(still) {
  clearTimeout(paging);
  paging = 0;
  for (const one of riding.values()) one.element.hidden = true;
  riding.clear();
  let left = 0;
  const wide = lane.clientWidth;
  for (let number = pick(); number !== null; number = pick()) {
    const element = pool.find((one) => one.hidden);
    if (!element) break;
    fill(element, buyers.get(number));
    element.hidden = false;
    const width = element.offsetWidth;
    if (left && left + width > wide) { element.hidden = true; fresh.unshift(number); break; }
    element.style.setProperty("transform", `translateX(${left}px)`);
    riding.set(number, { element, width, timer: 0, motion: { cancel() {} } });
    left += width;
  }
  if (!still) lane.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 240 });
  if (buyers.size > riding.size || fresh.length) paging = setTimeout(() => pages(false), PAGE);
}

function draw(still) {
  count();
  if (!buyers.size) { if (!root.hidden) { leave(root, still); clear(); } return; }
  const hidden = root.hidden;
  if (hidden) enter(root, still);
  if (calm) { if (still || hidden || !paging) pages(still || hidden); } else if (still) next(true); else if (hidden || !timer) next();
}

function still(now) {
  clear();
  buyers = new Map((now.buyers || []).map((buyer) => [buyer.number, buyer]));
  sums = now.sums || {};
  fresh = [];
  turn = 0;
  draw(true);
  count(true);
}

function told({ event, now }) {
  if (now.sums) sums = now.sums;
  for (const number of now.gone || []) {
    buyers.delete(number);
    fresh = fresh.filter((one) => one !== number);
    const one = riding.get(number);
    if (!one) continue;
    const away = one.element.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 160, fill: "forwards" });
    setTimeout(() => { away.cancel(); if (calm) pages(false); else off(number, one); }, 170);
  }
  for (const buyer of now.buyers || []) {
    const before = buyers.get(buyer.number);
    // What is on screen is never laid out again: a change is seen when the name comes by the next time.
    buyers.set(buyer.number, buyer);
    if (before && before.name !== buyer.name && riding.has(buyer.number)) { if (calm) fill(riding.get(buyer.number).element, buyer); else off(buyer.number, riding.get(buyer.number)); }
    if (before && !(event && event.type === "confirmed")) continue;
    buyers.delete(buyer.number);
    buyers.set(buyer.number, buyer);
    fresh = [...fresh.filter((one) => one !== buyer.number), buyer.number].slice(-most);
  }
  while (buyers.size > 500) buyers.delete(buyers.keys().next().value);
  draw(false);
}

onAir({ still, told });
