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
for (const key of ["corner", "safe"]) if (settings[key]) document.documentElement.dataset[key] = settings[key];

// --- words ----------------------------------------------------------------------------------------------------------

const native = (text) => (digits ? text.replace(/[0-9]/g, (digit) => digits[digit]) : text);
export function quantity(value) {
  const [whole, rest = ""] = Number(value).toFixed(3).split(".");
  const kept = rest.replace(/0+$/, "");
  return native(whole.replace(/\B(?=(\d{3})+$)/g, formats.group) + (kept ? formats.decimal + kept : ""));
}
export const word = (key, n) => data.words[key].replace("{n}", n === undefined ? "" : quantity(n));

// --- the feed -------------------------------------------------------------------------------------------------------

// `still(now)` paints a whole picture without motion, `told(message)` one change.
export function onAir({ still, told }) {
  let away = 0, gone = false;
  const key = query.get("key");
  still(data.now);
  listen({
    after: data.number,
    query: `as=overlay${key ? `&key=${encodeURIComponent(key)}` : ""}`,
    message(message) {
      if (!message.now) return;
      if (message.event && message.event.type === "snapshot") still(message.now); else told(message);
    },
    state(is) {
      if (is === "open") {
        clearTimeout(away);
        away = 0;
        if (gone) { gone = false; root.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 240, fill: "forwards" }); }
      } else if (!away && !gone) {
        away = setTimeout(() => { away = 0; gone = true; root.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 600, fill: "forwards" }); }, (settings.quiet_after || 30) * 1000);
      }
    },
  });
}

// A custom CSS field or a theme may be wrong; nothing of that is told on air.
addEventListener("error", (event) => event.preventDefault());
addEventListener("unhandledrejection", (event) => event.preventDefault());
