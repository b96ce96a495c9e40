// An overlay with sample events: settings give its address at once, buttons play what an evening brings, and one puts it
// into OBS. Nothing of it is on air.

import { page, word, copy } from "./page.js";

const $ = (id) => document.getElementById(id);
const stage = $("stage"), air = $("air"), video = $("video"), form = $("settings"), result = $("result");
const MODES = ["full", "short", "masked", "code"], REST = 250, EVERY = 50;

// --- settings and address --------------------------------------------------------------------------------------------

function chosen() {
  const query = new URLSearchParams();
  for (const [key, rule] of Object.entries(page.rules)) {
    const field = form.elements[key];
    const value = rule.type === "switch" ? field.checked : rule.type === "number" ? Number(field.value) : field.value;
    if (rule.type === "number" && (field.value === "" || !(value >= rule.min && value <= rule.max))) continue;
    if (value !== rule.default && !(rule.type === "color" && value.toLowerCase() === rule.default.toLowerCase())) query.set(key, String(value));
  }
  return query;
}

const settings = () => chosen().toString();
const joined = (address) => address + (settings() ? `&${settings()}` : "");
let open = false;
function address() { $("address").value = joined(open ? page.address : page.masked); }

let timer = 0;
function changed() {
  address();
  for (const field of form.elements) if (field.type === "number") field.toggleAttribute("aria-invalid", !field.validity.valid);
  clearTimeout(timer);
  timer = setTimeout(load, REST);
}
form.addEventListener("input", changed);
form.addEventListener("submit", (event) => event.preventDefault());
$("reset").addEventListener("click", () => {
  for (const [key, rule] of Object.entries(page.rules)) { const field = form.elements[key]; if (rule.type === "switch") field.checked = rule.default; else field.value = rule.default; }
  changed();
});
$("show-address").addEventListener("click", () => { open = !open; $("show-address").setAttribute("aria-pressed", String(open)); address(); });
function said(text, kind) { result.textContent = text; result.className = `result ${kind}`; }
$("copy").addEventListener("click", () => said(copy(joined(page.address)) ? word("rev.copied_plain") : word("err.refused"), "ok"));

$("into-obs").addEventListener("click", async () => {
  $("into-obs").disabled = true;
  said("", "");
  const asked = { themes: [{ theme: page.theme, settings: settings() }] };
  const response = await fetch("/api/obs", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) }).catch(() => null);
  const answer = response ? await response.json().catch(() => ({})) : {};
  $("into-obs").disabled = false;
  if (response && response.ok) said(word("obs.added", { scene: answer.done[0].scene }), "ok");
  else said(String(answer.code || "").startsWith("obs_") ? word("obs." + answer.code.slice(4)) : word("err.refused"), "bad");
});

// --- the picture ------------------------------------------------------------------------------------------------------

const size = () => $("size").value.split("x").map(Number);

function fit() {
  const [wide, high] = size();
  const scale = Math.min(stage.parentElement.clientWidth / wide, Math.max(240, innerHeight * (innerWidth > 990 ? 0.56 : 0.7)) / high);
  stage.style.setProperty("width", `${Math.floor(wide * scale)}px`);
  stage.style.setProperty("height", `${Math.floor(high * scale)}px`);
  for (const one of [air, video, $("safe")]) one.style.setProperty("transform", `scale(${scale})`);
  air.style.setProperty("width", `${wide}px`);
  air.style.setProperty("height", `${high}px`);
  if (video.width !== wide || video.height !== high) { video.width = wide; video.height = high; paint(); }
  const [left, top, across, down] = wide < high ? [64, 270, 876, 970] : [96, 54, 1728, 918], unit = Math.min(wide / (wide < high ? 1080 : 1920), high / (wide < high ? 1920 : 1080));
  for (const [name, value] of Object.entries({ left: left * unit * scale, top: top * unit * scale, width: across * unit, height: down * unit })) $("safe").style.setProperty(name, `${value}px`);
}

// White, black, or busier than any true picture.
function paint() {
  const pen = video.getContext("2d"), ground = $("ground").value, { width, height } = video;
  pen.fillStyle = ground === "white" ? "#FFFFFF" : "#000000";
  pen.fillRect(0, 0, width, height);
  if (ground !== "busy") return;
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const sky = pen.createLinearGradient(0, 0, width, height);
  for (const [at, colour] of [[0, "#F6E3C5"], [0.4, "#C77B58"], [0.7, "#FFFFFF"], [1, "#28506B"]]) sky.addColorStop(at, colour);
  pen.fillStyle = sky;
  pen.fillRect(0, 0, width, height);
  for (let spot = 0; spot < 700; spot += 1) {
    pen.fillStyle = `hsl(${random() * 360} ${random() * 90}% ${random() * 100}% / .55)`;
    pen.beginPath();
    pen.ellipse(random() * width, random() * height, random() * 70, random() * 50, 0, 0, 7);
    pen.fill();
  }
}

$("size").addEventListener("change", fit);
$("ground").addEventListener("change", paint);
$("show-safe").addEventListener("change", () => { $("safe").hidden = !$("show-safe").checked; });
addEventListener("resize", fit);

// --- samples ----------------------------------------------------------------------------------------------------------

let number = 40, at = 0, buyers = [], left = 0, sums = {}, crowd = 0, last = page.preview, ready = false;

const mode = () => MODES[Math.max(MODES.indexOf(page.names), MODES.indexOf(form.elements.names ? form.elements.names.value : "shop"))];
const send = (message) => air.contentWindow.postMessage(message, location.origin);

function buyer(sample) {
  number += 1;
  sums = { orders: sums.orders + 1, units: sums.units + sample.items[0].quantity, buyers: sums.buyers + 1, money: String(Number(sums.money) + 120000) };
  const made = { number, order: `K${number}`, name: sample.names[mode()].replace("{n}", String(number)), items: sample.items, seen: number };
  buyers = [...buyers, made].slice(-50);
  return made;
}

const told = (now, type) => send({ told: { number, event: { type }, now } });
function confirm(sample) { const made = buyer(sample); told({ buyers: [made], sums }, "confirmed"); }

// A quiet evening to begin with, as it stands.
function begin(kind) {
  clearInterval(crowd);
  number = 40;
  sums = { orders: 38, units: 70.5, buyers: 38, money: "5640000" };
  buyers = [];
  for (const sample of page.samples[kind]) buyer(sample);
  left = 0;
  send({ still: { buyers, gone: [], pinned: page.samples.products[0], sums } });
}

const next = (kind) => page.samples[kind][at++ % page.samples[kind].length];
const PLAY = {
  names: () => { begin("names"); confirm(next("names")); },
  long: () => { begin("long"); confirm(next("long")); },
  hostile: () => { begin("hostile"); confirm(next("hostile")); },
  one: () => confirm(next("names")),
  cancel: () => { const gone = buyers.pop(); if (gone) { sums = { ...sums, orders: sums.orders - 1 }; told({ gone: [gone.number], sums }, "changed"); } },
  product: () => { left += 1; told({ pinned: left % (page.samples.products.length + 1) < page.samples.products.length ? page.samples.products[left % (page.samples.products.length + 1)] : null }, "pinned"); },
  goal: () => { const goal = Number(form.elements.target ? form.elements.target.value : 50); sums = { ...sums, orders: Math.max(sums.orders, goal), units: Math.max(sums.units, goal), money: String(Math.max(Number(sums.money), goal)) }; told({ sums }, "confirmed"); },
  crowd: () => {
    clearInterval(crowd);
    let more = 60;
    crowd = setInterval(() => { confirm(next("names")); more -= 1; if (!more) clearInterval(crowd); }, EVERY);
  },
};

function play(name) { last = name; if (ready) PLAY[name](); }
for (const one of document.querySelectorAll("[data-play]")) one.addEventListener("click", () => play(one.dataset.play));

// The frame says when it listens; with new settings it begins anew and plays what it played.
addEventListener("message", ({ origin, source, data }) => {
  if (origin !== location.origin || source !== air.contentWindow || !data || !data.ready) return;
  ready = true;
  begin(["long", "hostile"].includes(last) ? last : "names");
  PLAY[last]();
});
function load() {
  ready = false;
  air.src = joined(page.sample);
}

// --- letters -----------------------------------------------------------------------------------------------------------

// A letter that no font of this computer has is drawn as the box that an unassigned one gets.
function lacking() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 60;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = `32px ${getComputedStyle(document.body).fontFamily}`;
  const drawn = (text) => { pen.clearRect(0, 0, 60, 60); pen.fillText(text, 8, 42); return pen.getImageData(0, 0, 60, 60).data.join(); };
  const none = [drawn("\u{10FFFE}"), drawn("")];
  return Object.entries({ "Tiếng Việt": "Ấợ", "বাংলা": "শর", "ไทย": "ผง", "中文": "陳芬", "हिन्दी": "कि", "ខ្មែរ": "ខម", "မြန်မာ": "မန" })
    .filter(([, letters]) => [...letters].some((letter) => none.includes(drawn(letter)))).map(([name]) => name);
}
const missing = lacking();
$("fonts").hidden = !missing.length;
if (missing.length) $("fonts").textContent = word("preview.fonts", { names: missing.join(", ") });

for (const one of document.querySelectorAll(".top [aria-current]")) one.scrollIntoView({ block: "nearest", inline: "center" });
fit();
address();
load();
