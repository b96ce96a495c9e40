// The control page, kept live: everything that is told is gathered and drawn once a frame.

import { page, word, money, time, date, ago, make, icon, clean, setting } from "./page.js";
import { listen, taps } from "./line.js";
import { state, ask, snapshot, told, answered, refused, notice, tap, undo, pin, later } from "./state.js";
import { drawWork, button } from "./work.js";
import { drawGoods, drawShown, drawOrders, wireGoods, wireOrders } from "./lists.js";
import { Chat } from "./chat.js";
import { sourceSheet, settingsSheet, helpSheet, askPhone, keepAwake } from "./sheets.js";

const $ = (id) => document.getElementById(id);
const LIGHTS = { live: "dot", waiting: "half", lost: "up", stopped: "square", ended: "square" };
const wide = matchMedia("(min-width: 62em)");
const lying = matchMedia("(max-height: 30em) and (min-aspect-ratio: 3/2) and (max-width: 61.99em)"); // the card left, the chat right
const QUIET = 5000, ALARM = 10000, STUCK = 3000, COUNTS = 250;
let frame = 0, closedAt = 0, sums = state.sums, sumsAt = 0, barsText = "", lightsText = "";

// --- the top --------------------------------------------------------------------------------------------------------

ask.sourceText = (source) => {
  const name = clean(source.name);
  if (source.state === "live") return source.last_comment_at ? word("src.live", { name, ago: ago(source.last_comment_at) }) : word("src.quiet", { name });
  if (source.state === "waiting") return word("src.waiting", { name, s: source.retry_at ? Math.max(1, Math.round((Date.parse(source.retry_at) - Date.now()) / 1000)) : 10 });
  return word(`src.${source.state}`, { name, time: time(source.since), reason: clean(source.reason || "") });
};

function drawTop() {
  // Counts change at most four times a second: a number that flickers is not read.
  const now = Date.now();
  if (now - sumsAt >= COUNTS) { sums = state.sums; sumsAt = now; } else if (sums !== state.sums) setTimeout(ask.draw, COUNTS);
  const orders = word("show.orders", { n: sums.orders || 0 });
  const title = wide.matches ? [word("show.title", { date: date(state.show.opened_at) }), orders, money(sums.confirmed_total || 0)].join(" · ") : orders;
  if ($("title").textContent !== title) $("title").textContent = title;
  // Trouble first: on a phone the rest may be scrolled away.
  const sources = [...state.sources.values()].sort((a, b) => Number(b.state === "lost" || b.state === "stopped") - Number(a.state === "lost" || a.state === "stopped"));
  const lights = JSON.stringify(sources.map((source) => [source.name, source.state, wide.matches && source.last_comment_at ? ago(source.last_comment_at) : ""]));
  if (lights === lightsText) return;
  lightsText = lights;
  $("lights").replaceChildren(...sources.map((source) => button([icon(LIGHTS[source.state] || "square"), make("bdi", {}, clean(source.name)), wide.matches ? make("span", { class: "meta" }, source.state === "live" ? (source.last_comment_at ? ago(source.last_comment_at) : "") : time(source.since)) : null], () => sourceSheet(source), `light ${source.state}`, ask.sourceText(source))));
}

function bar(kind, text, ...more) { return make("div", { class: `bar ${kind}` }, make("span", { class: "text" }, text), more); }

function drawBars() {
  const now = Date.now(), bars = [];
  const size = ask.sender.size();
  const trouble = state.trouble || (state.noRoom ? { code: "disk_full", waiting: 0 } : null);
  if (trouble) bars.push(["bad", [word(`err.db_${trouble.code}`), trouble.waiting ? word("err.waiting", { n: trouble.waiting }) : ""].join(" ").trim()]);
  const stuck = ask.sender.stuckSince();
  if (state.offline || (stuck && now - stuck > STUCK)) bars.push(["bad", word("offline.queued", { n: size })]);
  else if (size) bars.push(["wait", word("sending", { n: size }), "sending"]);
  for (const source of state.sources.values()) {
    if (source.state === "stopped" || (source.state === "lost" && now - Date.parse(source.since) > ALARM)) bars.push(["bad", ask.sourceText(source), source.name]);
    else if (source.state === "lost") setTimeout(ask.draw, ALARM);
  }
  if (state.show.status === "ended" && state.held) bars.push(["ok", word("show.ended", { n: sums.orders || 0, sum: money(sums.confirmed_total || 0), m: (sums.unclear || 0) + (sums.draft || 0) }), "", "/review"]);
  if (state.notice) bars.push([state.notice.good ? "ok" : "ask", state.notice.text]);
  const text = JSON.stringify([bars, state.badKey]);
  if (text === barsText) return;
  barsText = text;
  $("bars").replaceChildren(...bars.map(([kind, words, what, href]) => bar(href || (what && state.sources.has(what)) ? `${kind} to` : kind, words, href ? make("a", { class: "button", href }, word("show.to_review")) : what && state.sources.has(what) ? button(icon("right"), () => sourceSheet(state.sources.get(what)), "quiet square", word("set.title")) : what ? icon(what) : null)));
  const alarm = [state.badKey ? word("err.key") : "", ...bars.filter(([kind]) => kind === "bad").map(([, words]) => words)].join(" ");
  if ($("alarm").textContent !== alarm) $("alarm").textContent = alarm;
  $("expired").hidden = !state.badKey;
}

// What stands where there is no card: the three ticks before the show, calm during it, a receipt after it.
let nothingText = "";
function drawNothing() {
  const ended = state.show.status === "ended", begun = (state.sums.comments || 0) > 0 || state.comments.size > 0;
  const first = state.firstUntil > Date.now();
  const live = [...state.sources.values()].filter((source) => source.state === "live" || source.state === "waiting").length;
  const text = JSON.stringify([ended, begun, first, live, state.products.size, ended ? state.sums : 0]);
  if (text === nothingText) return;
  nothingText = text;
  if (first) setTimeout(ask.draw, 4100);
  const ready = (good, words, act) => make("li", {}, button([icon(good ? "disc" : "ring"), make("span", { class: "grow" }, words), icon("right")], act, `ready ${good ? "done" : ""}`));
  $("nothing").replaceChildren(...(ended
    ? [make("h2", {}, word("show.ended", { n: state.sums.orders || 0, sum: money(state.sums.confirmed_total || 0), m: (state.sums.unclear || 0) + (state.sums.draft || 0) })), make("p", {}, word("show.late")), make("a", { class: "button go wide", href: "/review" }, word("show.to_review")), button(word("show.reopen"), () => tap(null, { type: "reopen" }), "wide")]
    : begun
      ? [make("p", { class: "empty" }, word(first ? "todo.first" : "todo.empty"))]
      : [make("h2", {}, word("ready.title")), make("ul", {}, ready(state.products.size > 0, state.products.size ? word("ready.goods", { n: [...state.products.values()].filter((one) => one.open).length }) : word("ready.no_goods"), () => show("goods")), ready(live > 0, state.sources.size ? word("ready.sources", { n: live }) : word("ready.no_sources"), settingsSheet), ready(false, word("ready.overlay"), settingsSheet)), button(word("ready.try"), () => { show("goods"); $("try-box").open = true; $("try-text").focus(); }, "quiet")]));
}

// --- what is heard --------------------------------------------------------------------------------------------------

let saidAt = 0, sayTimer = 0, toSay = 0;

// One message in five seconds at most, in sums: a screen reader must keep up as well.
function say(items) {
  if (items.length <= toSay || document.visibilityState === "hidden") { toSay = items.length; return; }
  toSay = items.length;
  clearTimeout(sayTimer);
  sayTimer = setTimeout(() => {
    saidAt = Date.now();
    const top = items.find((item) => item.key === state.held) || items[0];
    $("say").textContent = `${word("todo.count", { n: items.length })} ${clean((top.comment && top.comment.author) || (top.order && top.order.buyer.name) || "")}`;
  }, Math.max(0, saidAt + 5000 - Date.now()));
}

const TONES = { ask: [[660, 0], [660, 0.16]], tick: [[880, 0]], up: [[520, 0], [780, 0.12]], lost: [[220, 0]] };
let audio = null;
ask.sound = (name) => {
  if (setting("sounds") !== "1" || !("AudioContext" in window)) return;
  audio = audio || new AudioContext();
  for (const [pitch, after] of TONES[name]) {
    const tone = audio.createOscillator(), volume = audio.createGain(), at = audio.currentTime + after;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.12, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.14);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.15);
  }
};
ask.readChat = () => $("chat").setAttribute("aria-live", setting("read") === "1" ? "polite" : "off");

// --- drawing --------------------------------------------------------------------------------------------------------

ask.draw = () => {
  if (frame || document.visibilityState === "hidden") return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    drawTop();
    drawBars();
    say(drawWork());
    drawNothing();
    drawShown();
    const middle = wide.matches ? state.middle : state.tab;
    if (wide.matches || state.tab === "goods") drawGoods();
    if (middle === "orders") drawOrders();
    if (middle === "chat" || (lying.matches && state.tab === "todo")) ask.chat.draw();
  });
};

function show(name) {
  if (wide.matches && name === "todo") return;
  if (wide.matches && name !== "goods") state.middle = name;
  state.tab = name;
  document.body.dataset.tab = state.tab;
  document.body.dataset.middle = state.middle;
  for (const tab of document.querySelectorAll("[data-show]")) tab.setAttribute("aria-selected", String(tab.dataset.show === (tab.closest(".tabs") ? state.tab : state.middle)));
  ask.draw();
}

// --- keys -----------------------------------------------------------------------------------------------------------

let gone = 0;
const press = (name) => { const found = $("card").querySelector(`[data-role="${name}"]`); if (found && !found.disabled) found.click(); };
const GO = { c: "chat", h: "goods", d: "orders" };
const KEYS = {
  "+": () => press("plus"), "=": () => press("plus"), "-": () => press("minus"), "−": () => press("minus"), e: () => press("edit"), s: () => state.held && later(state.held), u: undo,
  n: () => pin(1), p: () => pin(-1), "?": helpSheet, g: () => { gone = Date.now(); }, h: () => state.newest && tap(null, { type: "hide_name", buyer: state.newest.buyer.id }),
  "/": () => { const field = $(wide.matches || state.tab === "goods" ? (state.middle === "orders" ? "orders-find" : "chat-find") : state.tab === "orders" ? "orders-find" : "chat-find"); field.focus(); },
  j: () => row(1), k: () => row(-1),
};

function row(by) {
  const rows = [...$("pile").querySelectorAll("button.text")], at = rows.indexOf(document.activeElement);
  const next = rows[at < 0 ? (by > 0 ? rows.length - 1 : 0) : at - by];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  if (setting("keys") === "0" || $("sheet").open || event.target.matches("input, textarea, select")) {
    if (event.key === "Escape" && event.target.matches("input")) event.target.blur();
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); undo(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (gone && Date.now() - gone < 1500 && GO[key]) { gone = 0; show(GO[key]); return; }
  if (/^[0-4]$/.test(key)) press(key);
  else if (key === "enter" && (document.activeElement === document.body || document.activeElement === null)) press("confirm");
  else if (KEYS[key]) { event.preventDefault(); KEYS[key](); }
});

// --- wiring ---------------------------------------------------------------------------------------------------------

ask.chat = new Chat($("chat-scroll"), $("chat"), $("chat-new"), $("chat-none"));
for (const tab of document.querySelectorAll("[data-show]")) tab.addEventListener("click", () => show(tab.dataset.show));
$("settings").addEventListener("click", settingsSheet);
$("help").addEventListener("click", helpSheet);
$("phone").addEventListener("click", askPhone);
$("chat-find").addEventListener("input", () => ask.chat.filter({ find: $("chat-find").value.trim().toLowerCase() }));
$("chat-filter").addEventListener("change", () => ask.chat.filter({ only: $("chat-filter").value }));
wireGoods();
wireOrders();
ask.readChat();
document.addEventListener("visibilitychange", ask.draw);
wide.addEventListener("change", () => show(state.tab));
setInterval(ask.draw, 10000);
if (setting("awake") === "1") keepAwake(true);

snapshot(page.snapshot);
ask.sender = taps({
  changed: () => { if (ask.sender.size() === 0) state.noRoom = false; ask.draw(); },
  answered(made, events) { state.noRoom = false; state.badKey = false; answered(made, events); },
  refused,
  back: (sent, dropped) => notice(word("offline.back", { n: sent, m: dropped }), true),
  stuck(status) { if (status === 507) state.noRoom = true; else state.badKey = true; ask.draw(); },
});
document.body.dataset.ready = "true";
show("todo");

const named = new URLSearchParams(location.search).get("show"); // else the show of whoever answers, also after a restart
listen({
  after: page.whole ? page.number : null,
  query: named ? `show=${encodeURIComponent(named)}` : "",
  message: told,
  state(is) {
    if (is === "key") { state.badKey = true; state.offline = false; }
    else if (is === "open") { closedAt = 0; state.offline = false; state.badKey = false; ask.sender.retry(); }
    else {
      closedAt = closedAt || Date.now();
      // A restart of a few seconds is nobody's business.
      setTimeout(() => { if (closedAt && Date.now() - closedAt >= QUIET) { state.offline = !state.badKey; ask.draw(); } }, QUIET + 100);
    }
    ask.draw();
  },
});
