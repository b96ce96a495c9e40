// An overlay on air: its settings, its feed and the ways in which names come and go. It never says a word when the line
// is gone: the last picture stays for a while, then all fades out until the server is back.

import { listen } from "./line.js";

export const data = JSON.parse(document.getElementById("data").textContent);
export const root = document.querySelector("[data-on-air]");
const query = new URLSearchParams(location.search), formats = data.formats;
const digits = formats.digits ? Array.from(formats.digits) : null;

// --- settings: from the address if they fit what theme.toml allows, else as the theme has them ---------------------

function chosen(key, rule) {
  const given = query.get(key);
  if (given === null) return rule.default;
  if (rule.type === "number") return given.trim() !== "" && Number(given) >= rule.min && Number(given) <= rule.max ? Number(given) : rule.default;
  if (rule.type === "color") return /^#?[0-9a-f]{6}$/i.test(given) ? `#${given.replace("#", "")}` : rule.default;
  if (rule.type === "choice") return rule.options.includes(given) ? given : rule.default;
  if (rule.type === "switch") return given === "true" || given === "1" ? true : given === "false" || given === "0" ? false : rule.default;
  return given.slice(0, rule.max || 40);
}

export const settings = Object.fromEntries(Object.entries(data.settings).map(([key, rule]) => [key, chosen(key, rule)]));
export const calm = settings.motion === "calm" || matchMedia("(prefers-reduced-motion: reduce)").matches;

// Text on the accent is ink or white, whichever has more contrast; as letters it must have 4.5:1 on plate over white.
function light(color) {
  const parts = [1, 3, 5].map((at) => { const part = parseInt(color.slice(at, at + 2), 16) / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
function over(plate, opacity) { return `#${[1, 3, 5].map((at) => Math.round(parseInt(plate.slice(at, at + 2), 16) * opacity + 255 * (1 - opacity)).toString(16).padStart(2, "0")).join("")}`; }

const style = document.documentElement.style;
const given = (key) => query.get(key) !== null || settings[key] !== undefined;
if (given("accent")) {
  style.setProperty("--accent", settings.accent);
  style.setProperty("--on-accent", contrast(light(settings.accent), light("#0E1218")) >= contrast(light(settings.accent), 1) ? "#0E1218" : "#FFFFFF");
  const readable = contrast(light(settings.accent), light(over(settings.plate || "#0E1218", settings.plate_opacity || 0.78))) >= 4.5;
  style.setProperty("--accent-text", readable ? settings.accent : "#FFFFFF");
}
if (settings.plate) style.setProperty("--plate", [1, 3, 5].map((at) => parseInt(settings.plate.slice(at, at + 2), 16)).join(" "));
for (const key of ["plate_opacity", "scale"]) if (settings[key] !== undefined) style.setProperty(`--${key.replace("_", "-")}`, String(settings[key]));
for (const key of ["corner", "safe", "edge"]) if (settings[key]) document.documentElement.dataset[key] = settings[key];

// --- words ----------------------------------------------------------------------------------------------------------

const native = (text) => (digits ? text.replace(/[0-9]/g, (digit) => digits[digit]) : text);

function plain(value, least, most) {
  const [whole, rest = ""] = Math.abs(value).toFixed(most).split(".");
  let kept = rest;
  while (kept.length > least && kept.endsWith("0")) kept = kept.slice(0, -1);
  const every = (text, by) => text.replace(new RegExp(`\\B(?=(\\d{${by}})+$)`, "g"), formats.group);
  const grouped = formats.pairs && whole.length > 3 ? every(whole.slice(0, -3), 2) + formats.group + whole.slice(-3) : every(whole, 3);
  return grouped + (kept ? formats.decimal + kept : "");
}

export const quantity = (value) => native((value < 0 ? "-" : "") + plain(Number(value), 0, 3));

export function money(amount) {
  const value = Number(amount), places = Number.isInteger(value) ? 0 : formats.places;
  return native((value < 0 ? "-" : "") + formats.before + plain(value, places, places) + formats.after);
}

const shown = (value) => (typeof value === "number" ? quantity(value) : String(value));

export function word(key, given = {}) {
  const text = data.words[key] || "";
  return (typeof text === "string" ? text : text[given.n === 1 ? 0 : text.length - 1]).replace(/\{(\w+)\}/g, (all, name) => (given[name] === undefined ? all : shown(given[name])));
}

// What a buyer has, in a few words: A12 ×2 · B3 M ×1 +2.
export function items(buyer, most = 2) {
  const one = (item) => [item.code, item.options, `×${quantity(item.quantity)}`].filter(Boolean).join(" ");
  const all = (buyer.items || []).map(one);
  // What does not fit is counted: half an item would tell a wrong quantity.
  let shown = Math.min(most, all.length);
  while (shown > 1 && all.slice(0, shown).join(" · ").length > 14) shown -= 1;
  const first = all.slice(0, shown).join(" · ");
  return all.length > shown ? `${first} +${quantity(all.length - shown)}` : first;
}

// Text goes in as text, and only where it differs; a theme may leave any mark out.
export function put(element, text) { if (element && element.textContent !== text) element.textContent = text; }

// A name that does not fit is set smaller before it is cut.
export function putName(element, text) {
  if (!element || element.textContent === text) return;
  element.textContent = text;
  element.classList.remove("long");
  if (element.scrollWidth > element.clientWidth) element.classList.add("long");
}

// --- time -----------------------------------------------------------------------------------------------------------

export const EASE = "cubic-bezier(.2, 0, 0, 1)";

// At most four times a second, and never the last time lost; `once` for a whole picture.
export function slowly(draw) {
  let at = 0, timer = 0;
  return function now(once = false) {
    const wait = at + 250 - Date.now();
    if (wait > 0 && once !== true) { if (!timer) timer = setTimeout(() => { timer = 0; now(); }, wait); return; }
    at = Date.now();
    draw();
  };
}

// Comes in and goes; a page that is not drawn finishes no animation, so a timer ends it.
const leaving = new WeakMap();
export function enter(element, still = false) {
  clearTimeout(leaving.get(element));
  leaving.delete(element);
  for (const motion of element.getAnimations()) motion.cancel();
  element.hidden = false;
  if (!still) element.animate(calm ? [{ opacity: 0 }, { opacity: 1 }] : [{ opacity: 0, transform: "translateY(calc(var(--u) * -24))" }, { opacity: 1, transform: "none" }], { duration: 240, easing: EASE });
}
export function leave(element, still = false) {
  if (element.hidden || leaving.has(element)) return;
  if (still) { element.hidden = true; return; }
  const motion = element.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 160, fill: "forwards" });
  leaving.set(element, setTimeout(() => { leaving.delete(element); element.hidden = true; motion.cancel(); }, 170));
}

// How old a message is, in seconds, by the server's clock.
const skew = data.at ? Date.now() - Date.parse(data.at) : 0;
export const age = (event) => (event && event.at ? (Date.now() - skew - Date.parse(event.at)) / 1000 : 0);

// --- the feed -------------------------------------------------------------------------------------------------------

// `still(now)` paints a whole picture without motion, `told(message)` one change.
export function onAir({ still, told }) {
  let away = 0, gone = false;
  // All of it, whatever a theme moves itself.
  const fade = (from, to, duration) => document.body.animate([{ opacity: from }, { opacity: to }], { duration, fill: "forwards" });
  still(data.now);
  if (data.sample) {
    // The preview plays to this page what the feed would say.
    addEventListener("message", ({ origin, source, data: said }) => {
      if (origin !== location.origin || source !== parent || !said) return;
      if (said.still) still(said.still); else if (said.told) told(said.told);
    });
    if (parent !== window) parent.postMessage({ ready: true }, location.origin);
    return;
  }
  const key = query.get("key");
  const line = listen({
    after: data.number,
    query: `as=overlay${settings.names && settings.names !== "shop" ? `&names=${settings.names}` : ""}${key ? `&key=${encodeURIComponent(key)}` : ""}`,
    message(message) {
      if (!message.now) return;
      if (!message.event || message.event.type !== "snapshot") { told(message); return; }
      still(message.now);
      if (gone) { gone = false; fade(0, 1, 240); }
    },
    state(is) {
      if (is === "open") {
        clearTimeout(away);
        away = 0;
      } else if (!away && !gone) {
        // What was on air when the line broke is a lie by then: the next picture is a new one, painted still.
        away = setTimeout(() => { away = 0; gone = true; line.forget(); fade(1, 0, 600); }, (settings.quiet_after || 30) * 1000);
      }
    },
  });
}

// A custom CSS field or a theme may be wrong; nothing of that is told on air.
addEventListener("error", (event) => event.preventDefault());
addEventListener("unhandledrejection", (event) => event.preventDefault());
