// What the control page knows, and what was tapped and is not told yet. Only messages of the feed change what is true.

import { page, heardAt, has, word, phrase, named, itemsText, quantity, setting, clean } from "./page.js";

const MOST_COMMENTS = 2000, MOST_UNCLEAR = 400, FEW_UNCLEAR = 40, UNDO_FOR = 8000;
export const DEAD = 350;

export const state = {
  show: page.snapshot.show, orders: new Map(), comments: new Map(), unclear: new Map(), products: new Map(), sources: new Map(), sums: {}, gaps: [],
  later: new Map(), gone: new Map(), promoted: new Set(), held: null, deadUntil: 0, expand: false, tab: "todo", middle: "chat", undo: null, notice: null,
  offline: false, badKey: false, noRoom: false, trouble: null, number: page.number, firstUntil: 0, newest: null,
};

// Filled in by control.js, which draws; the rest asks for it here.
export const ask = { draw() {}, chat: null, sender: { tap() {}, size: () => 0, stuckSince: () => 0, retry() {} }, sound() {} };

// --- what is true ---------------------------------------------------------------------------------------------------

// From the queue to the shelf: less of it waits, more of it is held.
function movedUp(before, order) {
  const sum = (one, name) => one.lines.reduce((all, line) => all + line[name], 0);
  return sum(order, "waitlisted") < sum(before, "waitlisted") && sum(order, "reserved") > sum(before, "reserved");
}

function take(now, live) {
  if (now.show) state.show = now.show;
  if (now.sums) state.sums = now.sums;
  if (now.trouble !== undefined) state.trouble = now.trouble;
  for (const order of now.orders || []) {
    const before = state.orders.get(order.code);
    if (live && before && movedUp(before, order)) { state.promoted.add(order.code); ask.sound("up"); }
    else if (!toDecide(order)) state.promoted.delete(order.code);
    state.orders.set(order.code, order);
  }
  for (const product of now.products || []) state.products.set(product.code, product);
  for (const source of now.sources || []) {
    if (live && source.state === "lost" && (state.sources.get(source.name) || {}).state === "live") ask.sound("lost");
    state.sources.set(source.name, source);
  }
  for (const comment of now.comments || []) {
    if (live && !state.comments.size) state.firstUntil = Date.now() + 4000;
    state.comments.set(comment.id, comment);
    if (ask.chat) ask.chat.put(comment);
    if (comment.unclear && comment.unclear.open) {
      if (live && !state.unclear.has(comment.id)) ask.sound("ask");
      // The oldest are asked first; what is beyond a page's measure waits on the server.
      if (state.unclear.has(comment.id) || state.unclear.size < MOST_UNCLEAR) state.unclear.set(comment.id, comment);
    } else state.unclear.delete(comment.id);
    // What was heard by a source is news of it, also without an event of the source itself.
    const source = state.sources.get(comment.source);
    if (source && (!source.last_comment_at || source.last_comment_at < comment.received_at)) state.sources.set(source.name, { ...source, last_comment_at: comment.received_at });
  }
  while (state.comments.size > MOST_COMMENTS) state.comments.delete(state.comments.keys().next().value);
}

export function snapshot(now) {
  for (const table of [state.orders, state.comments, state.unclear, state.products, state.sources]) table.clear();
  if (ask.chat) ask.chat.clear();
  take(now, false);
  for (const comment of now.unclear || []) { state.unclear.set(comment.id, comment); state.comments.set(comment.id, comment); }
  state.gaps = now.gaps || [];
  if (ask.chat) for (const gap of state.gaps) ask.chat.gap(gap);
}

export function told(message) {
  if (message.event) {
    if (message.event.type === "snapshot") snapshot(message.now);
    else {
      if (message.event.at) heardAt(message.event.at);
      if (message.now) take(message.now, true);
      if (message.event.type === "gap" && ask.chat) ask.chat.gap(message.event);
      if (message.event.type === "clock") notice(word("err.clock"));
      if (message.event.type === "confirmed" && message.now && message.now.orders) state.newest = message.now.orders[0];
    }
    state.number = Math.max(state.number, message.number);
  } else if (message.now) take(message.now, true);
  settle();
  refill();
  ask.draw();
}

// A card that was tapped comes back only if its command was refused; it is forgotten once its events have been told.
function settle() {
  for (const [key, gone] of state.gone) if (gone.until !== null && state.number >= gone.until) state.gone.delete(key);
}

// How many more unclear comments there are than this page holds.
export function beyond() { return state.unclear.size < FEW_UNCLEAR ? 0 : Math.max(0, (state.sums.unclear || 0) - state.unclear.size); }

let asking = false;
async function refill() {
  if (asking || state.unclear.size >= FEW_UNCLEAR || (state.sums.unclear || 0) <= state.unclear.size + FEW_UNCLEAR) return;
  asking = true;
  const response = await fetch(`/api/shows/${state.show.id}/unclear`).catch(() => null);
  const found = response && response.ok ? await response.json().catch(() => []) : [];
  for (const comment of found) if (!state.gone.has(`c${comment.id}`)) { state.unclear.set(comment.id, comment); state.comments.set(comment.id, comment); }
  asking = false;
  ask.draw();
}

// --- the pile -------------------------------------------------------------------------------------------------------

export const asks = (order) => order.lines.some((line) => !line.settled || (line.pinned_before && order.status === "draft"));
export const waits = (order) => order.lines.some((line) => line.waitlisted && line.settled);
export const toDecide = (order) => order.lines.length > 0 && (asks(order) && ["draft", "confirmed"].includes(order.status) || (order.held && (order.status === "draft" || order.fresh)));

// Oldest first, unclear before marked before the rest; what was put off comes last, in the order it was put off.
export function pile() {
  const found = [];
  for (const comment of state.unclear.values()) found.push({ key: `c${comment.id}`, rank: 0, at: comment.received_at, comment });
  for (const order of state.orders.values()) if (toDecide(order)) found.push({ key: `o${order.code}`, rank: asks(order) || waits(order) || order.buyer.refused ? 1 : 2, at: order.created_at, order });
  const shown = found.filter((item) => !state.gone.has(item.key));
  const put = (item) => state.later.get(item.key) || 0;
  shown.sort((a, b) => put(a) - put(b) || a.rank - b.rank || (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return shown;
}

export const openProducts = () => [...state.products.values()].filter((product) => product.open);

export function leftText(product) {
  if (product.left === null) return word("stock.uncounted");
  return product.left > 0 ? word("stock.left", { n: product.left }) : word("stock.out");
}

// --- taps -----------------------------------------------------------------------------------------------------------

const QUIET = new Set(["pin", "undo"]);

export function tap(key, command) {
  const who = setting("who");
  if (key && state.held === key) { state.held = null; state.deadUntil = Date.now() + DEAD; }
  const made = ask.sender.tap(state.show.id, who ? { ...command, who } : command, key);
  if (key) state.gone.set(key, { tap: made && made.id, until: null });
  ask.draw();
}

export function confirmAll(items) {
  const codes = items.map((item) => item.order.code);
  state.held = null;
  state.expand = false;
  state.deadUntil = Date.now() + DEAD;
  const who = setting("who");
  const made = ask.sender.tap(state.show.id, { type: "confirm", orders: codes, ...(who ? { who } : {}) }, null);
  for (const item of items) state.gone.set(item.key, { tap: made && made.id, until: null });
  ask.draw();
}

export function later(key) {
  state.later.set(key, Date.now());
  state.held = null;
  state.deadUntil = Date.now() + DEAD;
  ask.draw();
}

export function undo() {
  if (!state.undo) return;
  tap(null, { type: "undo", event: state.undo.number });
  state.undo = null;
}

// The words for what a tap did, with the names in them kept apart from the sentence.
function done(command) {
  const order = command.order ? state.orders.get(command.order) : command.line ? [...state.orders.values()].find((one) => one.lines.some((line) => line.id === command.line)) : null;
  const comment = command.comment !== undefined ? state.comments.get(String(command.comment)) : null;
  switch (command.type) {
    case "confirm": return order ? phrase("done.confirmed", { buyer: named(order.buyer), items: itemsText(order) }) : phrase("done.confirmed_many", { n: command.orders.length });
    case "cancel": return order ? phrase(command.order ? "done.cancelled" : "done.edited", { buyer: named(order.buyer) }) : [word("done.other")];
    case "set_quantity": case "set_options": case "pass": return order ? phrase("done.edited", { buyer: named(order.buyer) }) : [word("done.other")];
    case "read_as": return comment ? phrase("done.read_as", { buyer: named(comment), items: command.lines.map((line) => `${line.code} ×${quantity(line.quantity)}`).join(" · ") }) : [word("done.other")];
    case "dismiss": return comment ? phrase("done.dismissed", { buyer: named(comment) }) : [word("done.other")];
    case "restock": return phrase("done.stock", { code: command.code });
    case "open": case "close": case "back_orders": return phrase("done.goods", { code: command.code || command.line.split(/\s/)[0] });
    case "end": case "reopen": return [word("done.show")];
    case "link": case "unlink": return [word("done.linked")];
    default: return [word("done.other")];
  }
}

export function answered(made, events) {
  const numbers = events.map((one) => one.number);
  for (const gone of state.gone.values()) if (gone.tap === made.id) gone.until = numbers.length ? Math.max(...numbers) : 0;
  settle();
  if (numbers.length && !QUIET.has(made.command.type)) {
    state.undo = { number: numbers[0], text: done(made.command), until: Date.now() + UNDO_FOR };
    setTimeout(ask.draw, UNDO_FOR + 50);
    if (made.command.type === "confirm") ask.sound("tick");
  }
  if (made.command.type === "undo") for (const key of [...state.later.keys()]) state.later.delete(key);
  ask.draw();
}

const GONE = { not_unclear: "conflict.done", done: "conflict.done", status: "conflict.done", nothing_to_do: "conflict.done", changed: "conflict.changed", nothing_held: "conflict.stock", undone: "undo.undone", nothing_to_undo: "undo.nothing", not_found: "refused.gone" };

export function refused(made, status, answer) {
  for (const [key, gone] of state.gone) if (gone.tap === made.id) state.gone.delete(key);
  const code = answer.code || "";
  let text;
  if (code === "too_late") text = word("undo.too_late", { code: answer.order || "", status: has(`status.${answer.status}`) ? word(`status.${answer.status}`).toLowerCase() : "" });
  else if (code === "line") text = word("refused.line", { example: word("goods.example") });
  else if (answer.who && GONE[code] === "conflict.done") text = word("conflict.done_by", { who: clean(answer.who) });
  else if (GONE[code]) text = word(GONE[code]);
  else if (has(`refused.${code}`)) text = word(`refused.${code}`, { product: answer.product || made.command.code || "", left: answer.left === undefined ? "" : answer.left });
  else text = word("refused.other", { reason: answer.error || String(status) });
  // What is still there after a refusal needs a fresh look and a fresh tap.
  state.deadUntil = Date.now() + DEAD;
  if (made.key && code === "changed") state.held = made.key;
  notice(text);
}

export function notice(text, good = false) {
  state.notice = { text, good };
  const mine = state.notice;
  setTimeout(() => { if (state.notice === mine) { state.notice = null; ask.draw(); } }, good ? 4000 : 7000);
  ask.draw();
}

export function pin(by) {
  const products = openProducts();
  if (!products.length) return;
  const at = products.findIndex((product) => product.code === state.show.pinned);
  const next = at < 0 ? (by > 0 ? 0 : products.length - 1) : (at + by + products.length) % products.length;
  tap(null, { type: "pin", code: products[next].code });
}
