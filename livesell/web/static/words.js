// Words, numbers, money and times as the server writes them; and the few ways in which text gets into a page.

const page = JSON.parse(document.getElementById("data").textContent);
const locale = { vi: "vi-VN", en: "en-US", bn: "bn-BD" }[page.language] || "en-US";
const digits = page.language === "bn" ? "beng" : "latn";
const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 3, numberingSystem: digits });
const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: page.shop.timezone, numberingSystem: digits });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "numeric", timeZone: page.shop.timezone, numberingSystem: digits });

export { page };

export function quantity(value) { return numbers.format(value); }

export function money(amount) {
  const value = Number(amount);
  const whole = Number.isInteger(value);
  const options = { style: "currency", currency: page.shop.currency, numberingSystem: digits };
  if (whole) { options.minimumFractionDigits = 0; options.maximumFractionDigits = 0; }
  return new Intl.NumberFormat(locale, options).format(value);
}

export function time(iso) { return iso ? clock.format(new Date(iso)) : ""; }

export function date(iso) { return day.format(new Date(iso)); }

export function word(key, data) {
  const text = page.words[key] || key;
  if (!data) return text;
  return text.replace(/\{(\w+)\}/g, (all, name) => {
    const value = data[name];
    return typeof value === "number" ? quantity(value) : value === undefined ? all : String(value);
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
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// What a viewer wrote: its own direction, its own language, one line of text.
export function theirs(text, className) {
  return make("bdi", { dir: "auto", lang: "", class: className }, text);
}

const icons = document.body ? document.body.dataset.icons : "";

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

// A key in the address is taken out of it: the page has its cookie now.
const address = new URL(location.href);
if (address.searchParams.has("key") && !location.pathname.startsWith("/overlay/")) {
  address.searchParams.delete("key");
  history.replaceState(null, "", address);
}
