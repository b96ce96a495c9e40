// Goods and orders beside the work.

import { Rows, word, quantity, money, make, named, icon, chip, itemsText, marked, reasons, lineText } from "./page.js";
import { state, ask, tap, pin, leftText } from "./state.js";
import { button, longPress } from "./work.js";
import { orderSheet, productSheet, loadRecent } from "./sheets.js";

const $ = (id) => document.getElementById(id);

// A row that follows the finger sideways: to the right `right`, to the left `left`, from 72 px, not from the edge.
export function swipe(element, left, right) {
  let from = null, by = 0;
  const end = (act) => { element.style.removeProperty("transform"); from = null; if (act) act(); };
  element.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch" && event.clientX > 24 && event.clientX < innerWidth - 24) { from = event.clientX; by = 0; } });
  element.addEventListener("pointermove", (event) => {
    if (from === null) return;
    by = event.clientX - from;
    const mirrored = document.body.classList.contains("left-hand") ? -by : by;
    if ((mirrored > 0 && !right) || (mirrored < 0 && !left)) by = 0;
    if (Math.abs(by) > 12) element.style.setProperty("transform", `translateX(${Math.max(-120, Math.min(120, by))}px)`);
  });
  element.addEventListener("pointerup", () => {
    if (from === null) return;
    const mirrored = document.body.classList.contains("left-hand") ? -by : by;
    if (Math.abs(by) > 12) element.dataset.long = "1"; // this lift is no click
    end(mirrored >= 72 ? right : mirrored <= -72 ? left : null);
  });
  element.addEventListener("pointercancel", () => end(null));
}

// --- goods ----------------------------------------------------------------------------------------------------------

const goods = new Rows($("goods-scroll"), $("goods"), (item) => item.product.code, goodsRow);
let goodsShown = new Map();

function left(product) {
  return [make("span", { class: product.left !== null && product.left <= 0 ? "out" : product.left !== null && product.left <= 5 ? "few" : "" }, leftText(product)),
    product.waiting ? make("span", { class: "queue" }, icon("wait", word("stock.waiting", { n: product.waiting })), quantity(product.waiting)) : null];
}

function goodsRow({ product, pinned }) {
  return make("div", { class: `good${pinned ? " pinned" : ""}${product.open ? "" : " closed"}` },
    button([make("b", { class: "code" }, product.code), make("span", { class: "title" }, product.name), make("span", { class: "under" }, product.open ? left(product) : word("goods.closed"), ` · ${money(product.price)}`)],
      () => (product.open ? tap(null, { type: "pin", code: product.code }) : productSheet(product)), "flat", `${word("act.pin", { code: product.code })}: ${product.name}, ${leftText(product)}`),
    pinned ? icon("screen", word("goods.on_show")) : null,
    button(icon("more"), () => productSheet(product), "quiet square", `${product.code}: ${word("act.options")}`));
}

export function drawGoods() {
  const find = $("goods-find").value.trim().toLowerCase();
  const next = new Map(), rows = [];
  for (const product of [...state.products.values()].sort((a, b) => Number(b.open) - Number(a.open))) {
    if (find && !`${product.code} ${product.name} ${product.aliases.join(" ")}`.toLowerCase().includes(find)) continue;
    const pinned = product.code === state.show.pinned, known = goodsShown.get(product.code);
    const item = known && known.product === product && known.pinned === pinned ? known : { product, pinned };
    next.set(product.code, item);
    rows.push(item);
  }
  goodsShown = next;
  $("goods-none").hidden = rows.length > 0;
  goods.set(rows);
}

// What is on show, always in reach: two big arrows, and how many are left.
let shownText = "";
export function drawShown() {
  const product = state.products.get(state.show.pinned);
  const text = JSON.stringify(product || null);
  if (text === shownText) return;
  shownText = text;
  for (const box of document.querySelectorAll("[data-shown]")) {
    box.replaceChildren(button(icon("left"), () => pin(-1), "square", word("act.previous")),
      product
        ? button([make("b", { class: "code" }, product.code), make("span", { class: "title" }, product.name), make("span", { class: "under" }, make("span", { class: "price" }, money(product.price), " · "), left(product))], () => productSheet(product), "flat", `${word("goods.on_show")}: ${product.code} ${product.name}, ${leftText(product)}`)
        : make("p", { class: "title" }, word("goods.nothing_on_show")),
      button(icon("right"), () => pin(1), "square", word("act.next")));
  }
}

// --- a product in one line, and how it is read while it is typed ---------------------------------------------------

// The server reads the line, by the words of the shop's languages: what is shown here is what would be opened.
let reading = { line: "", offer: null }, readTimer = 0;

async function readLine(line) {
  const response = await fetch("/api/parse", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ line }) }).catch(() => null);
  const answer = response && response.ok ? await response.json().catch(() => null) : null;
  if (answer && $("open-line").value.trim() === line) { reading = { line, offer: answer.offer }; showRead(); }
}

const reopens = (line) => { const product = state.products.get(line.toUpperCase()); return Boolean(product && !product.open); };

function showRead() {
  const line = $("open-line").value.trim(), known = reading.line === line, { offer } = reading;
  const bad = Boolean(line) && known && !offer && !reopens(line);
  $("open-read").textContent = !line || !known ? "" : offer ? `= ${[offer.code, offer.name, offer.pack, money(offer.price), offer.stock === null ? null : quantity(offer.stock)].filter(Boolean).join(" · ")}` : bad ? word("refused.line", { example: word("goods.example") }) : "";
  $("open-read").classList.toggle("bad", bad);
  return bad;
}

function typed() {
  const line = $("open-line").value.trim();
  clearTimeout(readTimer);
  if (line && reading.line !== line) readTimer = setTimeout(() => readLine(line), 150);
  showRead();
}

export function wireGoods() {
  $("goods-find").addEventListener("input", ask.draw);
  $("open-line").addEventListener("input", typed);
  $("open").addEventListener("submit", (event) => {
    event.preventDefault();
    const line = $("open-line").value.trim();
    if (!line || showRead()) { $("open-line").focus(); return; }
    tap(null, { type: "open", line });
    $("open-line").value = "";
    typed();
  });
  $("try").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = $("try-text").value;
    if (!text.trim()) return;
    const response = await fetch("/api/parse", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }) }).catch(() => null);
    const answer = response ? await response.json().catch(() => ({})) : {};
    const read = answer.reading;
    const lines = read ? read.lines.map(lineText).join(" · ") : "";
    $("try-result").replaceChildren(...(read ? [make("p", { class: "quote" }, marked({ text, why: read.why })), make("p", {}, make("b", {}, [word(`intent.${read.intent}`), lines].filter(Boolean).join(" "))), make("p", { class: "why" }, reasons(read))] : [make("p", { class: "bad" }, answer.error || word("refused.other", { reason: "…" }))]));
  });
}

// --- orders ---------------------------------------------------------------------------------------------------------

const orders = new Rows($("orders-scroll"), $("orders"), (order) => order.code, orderRow);
let recentAt = 0;

function orderRow(order) {
  const waiting = order.lines.reduce((sum, line) => sum + line.waitlisted, 0);
  const made = make("button", { type: "button", class: `order ${order.status}`, onclick: () => orderSheet(order) },
    make("b", { class: "number" }, quantity(order.number)), named(order.buyer), make("span", { class: "total" }, money(order.total)),
    make("span", { class: "items" }, itemsText(order)),
    make("span", { class: "chips" }, order.buyer.refused ? make("span", { class: "chip refused" }, icon("flag", word("buyer.refused", { n: order.buyer.refused }))) : null, waiting ? chip("waiting", quantity(waiting)) : null, chip(order.status)));
  longPress(made, () => orderSheet(order));
  swipe(made, () => orderSheet(order), order.held && (order.status === "draft" || order.fresh) ? () => tap(`o${order.code}`, { type: "confirm", order: order.code, seen: order.seen }) : null);
  return made;
}

export function drawOrders() {
  const find = $("orders-find").value.trim().toLowerCase();
  const rows = [...state.orders.values()].filter((order) => order.lines.length && (!find || `${order.number} ${order.code} ${order.buyer.name} ${order.buyer.phone || ""} ${itemsText(order)}`.toLowerCase().includes(find)));
  rows.sort((a, b) => b.number - a.number);
  $("orders-none").hidden = rows.length > 0;
  orders.set(rows);
  if (!$("recent").hidden && state.number !== recentAt) { recentAt = state.number; drawRecent(); }
}

async function drawRecent() {
  const steps = await loadRecent();
  if (steps) $("recent").replaceChildren(...steps);
}

export function wireOrders() {
  $("orders-find").addEventListener("input", ask.draw);
  $("show-recent").addEventListener("click", () => {
    const shown = $("recent").hidden;
    $("recent").hidden = !shown;
    $("orders-scroll").hidden = shown;
    $("show-recent").setAttribute("aria-pressed", String(shown));
    recentAt = -1;
    ask.draw();
  });
}


