// The pile and the card in hand. Nothing moves under a finger: while one is down the card stays as it is, and a tap
// counts only on the button it began on.

import { word, phrase, has, quantity, money, ago, make, named, theirs, icon, chip, amount, itemsText, marked, reasons, askedFor, onlyNumber } from "./page.js";
import { state, ask, pile, beyond, tap, later, confirmAll, undo, waits, asks, leftText, DEAD } from "./state.js";
import { orderSheet, commentSheet, chooseProduct } from "./sheets.js";

const ROWS = 5, SURE_FROM = 3;
const $ = (id) => document.getElementById(id);
const area = document.querySelector(".work");

let finger = false, cardKey = null, cardText = "", pileText = "", lastLines = null, focusNext = null;

for (const name of ["pointerdown", "pointerup", "pointercancel"]) {
  addEventListener(name, (event) => {
    if (name === "pointerdown") { if (area.contains(event.target)) finger = true; return; }
    if (finger) { finger = false; setTimeout(ask.draw, 0); } // after the click that this lift may be
  }, true);
}

// A button that acts on lift, only where it was pressed, and not while a card has only just come.
export function button(label, act, className, name) {
  let armed = false;
  const made = make("button", { type: "button", class: className, "aria-label": name }, label);
  made.addEventListener("pointerdown", () => { armed = Date.now() >= state.deadUntil; });
  made.addEventListener("click", (event) => {
    if (event.detail > 0 && (!armed || Date.now() < state.deadUntil)) return;
    armed = false;
    if (event.detail === 0 && made.closest("#card")) focusNext = made.dataset.role || "";
    act();
  });
  return made;
}

// A press of 450 ms, for which there is always a button as well.
export function longPress(element, act) {
  let timer = 0, x = 0, y = 0;
  element.addEventListener("pointerdown", (event) => { x = event.clientX; y = event.clientY; clearTimeout(timer); timer = setTimeout(() => { timer = 0; element.dataset.long = "1"; act(); }, 450); });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) element.addEventListener(name, () => clearTimeout(timer));
  element.addEventListener("pointermove", (event) => { if (Math.hypot(event.clientX - x, event.clientY - y) > 10) clearTimeout(timer); });
  element.addEventListener("click", (event) => { if (element.dataset.long) { delete element.dataset.long; event.stopImmediatePropagation(); event.preventDefault(); } }, true);
  element.addEventListener("contextmenu", (event) => { if (matchMedia("(pointer: coarse)").matches) event.preventDefault(); });
}

export function current(items) {
  // The card in hand is never replaced, even by a more urgent one.
  const item = items.find((one) => one.key === state.held) || items[0] || null;
  state.held = item ? item.key : null;
  return item;
}

export function drawWork() {
  const items = pile();
  const item = current(items);
  const sure = items.filter((one) => one.rank === 2 && !state.later.has(one.key));
  const bundled = sure.length >= SURE_FROM && !state.expand;
  const rest = items.filter((one) => one !== item && !(bundled && sure.includes(one)));
  const signature = JSON.stringify([state.held, beyond(), bundled && sure.length, rest.length, rest.slice(0, ROWS).map((one) => [one.key, one.at, one.comment || one.order])]);
  if (!finger) {
    const moved = signature !== pileText;
    if (moved) drawPile(rest, sure, item);
    else drawAges();
    pileText = signature;
    drawCard(item);
    if (moved) nearest();
  }
  $("undo").replaceChildren(...(state.undo && state.undo.until > Date.now() ? [make("div", { class: "undo" }, icon("disc"), make("span", { class: "text" }, state.undo.text), button(word("act.undo"), undo, "quiet"))] : []));
  const all = items.length + beyond();
  $("count-todo").textContent = all ? quantity(all) : "";
  for (const heading of document.querySelectorAll("[data-count-todo]")) heading.textContent = all ? quantity(all) : "";
  return items;
}

function drawPile(rest, sure, item) {
  const rows = rest.slice(0, ROWS).map(row).reverse();
  const over = rest.length - ROWS + beyond();
  if (over > 0) rows.unshift(make("li", { class: "over" }, word("todo.more", { n: over })));
  $("sure").replaceChildren(...(sure.length >= SURE_FROM ? [make("div", { class: "sure" }, make("button", { type: "button", class: "text", "aria-expanded": String(state.expand), onclick: () => { state.expand = !state.expand; ask.draw(); } }, icon("ring"), word("todo.sure", { n: sure.length })),
      button(word("act.confirm_all", { n: sure.length }), () => confirmAll(sure), "go"))] : []));
  $("pile").replaceChildren(...rows);
  $("nothing").hidden = Boolean(item);
}

// The next ones are nearest to the thumb, whole, however high the card below them is; on a laptop they stand first.
function nearest() {
  const heap = $("pile").parentElement;
  heap.scrollTop = getComputedStyle($("pile")).flexDirection === "column-reverse" ? 0 : heap.scrollHeight;
}

function drawAges() {
  for (const age of area.querySelectorAll("[data-at]")) {
    const text = ago(age.dataset.at);
    if (age.textContent !== text) age.textContent = text;
  }
}

const age = (iso) => make("time", { class: "meta age", datetime: iso, "data-at": iso }, ago(iso));

function row(item) {
  const take = () => { state.held = item.key; state.deadUntil = Date.now() + DEAD; ask.draw(); };
  const made = make("button", { type: "button", class: `text ${item.comment ? "unclear" : ""}`, onclick: take }, icon(item.comment ? "ask" : waits(item.order) || state.promoted.has(item.order.code) ? "wait" : item.order.status === "draft" ? "ring" : "disc"),
    make("span", { class: "body" }, item.comment ? [named(item.comment), " “", theirs(item.comment.text.slice(0, 120), "said"), "”"] : state.promoted.has(item.order.code) ? phrase("wait.up", { buyer: named(item.order.buyer), items: itemsText(item.order) }) : [named(item.order.buyer), " ", itemsText(item.order)]),
    item.order && item.order.buyer.refused ? icon("flag", word("buyer.refused", { n: item.order.buyer.refused })) : null, age(item.at));
  longPress(made, () => (item.comment ? commentSheet(item.comment) : orderSheet(item.order)));
  return make("li", {}, made);
}

// --- the card -------------------------------------------------------------------------------------------------------

function drawCard(item) {
  const text = item ? JSON.stringify(item.comment ? [item.comment, item.comment.unclear.reason === "no_product" && state.show.pinned] : [item.order, last(item.order)]) : "";
  const key = item ? item.key : null;
  if (key === cardKey && text === cardText) return;
  const box = $("card"), same = key === cardKey;
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.role || "" : focusNext;
  if (!same) lastLines = null;
  cardKey = key;
  cardText = text;
  box.replaceChildren(...(item ? [item.comment ? unclearCard(item.comment) : orderCard(item.order)] : []));
  if (item && item.order) lastLines = new Map(item.order.lines.map((line) => [line.id, lineState(line)]));
  if (focused !== null) {
    // After a tap by keyboard the focus goes to the same button of the next card.
    const next = box.querySelector(`[data-role="${focused}"]`) || box.querySelector("button");
    if (next) next.focus({ preventScroll: true });
  }
  focusNext = null;
}

const role = (element, name) => { element.dataset.role = name; return element; };

function head(person, at, kind, meta) {
  return make("header", { class: "head" }, icon(kind), named(person, "name grow"), age(at), make("p", { class: "meta under" }, meta));
}

function unclearCard(comment) {
  const { reason, candidates } = comment.unclear;
  const key = `c${comment.id}`, decide = reason === "cancel" || reason === "change";
  const question = asking(comment);
  const choices = decide ? [] : (candidates.length ? candidates : onShow(comment, reason)).slice(0, 4).map((one, at) => candidate(comment, one, at, key));
  const title = make("p", { class: "ask", id: "card-ask" }, question);
  return make("article", { class: "card unclear", "aria-labelledby": "card-who card-ask" }, make("div", { class: "words" }, Object.assign(head(comment, comment.received_at, "ask", [comment.platform, comment.late ? ` · ${word("chat.late")}` : "", comment.deleted ? ` · ${word("chat.deleted")}` : ""]), { id: "card-who" }),
    make("p", { class: "quote" }, marked(comment))),
    make("div", { class: "acts" }, title, choices,
      decide
        ? make("div", { class: "two" }, role(button(word("act.agree"), () => tap(key, { type: "agree", comment: Number(comment.id) }), "go tall"), "1"), role(button(word("act.keep"), () => tap(key, { type: "dismiss", comment: Number(comment.id) }), "tall"), "0"))
        : make("div", { class: "two" }, role(button(word("act.not_order"), () => tap(key, { type: "dismiss", comment: Number(comment.id) })), "0"), role(button(word("act.other"), () => chooseProduct(comment)), "other")),
      make("div", { class: "foot" }, role(button(word("act.later"), () => later(key), "quiet"), "later"), role(button(icon("more"), () => commentSheet(comment), "quiet square", word("act.options")), "more"))));
}

// Who named nothing most likely means what is on show now.
function onShow(comment, reason) {
  const product = reason === "no_product" ? state.products.get(state.show.pinned) : null;
  return product && product.open && !product.options.length ? [{ code: product.code, name: product.name, left: product.left, quantity: onlyNumber(comment) }] : [];
}

export function asking(comment) {
  const { reason, candidates } = comment.unclear;
  const codes = [...new Set(comment.lines.map((line) => line.code))].join(", ");
  if (reason === "unknown") return phrase("ask.unknown", { text: theirs(asTyped(comment)) });
  if (reason === "which" && candidates.length) return phrase("ask.which", { n: candidates.length });
  if (reason === "cancel") return codes ? phrase("ask.cancel", { buyer: named(comment), code: codes }) : phrase("ask.cancel_all", { buyer: named(comment) });
  if (reason === "change") return phrase("ask.change", { buyer: named(comment) });
  if (reason === "quantity") {
    const why = comment.why.find((one) => one.code === "quantity" && one.end > one.start);
    return why ? phrase("ask.quantity", { said: theirs(Array.from(comment.text).slice(why.start, why.end).join("")) }) : [word("ask.quantity_unsaid")];
  }
  return [word(has(`ask.${reason}`) ? `ask.${reason}` : "ask.doubtful")];
}

// What is not in the catalog, as the buyer typed it.
function asTyped(comment) {
  const pieces = comment.why.filter((why) => why.code === "unknown" && why.end > why.start).map((why) => Array.from(comment.text).slice(why.start, why.end).join(""));
  return (pieces.length ? pieces : comment.unknown || []).join(", ");
}

function candidate(comment, one, at, key) {
  const n = askedFor(comment, one), said = comment.lines.find((line) => line.code === one.code);
  const product = state.products.get(one.code) || { left: one.left };
  const made = button([make("span", { class: "code" }, one.code), make("span", { class: "product" }, one.name), make("span", { class: "left" }, make("b", {}, `×${quantity(n)}`), make("span", { class: one.left !== null && one.left <= 0 ? "out" : "" }, leftText(product)))],
    () => tap(key, { type: "read_as", comment: Number(comment.id), lines: [{ code: one.code, quantity: n, options: said ? said.options : {} }] }), "candidate", `${one.code} ${one.name}, ×${quantity(n)}, ${leftText(product)}`);
  return role(made, String(at + 1));
}

// The newest comment behind an order: a person decides on what was said last.
function last(order) {
  const ids = order.lines.flatMap((line) => line.comments).map(Number);
  return ids.length ? state.comments.get(String(Math.max(...ids))) || null : null;
}

const lineState = (line) => `${line.code} ${JSON.stringify(line.options)} ${line.quantity} ${line.reserved} ${line.waitlisted}`;

function orderCard(order) {
  const key = `o${order.code}`, comment = last(order);
  const single = order.lines.length === 1 ? order.lines[0] : null;
  const held = order.lines.reduce((sum, line) => sum + line.reserved - line.confirmed, 0);
  const waiting = order.lines.reduce((sum, line) => sum + line.waitlisted, 0);
  const chosen = { quantity: single ? single.quantity : null };
  const changed = () => single && chosen.quantity !== single.quantity;
  const label = () => {
    if (changed()) return word("act.confirm", { qty: amount(chosen.quantity, single.unit) });
    if (waiting) return word("act.confirm_part", { qty: quantity(held), rest: quantity(waiting) });
    return word("act.confirm", { qty: single ? amount(held, single.unit) : money(order.total) });
  };
  const text = make("span", {}, label());
  const confirm = role(button([icon("check"), text], () => {
    if (changed()) tap(null, { type: "set_quantity", line: single.id, quantity: chosen.quantity, seen: order.seen });
    tap(key, { type: "confirm", order: order.code, ...(changed() ? {} : { seen: order.seen }) });
  }, "main grow", `${label()}, ${itemsText(order)}`), "confirm");
  confirm.disabled = !held || (asks(order) && order.lines.every((line) => !line.settled));
  const step = (by) => () => {
    const least = single.quantity % 1 ? 0.5 : 1;
    chosen.quantity = Math.max(least, Math.round((chosen.quantity + by) * 1000) / 1000);
    text.textContent = label();
    confirm.setAttribute("aria-label", `${label()}, ${itemsText(order)}`);
  };
  const meta = [`${order.buyer.platforms.join(" + ") || order.buyer.platform} · ${word("order.n", { n: order.number })} · ${order.code}`, order.status === "draft" ? null : chip("confirmed"), order.buyer.refused ? make("span", { class: "chip refused" }, icon("flag"), word("buyer.refused", { n: order.buyer.refused })) : null];
  return make("article", { class: "card", "aria-labelledby": "card-who" }, make("div", { class: "words" }, Object.assign(head(order.buyer, order.created_at, order.status === "draft" ? "ring" : "disc", meta), { id: "card-who" }),
    comment ? make("p", { class: "quote" }, marked(comment)) : null, comment && reasons(comment) ? make("p", { class: "why" }, reasons(comment)) : null, known(order.buyer),
    make("ul", { class: "lines" }, order.lines.map((line) => lineRow(order, line)))),
    make("div", { class: "acts" },
      confirm.disabled && asks(order) ? null : single && single.settled ? make("div", { class: "step" }, role(button(icon("minus"), step(-1), "tall", word("act.less")), "minus"), confirm, role(button(icon("plus"), step(1), "tall", word("act.more")), "plus")) : make("div", { class: "step alone" }, confirm),
      make("div", { class: "foot" }, role(button(word("act.later"), () => later(key), "quiet"), "later"), role(button(word("act.edit"), () => orderSheet(order), "quiet"), "edit"), comment ? role(button(word("act.other"), () => chooseProduct(comment), "quiet"), "other") : null)));
}

// What the shop knows of her from before: for the seller's eyes only.
export function known(buyer) {
  const past = [buyer.before.orders ? word("buyer.before", { n: buyer.before.orders }) : null, buyer.before.returned ? word("buyer.returned", { n: buyer.before.returned }) : null].filter(Boolean).join(" · ");
  return buyer.note || past ? make("p", { class: "meta known" }, buyer.note ? theirs(buyer.note) : null, buyer.note && past ? " · " : null, past) : null;
}

function lineRow(order, line) {
  const was = lastLines && lastLines.get(line.id);
  const fresh = order.status !== "draft" && line.reserved > line.confirmed;
  return make("li", { class: was !== undefined && was !== null && was !== lineState(line) ? "changed" : "" },
    make("span", { class: "what" }, make("b", {}, line.code), ` ${line.name}`, Object.values(line.options).map((value) => make("b", {}, ` ${value}`))),
    make("span", { class: "count" }, `×${amount(line.quantity, line.unit)}`), make("span", { class: "sum" }, money(line.amount)),
    fresh ? make("span", { class: "chip" }, word("status.new")) : null,
    line.waitlisted ? chip("waiting", [word("stock.waiting", { n: line.waitlisted }), line.place ? ` (${word("status.waiting", { n: line.place }).toLowerCase()})` : ""]) : null,
    line.deleted ? make("span", { class: "chip cancelled" }, icon("cross"), word("chat.deleted")) : null,
    line.missing.map((option) => make("span", { class: `options${order.lines.length === 1 ? " main-options" : ""}` }, make("span", { class: "ask" }, word("ask.option", { option: option.name })), option.values.map((value) => role(button(value, () => tap(null, { type: "set_options", line: line.id, options: { [option.name]: value }, seen: order.seen })), `option-${value}`)))),
    line.pinned_before ? make("span", { class: "options" }, make("span", { class: "ask" }, word("ask.pinned_before", { code: line.pinned_before })), before(order, line)) : null);
}

function before(order, line) {
  const comment = line.comments.length ? line.comments[line.comments.length - 1] : null;
  if (comment === null) return null;
  return button(`${line.pinned_before} ×${quantity(line.quantity)}`, () => tap(`o${order.code}`, { type: "read_as", comment: Number(comment), lines: [{ code: line.pinned_before, quantity: line.quantity, options: {} }] }));
}


