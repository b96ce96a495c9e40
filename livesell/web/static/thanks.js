// A card of thanks for a confirmed order: one at a time, seldom enough that the picture stays free, never for what is old.
//
// | a name that | is                                                       |
// | ----------- | -------------------------------------------------------- |
// | comes       | shown at once if the last card was long enough ago       |
// | waits       | one of several on the next card, if more than three wait |
// | is too much | counted: "+4 more"                                       |
// | is old      | left out (60 s)                                          |
// | is taken back | gone from the queue, or from the screen                |

import { root, settings, items, put, word, age, enter, leave, onAir } from "./air.js";

const OLD = 60, MANY = 3, FREE = 10 / 2.4; // the middle is covered for at most 2.4 s in any 10
const card = root.querySelector("[data-card]");
const lasts = settings.seconds * 1000;

let queue = [], over = 0, on = [], timer = 0, hide = 0, freeAt = 0, thanked = new Set();
root.hidden = false;
card.hidden = true;

function next() {
  clearTimeout(timer);
  timer = 0;
  queue = queue.filter((one) => Date.now() < one.until);
  if (!queue.length) { over = 0; return; }
  if (on.length) return; // who goes calls the next
  const wait = freeAt - Date.now();
  if (wait > 0) { timer = setTimeout(next, wait); return; }
  on = settings.merge && queue.length > MANY ? queue.splice(0) : [queue.shift()];
  const rest = on.length > 1 || !queue.length ? over : 0;
  if (rest) over = 0;
  draw(rest);
  enter(card);
  if (settings.sound) tone();
  freeAt = Date.now() + lasts * FREE;
  hide = setTimeout(off, lasts);
}

function draw(rest) {
  const [first, ...others] = on;
  const names = others.map((one) => one.buyer.name);
  put(root.querySelector("[data-heading]"), word("air.thanks"));
  put(root.querySelector("[data-name]"), first.buyer.name);
  put(root.querySelector("[data-items]"), items(first.buyer));
  const line = root.querySelector("[data-others]");
  if (!line) return;
  line.replaceChildren();
  names.forEach((name, index) => {
    const isolated = document.createElement("bdi");
    isolated.textContent = name;
    line.append(index ? ", " : "+ ", isolated);
  });
  if (rest) line.append(`${names.length ? " · " : ""}${word("air.more", { n: rest })}`);
  line.hidden = !line.firstChild;
}

function off() {
  clearTimeout(hide);
  on = [];
  leave(card);
  next();
}

// One soft tone; a program that lets no page sound lets none.
let sound = null;
function tone() {
  try {
    sound = sound || new AudioContext();
    const now = sound.currentTime, voice = sound.createOscillator(), gain = sound.createGain();
    voice.frequency.value = 880;
    gain.gain.setValueAtTime(0.0001, now);
    gain.gain.exponentialRampToValueAtTime(0.12, now + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, now + 0.5);
    voice.connect(gain).connect(sound.destination);
    voice.start(now);
    voice.stop(now + 0.6);
  } catch { /* silent, as most of the time */ }
}

function still(now) {
  clearTimeout(timer);
  clearTimeout(hide);
  queue = [];
  over = 0;
  on = [];
  timer = 0;
  leave(card, true);
  thanked = new Set((now.buyers || []).map((buyer) => buyer.number));
}

function told({ event, now }) {
  for (const number of now.gone || []) {
    queue = queue.filter((one) => one.buyer.number !== number);
    if (!on.some((one) => one.buyer.number === number)) continue;
    on = on.filter((one) => one.buyer.number !== number);
    if (on.length) draw(0); else off();
  }
  for (const buyer of now.buyers || []) {
    for (const one of [...queue, ...on]) if (one.buyer.number === buyer.number) one.buyer = buyer;
    if (on.some((one) => one.buyer.number === buyer.number)) draw(0);
  }
  if (!event || event.type !== "confirmed") return;
  const left = OLD - age(event);
  if (left <= 0) return;
  for (const buyer of now.buyers || []) {
    if (settings.every === "buyer" && thanked.has(buyer.number)) continue;
    thanked.add(buyer.number);
    if (queue.some((one) => one.buyer.number === buyer.number)) continue;
    if (queue.length >= settings.max_queue) over += 1; else queue.push({ buyer, until: Date.now() + left * 1000 });
  }
  if (!timer) next();
}

onAir({ still, told });
