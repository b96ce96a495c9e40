// What every page's script needs: words, numbers, money and times as the server writes them, the few ways in which text
// gets into a page, and the window that long lists are drawn through.

export const page = JSON.parse(document.getElementById("data").textContent);
const formats = page.formats;
const digits = formats.digits ? Array.from(formats.digits) : null;
const plural = new Intl.PluralRules(page.language);
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: formats.zone });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "numeric", timeZone: formats.zone });

const native = (text) => (digits ? text.replace(/[0-9]/g, (digit) => digits[digit]) : text);

function grouped(whole) {
  const every = (text, by) => text.replace(new RegExp(`\\B(?=(\\d{${by}})+$)`, "g"), formats.group);
  // 12,34,567 where the reader groups by twos, 1,234,567 elsewhere.
  return formats.pairs && whole.length > 3 ? every(whole.slice(0, -3), 2) + formats.group + whole.slice(-3) : every(whole, 3);
}

function plain(value, least, most) {
  const [whole, rest = ""] = Math.abs(value).toFixed(most).split(".");
  let kept = rest;
  while (kept.length > least && kept.endsWith("0")) kept = kept.slice(0, -1);
  return grouped(whole) + (kept ? formats.decimal + kept : "");
}

export function quantity(value) { return native((value < 0 ? "-" : "") + plain(Number(value), 0, 3)); }

export function money(amount) {
  const value = Number(amount);
  const places = Number.isInteger(value) ? 0 : formats.places;
  return native((value < 0 ? "-" : "") + formats.before + plain(value, places, places) + formats.after);
}

export function time(iso) { return iso ? native(clock.format(new Date(iso))) : ""; }

export function date(iso) { return native(day.format(new Date(iso)).replace(/0(\d)/g, "$1")); }

// How long ago, in the server's time: `skew` is what this device's clock is ahead of it, as far as messages show.
let skew = 0, skewed = false;
export function heardAt(iso) {
  const ahead = Date.now() - Date.parse(iso);
  if (!skewed || ahead < skew) { skew = ahead; skewed = true; }
}
export function ago(iso) {
  const seconds = Math.max(0, Math.round((Date.now() - skew - Date.parse(iso)) / 1000));
  if (seconds < 60) return word("time.seconds", { n: seconds });
  return seconds < 3600 ? word("time.minutes", { n: Math.floor(seconds / 60) }) : time(iso);
}

export const has = (key) => key in page.words;

function form(key, data) {
  const text = page.words[key];
  if (text === undefined) return key;
  if (typeof text === "string") return text;
  return typeof data.n === "number" && plural.select(data.n) === "one" ? text[0] : text[text.length - 1];
}

const shown = (value) => (typeof value === "number" ? quantity(value) : String(value));

// A sentence as text.
export function word(key, data = {}) {
  return form(key, data).replace(/\{(\w+)\}/g, (all, name) => (data[name] === undefined ? all : shown(data[name])));
}

// A sentence as nodes: elements among its data stand in it as they are, so names stay isolated.
export function phrase(key, data = {}) {
  return form(key, data).split(/(\{\w+\})/).filter(Boolean).map((part) => {
    const value = /^\{\w+\}$/.test(part) ? data[part.slice(1, -1)] : undefined;
    return value === undefined ? part : value instanceof Node ? value : shown(value);
  });
}

// An element with attributes and children; strings become text, never markup.
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

// What hides, reorders or breaks lines is left out of what is shown; joiners stay, Bengali and emoji need them.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
export const clean = (text) => String(text === null || text === undefined ? "" : text).replace(HIDDEN, " ");

// What a viewer wrote: its own direction, its own language, one line of text.
export function theirs(text, className) {
  return make("bdi", { dir: "auto", lang: "", class: className }, clean(text));
}

export function named(buyer, className = "name") {
  const name = clean(buyer.name !== undefined ? buyer.name : buyer.author);
  return theirs(/[\p{L}\p{N}\p{S}\p{P}]/u.test(name) ? name : word("buyer.unknown"), className);
}

const icons = document.body.dataset.icons;

export function icon(name, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon i-${name}`);
  if (label) { svg.setAttribute("role", "img"); svg.setAttribute("aria-label", label); } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

export const ICONS = { unclear: "ask", draft: "ring", confirmed: "disc", waiting: "wait", paid: "coin", packed: "box", shipped: "arrow", returned: "back", cancelled: "cross", sending: "sending" };

export function chip(status, text) { return make("span", { class: `chip ${status}` }, icon(ICONS[status] || status), text || word(`status.${status}`)); }

export const amount = (count, unit) => (unit ? `${quantity(count)} ${unit}` : quantity(count));
export const lineText = (line) => [line.code, ...Object.values(line.options), line.quantity === null ? "" : `×${quantity(line.quantity)}`].filter(Boolean).join(" ");
export const itemsText = (order) => order.lines.map(lineText).join(" · ");

// The comment with what was read of it marked, in the buyer's own words.
export function marked(comment, most = 1000) {
  const text = Array.from(comment.text), inner = theirs("", "said");
  let at = 0;
  for (const why of [...comment.why].filter((one) => one.end > one.start).sort((a, b) => a.start - b.start)) {
    if (why.start < at || why.end > most) continue;
    inner.append(clean(text.slice(at, why.start).join("")), make("mark", {}, clean(text.slice(why.start, why.end).join(""))));
    at = why.end;
  }
  inner.append(clean(text.slice(at, most).join("")));
  return make("span", {}, "“", inner, "”");
}

export function reasons(comment) {
  const words = comment.why.map((why) => word(`why.${why.code}`, { ...why.data, codes: (why.data.codes || []).join(", ") }));
  return [...new Set(words)].join(" · ");
}

// The only number that was read at all, where it is a whole one; else null.
export function onlyNumber(comment) {
  const numbers = comment.why.filter((why) => why.code === "quantity").map((why) => Number(why.data.n));
  return numbers.length === 1 && Number.isInteger(numbers[0]) && numbers[0] >= 1 && numbers[0] <= 20 ? numbers[0] : null;
}

// How many a candidate is for: what was read for it, else the only number.
export function askedFor(comment, one) {
  if (one.quantity && one.quantity !== 1) return one.quantity;
  return (comment.unclear.reason === "which" && onlyNumber(comment)) || one.quantity || 1;
}

// --- long lists -----------------------------------------------------------------------------------------------------

const SPARE = 5;

// A window of rows of one height over a spacer: positions are arithmetic, so nothing jumps while somebody reads.
// `keyOf(item)` names a row, `makeRow(item)` gives its element; an item that is another object than before is drawn anew.
export class Rows {
  constructor(scroll, list, keyOf, makeRow) {
    Object.assign(this, { scroll, list, keyOf, makeRow, items: [], drawn: new Map(), height: 0 });
    scroll.addEventListener("scroll", () => this.draw(), { passive: true });
    addEventListener("resize", () => { this.height = 0; this.draw(); });
  }

  measure() {
    if (!this.height) {
      const style = getComputedStyle(this.list), root = parseFloat(getComputedStyle(document.documentElement).fontSize);
      this.height = Math.round(parseFloat(style.getPropertyValue("--row") || "4") * root);
    }
    return this.height;
  }

  set(items) { this.items = items; this.draw(); }

  // Bring a row into view.
  show(at) {
    const height = this.measure(), top = at * height;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (top + height > this.scroll.scrollTop + this.scroll.clientHeight) this.scroll.scrollTop = top + height - this.scroll.clientHeight;
  }

  element(item, known) {
    const row = make("div", { class: "at", role: "listitem" }, this.makeRow(item));
    if (!known) return row;
    // Drawn anew under the focus: it goes to the same place in the new row.
    const parts = "button, input, a", at = [...known.querySelectorAll(parts)].indexOf(document.activeElement);
    known.replaceWith(row);
    if (at >= 0 && row.querySelectorAll(parts)[at]) row.querySelectorAll(parts)[at].focus({ preventScroll: true });
    return row;
  }

  draw() {
    const height = this.measure();
    this.list.style.setProperty("height", `${this.items.length * height}px`);
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / height) - SPARE);
    const last = Math.min(this.items.length, Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / height) + SPARE);
    const wanted = new Set(this.items.slice(first, last).map(this.keyOf));
    for (const [key, { row, item }] of this.drawn) {
      // The row that has the focus is never taken away while it is still in the list.
      if (wanted.has(key) || (row.contains(document.activeElement) && this.items.includes(item))) continue;
      row.remove();
      this.drawn.delete(key);
    }
    let before = null;
    for (let at = first; at < last; at += 1) {
      const item = this.items[at], key = this.keyOf(item), known = this.drawn.get(key);
      const row = known && known.item === item ? known.row : this.element(item, known && known.row);
      if (!known || known.item !== item) this.drawn.set(key, { row, item });
      if (!known) { if (before) before.after(row); else this.list.prepend(row); }
      row.style.setProperty("transform", `translateY(${at * height}px)`);
      row.setAttribute("aria-posinset", String(at + 1));
      row.setAttribute("aria-setsize", String(this.items.length));
      before = row;
    }
  }
}

// --- what is kept in this browser ---------------------------------------------------------------------------------

export function setting(name, value) {
  try {
    if (value === undefined) return localStorage.getItem(`livesell.${name}`);
    if (value === null) localStorage.removeItem(`livesell.${name}`); else localStorage.setItem(`livesell.${name}`, value);
  } catch { /* a browser that keeps nothing: the setting lasts as long as the page */ }
  return value === undefined ? null : value;
}

export function paint() {
  const theme = setting("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
  document.body.classList.toggle("left-hand", setting("left") === "1");
}
paint();

// Plain http on the local network is no secure context: there is no clipboard there, but there is this.
export function copy(text) {
  const area = make("textarea", { class: "visually-hidden", readonly: true });
  area.value = text;
  (document.querySelector("dialog[open]") || document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

// A key in the address is taken out of it: the page has its cookie now.
const address = new URL(location.href);
if (address.searchParams.has("key")) {
  address.searchParams.delete("key");
  history.replaceState(null, "", address);
}
