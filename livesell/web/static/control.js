// The control page, kept live: only events change what is shown as true, and everything is drawn once a frame.

import { page, word, quantity, money, time, date, make, theirs, icon } from "./words.js";
import { listen } from "./feed.js";
import { taps as openTaps } from "./taps.js";
import { Chat } from "./chat.js";

const MOST_COMMENTS = 2000, PILE_ROWS = 5, SURE_FROM = 3, DEAD = 350, UNDO_FOR = 8000;
const ICONS = { draft: "ring", confirmed: "disc", paid: "coin", packed: "box", shipped: "arrow", returned: "back", cancelled: "cross" };
const LIGHTS = { live: "dot", waiting: "half", lost: "up", stopped: "square", ended: "square" };
const $ = (id) => document.getElementById(id);

const state = {
  show: null, orders: new Map(), comments: new Map(), unclear: new Map(), products: new Map(), sources: new Map(), sums: {},
  gaps: [], later: new Set(), gone: new Map(), tab: "todo", held: null, deadUntil: 0, undo: null, notice: null, offline: false, badKey: false,
};
let frame = 0;
const chat = new Chat($("chat-scroll"), $("chat"), $("chat-new"), openComment);

// --- what is known --------------------------------------------------------------------------------------------------

function take(now) {
  if (now.show) state.show = now.show;
  if (now.sums) state.sums = now.sums;
  for (const order of now.orders || []) { state.orders.set(order.code, order); state.gone.delete(`o${order.code}`); }
  for (const product of now.products || []) state.products.set(product.code, product);
  for (const source of now.sources || []) state.sources.set(source.name, source);
  for (const comment of now.comments || []) {
    state.comments.set(comment.id, comment);
    chat.put(comment);
    if (comment.unclear && comment.unclear.open) state.unclear.set(comment.id, comment);
    else { state.unclear.delete(comment.id); state.gone.delete(`c${comment.id}`); }
  }
  while (state.comments.size > MOST_COMMENTS) state.comments.delete(state.comments.keys().next().value);
}

function snapshot(now) {
  state.orders.clear(); state.unclear.clear(); state.products.clear(); state.sources.clear();
  chat.clear();
  take(now);
  for (const comment of now.unclear || []) state.unclear.set(comment.id, comment);
  for (const gap of now.gaps || []) chat.gap(gap);
}

function told(message) {
  if (message.event && message.event.type === "snapshot") { snapshot(message.now); state.gone.clear(); }
  else {
    if (message.now) take(message.now);
    if (message.event && message.event.type === "gap") chat.gap(message.event);
  }
  draw();
}

// --- the pile -------------------------------------------------------------------------------------------------------

const needsHelp = (order) => order.lines.some((line) => !line.settled || line.waitlisted || line.pinned_before) || order.buyer.refused > 0;
const open = (order) => order.lines.length > 0 && (order.status === "draft" || order.fresh);

function pile() {
  const found = [];
  for (const comment of state.unclear.values()) found.push({ key: `c${comment.id}`, rank: 0, at: comment.received_at, comment });
  for (const order of state.orders.values()) {
    if (!open(order)) continue;
    if (!order.held && order.lines.every((line) => line.settled)) continue; // all of it waits: nothing to decide
    found.push({ key: `o${order.code}`, rank: needsHelp(order) ? 1 : 2, at: order.created_at, order });
  }
  const shown = found.filter((item) => !state.gone.has(item.key));
  shown.sort((a, b) => Number(state.later.has(a.key)) - Number(state.later.has(b.key)) || a.rank - b.rank || (a.at < b.at ? -1 : 1));
  return shown;
}

function current(items) {
  // The card in hand is never replaced, even by a more urgent one.
  const held = items.find((item) => item.key === state.held);
  const item = held || items[0] || null;
  state.held = item ? item.key : null;
  return item;
}

function drawWork() {
  const items = pile();
  const item = current(items);
  const rest = items.filter((one) => one !== item);
  const sure = items.filter((one) => one.rank === 2 && !state.later.has(one.key));
  const rows = rest.slice(0, PILE_ROWS).reverse().map((one) => row(one));
  if (rest.length > PILE_ROWS) rows.unshift(make("li", { class: "meta" }, word("todo.more", { n: rest.length - PILE_ROWS })));
  if (!items.length) rows.push(make("li", { class: "empty" }, word("todo.empty")));
  $("pile").replaceChildren(...rows);
  $("sure").replaceChildren(...(sure.length >= SURE_FROM ? [make("div", { class: "sure" }, icon("ring"), make("span", {}, word("todo.sure", { n: sure.length })), button(word("act.confirm_all", { n: sure.length }), () => confirmAll(sure), "go"))] : []));
  drawCard(item);
  $("count-todo").textContent = items.length ? quantity(items.length) : "";
}

function row(item) {
  const pick = () => { state.held = item.key; state.deadUntil = Date.now() + DEAD; draw(); };
  if (item.comment) {
    return make("li", { class: "unclear", onclick: pick }, icon("ask"), make("span", { class: "body" }, theirs(item.comment.author, "name"), " · “", theirs(item.comment.text.slice(0, 200)), "”"), make("span", { class: "meta" }, time(item.at)));
  }
  return make("li", { onclick: pick }, icon(item.order.status === "draft" ? "ring" : "disc"), make("span", { class: "body" }, theirs(item.order.buyer.name, "name"), " · ", itemsOf(item.order)), make("span", { class: "meta" }, time(item.at)));
}

let cardKey = null, cardText = "";

function drawCard(item) {
  const text = item ? JSON.stringify(item) : "";
  if (item && item.key === cardKey && text === cardText) return;
  const focused = document.activeElement && $("card").contains(document.activeElement);
  cardKey = item ? item.key : null; cardText = text;
  $("card").replaceChildren(...(item ? [item.comment ? unclearCard(item.comment) : orderCard(item.order)] : []));
  if (focused) { const main = $("card").querySelector("button"); if (main) main.focus(); }
}

function who(buyer, at, platform) {
  return make("div", { class: "who" }, theirs(buyer.name || buyer.author, "name"), make("span", { class: "meta" }, [platform, time(at)].filter(Boolean).join(" · ")),
    buyer.refused ? make("span", { class: "chip refused" }, icon("flag"), word("buyer.refused", { n: buyer.refused })) : null);
}

function spoken(comment) {
  // The piece of the comment that was read is underlined, in the buyer's own words.
  const box = make("p", { class: "said" }, "“");
  const inner = theirs("", "");
  let at = 0;
  for (const why of comment.why.filter((one) => one.end > one.start)) {
    if (why.start < at) continue;
    inner.append(comment.text.slice(at, why.start), make("mark", {}, comment.text.slice(why.start, why.end)));
    at = why.end;
  }
  inner.append(comment.text.slice(at, 1000));
  box.append(inner, "”");
  return box;
}

function reasons(comment) {
  const words = comment.why.map((why) => word(`why.${why.code}`, { ...why.data, codes: (why.data.codes || []).join(", ") }));
  return words.length ? make("p", { class: "why" }, [...new Set(words)].join(" · ")) : null;
}

function unclearCard(comment) {
  const unclear = comment.unclear;
  const key = `ask.${unclear.reason}`;
  const ask = word(page.words[key] ? key : "ask.doubtful", { n: unclear.candidates.length, text: (comment.unknown || []).join(", ") });
  const decide = unclear.reason === "cancel" || unclear.reason === "change";
  const choices = decide ? [] : unclear.candidates.slice(0, 4).map((one) => candidate(comment, one));
  return make("article", { class: "card unclear", "aria-label": `${comment.author}: ${ask}` }, who(comment, comment.received_at, comment.platform), spoken(comment), make("p", { class: "ask" }, ask), choices,
    decide
      ? make("div", { class: "row" }, button(word("act.agree"), () => tap(`c${comment.id}`, { type: "agree", comment: Number(comment.id) }), "go"), button(word("act.keep"), () => tap(`c${comment.id}`, { type: "dismiss", comment: Number(comment.id) })))
      : make("div", { class: "row" }, button(word("act.not_order"), () => tap(`c${comment.id}`, { type: "dismiss", comment: Number(comment.id) })), button(word("act.other"), () => chooseProduct(comment))),
    make("div", { class: "row" }, button(word("act.later"), () => later(`c${comment.id}`), "quiet small")));
}

function candidate(comment, one) {
  const said = comment.lines.find((line) => line.code === one.code);
  const left = one.left === null ? "" : one.left > 0 ? word("stock.left", { n: one.left }) : word("stock.out");
  const count = one.quantity || 1;
  return button([make("span", { class: "code" }, one.code), make("span", { class: "product" }, one.name), make("span", { class: "left" }, `×${quantity(count)} · ${left}`)],
    () => tap(`c${comment.id}`, { type: "read_as", comment: Number(comment.id), lines: [{ code: one.code, quantity: count, options: said ? said.options : {} }] }), "candidate", `${one.code} ${one.name}, ${quantity(count)}`);
}

function orderCard(order) {
  const comments = order.lines.flatMap((line) => line.comments).map((id) => state.comments.get(id)).filter(Boolean);
  const last = comments[comments.length - 1];
  const single = order.lines.length === 1 ? order.lines[0] : null;
  const input = { quantity: single ? single.quantity : null };
  const held = order.lines.reduce((sum, line) => sum + line.reserved - line.confirmed, 0);
  const waits = order.lines.reduce((sum, line) => sum + line.waitlisted, 0);
  const label = () => {
    if (single && input.quantity !== single.quantity) return word("act.confirm", { qty: amount(input.quantity, single.unit) });
    if (waits) return word("act.confirm_part", { qty: quantity(held), rest: quantity(waits) });
    return word("act.confirm", { qty: single ? amount(held, single.unit) : money(order.total) });
  };
  const confirm = button(label(), () => {
    if (single && input.quantity !== single.quantity) tap(null, { type: "set_quantity", line: single.id, quantity: input.quantity, seen: order.seen });
    tap(`o${order.code}`, { type: "confirm", order: order.code, ...(single && input.quantity !== single.quantity ? {} : { seen: order.seen }) });
  }, "main");
  if (!held) confirm.disabled = true;
  const step = (by) => () => { input.quantity = Math.max(single.quantity % 1 ? 0.5 : 1, Math.round((input.quantity + by) * 1000) / 1000); confirm.textContent = label(); };
  return make("article", { class: "card", "aria-label": `${order.buyer.name}: ${textOf(order)}` }, who(order.buyer, order.created_at, `${order.buyer.platform} · ${order.number} · ${order.code}`),
    last ? spoken(last) : null, last ? reasons(last) : null, make("ul", { class: "lines" }, order.lines.map((line) => lineRow(order, line))),
    single ? make("div", { class: "step" }, button("−", step(-1), "", word("act.less")), confirm, button("+", step(1), "", word("act.more"))) : confirm,
    make("div", { class: "row" }, button(word("act.later"), () => later(`o${order.code}`), "quiet small"), button(word("act.more_actions"), () => orderSheet(order), "quiet small")));
}

const amount = (count, unit) => (unit ? `${quantity(count)} ${unit}` : quantity(count));

function lineRow(order, line) {
  const parts = [`${line.code} ${line.name}`, ...Object.values(line.options), `×${quantity(line.quantity)}`, money(line.amount)];
  return make("li", {}, make("span", { class: "what" }, parts.join(" · ")), line.waitlisted ? make("span", { class: "chip waiting" }, icon("wait"), word("status.waiting", { n: line.place || "…" })) : null,
    line.deleted ? make("span", { class: "chip cancelled" }, icon("cross")) : null,
    line.missing.map((option) => make("span", { class: "sizes" }, make("span", { class: "ask" }, word("ask.size", { option: option.name })), option.values.map((value) => button(value, () => tap(null, { type: "set_options", line: line.id, options: { [option.name]: value }, seen: order.seen }), "small")))),
    line.pinned_before ? make("span", { class: "meta" }, word("ask.pinned_before", { code: line.pinned_before })) : null);
}

const optionWords = (line) => Object.values(line.options).join(" ");
function textOf(order) { return order.lines.map((line) => [line.code, optionWords(line), `×${quantity(line.quantity)}`].filter(Boolean).join(" ")).join(" · "); }
function itemsOf(order) { return textOf(order); }

function later(key) { state.later.add(key); state.held = null; draw(); }

// --- taps -----------------------------------------------------------------------------------------------------------

function button(label, act, className, spokenAs) {
  // A tap counts only if it began on this very button: what a finger lies on may not change under it.
  let began = null;
  const made = make("button", { type: "button", class: className, "aria-label": spokenAs }, label);
  made.addEventListener("pointerdown", () => { began = state.held; });
  made.addEventListener("click", (event) => {
    if (event.detail > 0 && made.closest("#card") && (began !== state.held || Date.now() < state.deadUntil)) return;
    act();
  });
  return made;
}

let sender = { tap() {}, size: () => 0, retry() {} };

function tap(key, command) {
  if (key) {
    state.gone.set(key, command);
    if (state.held === key) { state.held = null; state.deadUntil = Date.now() + DEAD; }
  }
  sender.tap("current", command);
  draw();
}

function confirmAll(items) {
  for (const item of items) state.gone.set(item.key, {});
  state.held = null;
  sender.tap("current", { type: "confirm", orders: items.map((item) => item.order.code) });
  draw();
}

function answered(command, events) {
  const first = events.find((one) => !["comment", "source", "undone", "moved"].includes(one.event.type));
  if (first && command.type !== "undo" && command.type !== "set_quantity") {
    const order = command.order ? state.orders.get(command.order) : null;
    const text = command.type === "confirm" ? (order ? word("done.confirmed", { buyer: order.buyer.name, items: textOf(order) }) : word("done.confirmed_many", { n: (command.orders || []).length })) : word("done.other");
    state.undo = { number: first.number, text, until: Date.now() + UNDO_FOR };
    setTimeout(draw, UNDO_FOR + 50);
  }
  if (command.type === "open") { $("open-line").value = ""; }
  draw();
}

function refused(command, status, answer) {
  for (const [key, sent] of state.gone) if (sent === command || sent.order === command.order || (sent.comment && sent.comment === command.comment)) state.gone.delete(key);
  if (command.orders) for (const code of command.orders) state.gone.delete(`o${code}`);
  if (status === 401) state.badKey = true;
  const text = answer.code === "changed" ? word("conflict.changed") : command.type === "undo" ? word("undo.too_late", { reason: answer.error || "" }) : answer.error || String(status);
  notice(text);
}

function notice(text) {
  state.notice = text;
  draw();
  setTimeout(() => { if (state.notice === text) { state.notice = null; draw(); } }, 6000);
}

// --- the rest of the page -------------------------------------------------------------------------------------------

function drawTop() {
  const sums = state.sums;
  $("title").textContent = `${word("show.title", { date: date(state.show.opened_at) })} · ${word("show.orders", { n: sums.orders || 0 })} · ${money(sums.confirmed_total || 0)}`;
  $("lights").replaceChildren(...[...state.sources.values()].map((source) => make("span", { class: `light ${source.state}`, title: word(`src.${source.state}`, { name: source.name, time: time(source.since), reason: source.reason }) }, icon(LIGHTS[source.state] || "square"), make("bdi", {}, source.name))));
  const bars = [];
  if (state.badKey) bars.push(make("div", { class: "bar bad", role: "alert" }, word("err.key")));
  if (state.offline) bars.push(make("div", { class: "bar bad" }, word("offline.queued", { n: sender.size() })));
  else if (sender.size()) bars.push(make("div", { class: "bar wait" }, word("sending", { n: sender.size() })));
  if (state.notice) bars.push(make("div", { class: "bar bad" }, state.notice));
  for (const source of state.sources.values()) if (source.state === "lost" || source.state === "stopped") bars.push(make("div", { class: "bar bad" }, word(`src.${source.state}`, { name: source.name, time: time(source.since), reason: source.reason })));
  if (state.show.status === "ended") bars.push(make("div", { class: "bar ok" }, word("show.ended", { n: sums.orders || 0, sum: money(sums.confirmed_total || 0), m: (sums.unclear || 0) + (sums.draft || 0) }), " ", make("a", { href: "/review" }, word("show.to_review")), " ", button(word("show.reopen"), () => tap(null, { type: "reopen" }), "small")));
  $("bars").replaceChildren(...bars);
  $("undo").replaceChildren(...(state.undo && state.undo.until > Date.now() ? [make("div", { class: "undo" }, icon("disc"), make("span", {}, state.undo.text), button(word("act.undo"), undo, "small"))] : []));
}

function undo() {
  if (!state.undo) return;
  sender.tap("current", { type: "undo", event: state.undo.number });
  state.undo = null;
  draw();
}

function openProducts() { return [...state.products.values()].filter((product) => product.open); }

function pin(by) {
  const products = openProducts();
  if (!products.length) return;
  const at = products.findIndex((product) => product.code === state.show.pinned);
  const next = products[(at + by + products.length) % products.length];
  tap(null, { type: "pin", code: next.code });
}

function leftOf(product) {
  const left = product.left === null ? word("stock.uncounted") : product.left > 0 ? word("stock.left", { n: product.left }) : word("stock.out");
  return product.waiting ? `${left} · ${word("stock.waiting", { n: product.waiting })}` : left;
}

function drawShown() {
  const product = state.products.get(state.show.pinned);
  for (const box of document.querySelectorAll("[data-shown]")) {
    box.replaceChildren(button("‹", () => pin(-1), "", word("act.previous")),
      make("p", { "aria-live": "polite" }, product ? [make("strong", {}, product.code), ` ${product.name} · ${money(product.price)} · ${leftOf(product)}`] : word("goods.nothing_on_show")),
      button("›", () => pin(1), "", word("act.next")));
  }
}

function drawGoods() {
  const find = $("goods-find").value.trim().toLowerCase();
  const rows = [...state.products.values()].filter((product) => !find || `${product.code} ${product.name} ${product.aliases.join(" ")}`.toLowerCase().includes(find)).slice(0, 200);
  $("goods").replaceChildren(...rows.map((product) => make("li", { class: [product.code === state.show.pinned ? "pinned" : "", product.open ? "" : "closed"].join(" ") },
    make("span", { class: "title" }, make("b", {}, product.code), `${product.name} · ${money(product.price)}`), button(word("act.pin"), () => tap(null, { type: "pin", code: product.code }), "small"),
    make("span", { class: `left${product.left !== null && product.left <= 0 ? " out" : ""}` }, leftOf(product)), button("⋯", () => productSheet(product), "small quiet", word("act.more_actions")))));
}

function drawOrders() {
  const rows = [...state.orders.values()].filter((order) => order.lines.length).sort((a, b) => b.number - a.number).slice(0, 200);
  $("orders").replaceChildren(...rows.map((order) => make("li", { onclick: () => orderSheet(order) }, make("span", {}, make("span", { class: "number" }, quantity(order.number)), theirs(order.buyer.name, "name"), ` ${itemsOf(order)}`), make("span", { class: "total" }, money(order.total)),
    make("span", { class: "chips" }, make("span", { class: `chip ${order.status}` }, icon(ICONS[order.status]), word(`status.${order.status}`)), order.fresh && order.status !== "draft" ? make("span", { class: "chip" }, word("status.new")) : null, order.lines.some((line) => line.waitlisted) ? make("span", { class: "chip waiting" }, icon("wait"), word("stock.waiting", { n: order.lines.reduce((sum, line) => sum + line.waitlisted, 0) })) : null))));
}

function draw() {
  if (frame || document.visibilityState === "hidden") return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    drawTop(); drawWork(); drawShown();
    const wide = matchMedia("(min-width: 62em)").matches;
    if (wide || state.tab === "goods") drawGoods();
    if (wide ? document.body.dataset.wide === "orders" : state.tab === "orders") drawOrders();
    if (wide || state.tab === "chat") chat.draw();
  });
}

// --- sheets ---------------------------------------------------------------------------------------------------------

function sheet(...children) {
  $("sheet-body").replaceChildren(...children.flat().filter(Boolean), make("button", { type: "button", onclick: () => $("sheet").close() }, word("act.close")));
  if (!$("sheet").open) $("sheet").showModal();
}

function act(command) { return () => { $("sheet").close(); tap(null, command); }; }

function orderSheet(order) {
  sheet(make("div", { class: "who" }, theirs(order.buyer.name, "name"), make("span", { class: "meta" }, `${order.number} · ${order.code}`)),
    make("ul", { class: "lines" }, order.lines.map((line) => make("li", {}, make("span", { class: "what" }, `${line.code} ${optionWords(line)} ×${quantity(line.quantity)}`),
      make("button", { type: "button", class: "small", "aria-label": word("act.less"), onclick: act({ type: "set_quantity", line: line.id, quantity: Math.max(0, line.quantity - 1) }) }, "−"),
      make("button", { type: "button", class: "small", "aria-label": word("act.more"), onclick: act({ type: "set_quantity", line: line.id, quantity: line.quantity + 1 }) }, "+"),
      make("button", { type: "button", class: "small quiet", onclick: act({ type: "cancel", line: line.id }) }, word("act.cancel_line"))))),
    order.held && (order.status === "draft" || order.fresh) ? make("button", { type: "button", class: "main", onclick: act({ type: "confirm", order: order.code }) }, word("act.confirm", { qty: money(order.total) })) : null,
    make("button", { type: "button", onclick: act({ type: "hide_name", buyer: order.buyer.id }) }, word("act.hide_name")),
    make("button", { type: "button", onclick: act({ type: "cancel", order: order.code }) }, word("act.cancel")));
}

function productSheet(product) {
  const by = make("input", { type: "number", value: "1", step: "any", "aria-label": word("goods.restock") });
  const variants = product.stock || [];
  sheet(make("p", { class: "name" }, `${product.code} ${product.name}`), variants.length ? by : null,
    variants.map((cell) => make("button", { type: "button", onclick: () => { $("sheet").close(); tap(null, { type: "restock", code: product.code, variant: cell.variant, by: Number(by.value) }); } }, `${word("goods.restock")} ${cell.variant}`)),
    product.open ? make("button", { type: "button", onclick: act({ type: "close", code: product.code }) }, word("goods.closed")) : make("button", { type: "button", onclick: act({ type: "open", line: product.code }) }, word("act.open")));
}

function chooseProduct(comment) {
  const find = make("input", { type: "search", placeholder: word("goods.filter"), "aria-label": word("goods.filter") });
  const count = make("input", { type: "number", value: String(comment.lines[0] && comment.lines[0].quantity || 1), step: "any", min: "0", "aria-label": word("act.more") });
  const list = make("div", { class: "stack" });
  const show = () => {
    const text = find.value.trim().toLowerCase();
    const hits = openProducts().filter((product) => !text || `${product.code} ${product.name}`.toLowerCase().includes(text)).slice(0, 8);
    list.replaceChildren(...hits.map((product) => make("button", { type: "button", class: "candidate", onclick: () => { $("sheet").close(); tap(`c${comment.id}`, { type: "read_as", comment: Number(comment.id), lines: [{ code: product.code, quantity: Number(count.value) || 1, options: {} }] }); } }, make("span", { class: "code" }, product.code), make("span", { class: "product" }, product.name), make("span", { class: "left" }, leftOf(product)))));
  };
  find.addEventListener("input", show);
  sheet(spoken(comment), find, count, list);
  show();
}

function openComment(comment) {
  sheet(who(comment, comment.received_at, comment.platform), spoken(comment), reasons(comment),
    comment.order ? make("p", {}, `${word("nav.orders")}: ${comment.order}`) : null,
    comment.role === "seller" ? null : make("button", { type: "button", class: "go", onclick: () => { $("sheet").close(); chooseProduct(comment); } }, word("act.make_order")));
}

function settings() {
  const ended = state.show.status === "ended";
  sheet(make("label", {}, word("show.overlay"), make("input", { readonly: true, value: page.overlay_url, onclick: (event) => event.target.select() })),
    make("p", {}, Object.entries(page.languages).flatMap(([tag, name]) => [make("a", { class: "button small", href: `?lang=${tag}` }, name), " "])),
    make("a", { class: "button", href: "/review" }, word("show.to_review")),
    make("p", { class: "name" }, word("done.recent")), recentList,
    ended ? make("button", { type: "button", onclick: act({ type: "reopen" }) }, word("show.reopen")) : make("button", { type: "button", onclick: act({ type: "end" }) }, word("show.end")));
  loadRecent();
}

const recentList = make("ul", { class: "lines" });

async function loadRecent() {
  const response = await fetch("/api/shows/current/recent").catch(() => null);
  if (!response || !response.ok) return;
  const steps = await response.json();
  recentList.replaceChildren(...steps.slice(0, 30).map((step) => make("li", {}, make("span", { class: "what" }, `${time(step.at)} ${page.words[`status.${step.type}`] || step.type} `, theirs(step.buyer || step.order || "")), step.undone ? null : make("button", { type: "button", class: "small", onclick: act({ type: "undo", event: step.number }) }, word("act.undo")))));
}

// --- wiring ---------------------------------------------------------------------------------------------------------

for (const tabButton of document.querySelectorAll(".tabs button")) {
  tabButton.addEventListener("click", () => {
    state.tab = document.body.dataset.tab = tabButton.dataset.tab;
    for (const other of document.querySelectorAll(".tabs button")) other.setAttribute("aria-selected", String(other === tabButton));
    draw();
  });
}
$("settings").addEventListener("click", settings);
$("to-orders").addEventListener("click", () => { document.body.dataset.wide = "orders"; draw(); });
$("to-chat").addEventListener("click", () => { document.body.dataset.wide = "chat"; draw(); });
$("goods-find").addEventListener("input", draw);
$("chat-find").addEventListener("input", () => { chat.find = $("chat-find").value.trim().toLowerCase(); chat.filter(); draw(); });
$("chat-filter").addEventListener("change", () => { chat.only = $("chat-filter").value; chat.filter(); draw(); });
$("open").addEventListener("submit", (event) => { event.preventDefault(); if ($("open-line").value.trim()) tap(null, { type: "open", line: $("open-line").value }); });
$("try").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/api/parse", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text: $("try-text").value }) }).catch(() => null);
  if (!response) return;
  const answer = await response.json();
  const read = answer.reading;
  $("result").textContent = read ? `${word(`intent.${read.intent}`)} ${read.lines.map((line) => [line.code, optionWords(line), line.quantity === null ? "?" : `×${quantity(line.quantity)}`].filter(Boolean).join(" ")).join(" · ")} ${read.why.map((why) => word(`why.${why.code}`, { ...why.data, codes: (why.data.codes || []).join(", ") })).join(" · ")}` : answer.error;
});

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea, select") || $("sheet").open) return;
  if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); undo(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const choices = $("card").querySelectorAll("button");
  const pressed = { u: undo, n: () => pin(1), p: () => pin(-1), s: () => state.held && later(state.held), "/": () => $("goods-find").focus() }[event.key.toLowerCase()];
  if (pressed) { event.preventDefault(); pressed(); }
  else if (/^[1-4]$/.test(event.key) && choices[Number(event.key) - 1] && choices[Number(event.key) - 1].classList.contains("candidate")) choices[Number(event.key) - 1].click();
  else if (event.key === "Enter" && document.activeElement === document.body) { const main = $("card").querySelector("button.main"); if (main) main.click(); }
});
document.addEventListener("visibilitychange", draw);
addEventListener("resize", draw);

snapshot(page.snapshot);
draw();
openTaps({ changed: draw, answered, refused }).then((opened) => { sender = opened; draw(); });
let closedAt = 0;
listen({
  after: page.number,
  message: told,
  state(is) {
    if (is === "open") { closedAt = 0; state.offline = false; sender.retry(); }
    else {
      closedAt = closedAt || Date.now();
      // A restart of a few seconds is nobody's business.
      setTimeout(() => { if (closedAt && Date.now() - closedAt >= 5000) { state.offline = true; draw(); } }, 5100);
    }
    draw();
  },
});
