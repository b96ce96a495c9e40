// The review page, kept live: lists that go to zero, rows by shelf number, steps for many at once, all with undo.

import { Rows, page, word, phrase, quantity, money, date, make, named, theirs, icon, itemsText, copy, setting, has, clean } from "./page.js";
import { listen, taps } from "./line.js";
import { drawDetail } from "./detail.js";
import { begin, reach, load, busy, recount, found as foundOf, ask as askFound, askAgain } from "./worklists.js";

const UNDO_FOR = 8000, AHEAD = 1200;
const $ = (name) => document.getElementById(name);
const wide = matchMedia("(min-width: 62em)");

export const know = {
  show: page.snapshot.show, orders: new Map(page.orders.map((order) => [order.code, order])), comments: new Map(), unclear: new Map(page.snapshot.unclear.map((comment) => [comment.id, comment])),
  products: new Map(page.snapshot.products.map((product) => [product.code, product])), counts: { ...page.lists }, sums: page.snapshot.sums, all: page.after === null && !new URL(location.href).searchParams.has("after"),
  open: null, list: "all", find: "", chosen: new Set(), offline: false, key: true,
};
for (const order of page.orders) for (const comment of order.comments || []) know.comments.set(comment.id, comment);
for (const comment of page.snapshot.unclear) know.comments.set(comment.id, comment);

const over = (order) => order.status === "cancelled" || order.status === "returned";
const LACKS = {
  all: (order) => !over(order),
  unsettled: (order) => !over(order) && order.lines.some((line) => !line.settled),
  phone: (order) => !over(order) && !order.buyer.phone,
  address: (order) => !over(order) && !order.buyer.address,
  unpaid: (order) => order.status === "draft" || order.status === "confirmed",
  waiting: (order) => !over(order) && order.lines.some((line) => line.waitlisted && line.settled),
  refused: (order) => !over(order) && order.buyer.refused > 0,
  pack: (order) => order.status === "confirmed" || order.status === "paid",
  send: (order) => order.status === "packed",
};
export const STEPS = { confirm: ["draft", "confirmed"], paid: ["confirmed"], packed: ["confirmed", "paid"], shipped: ["packed"], returned: ["shipped"] };
export const stepWord = (type) => word(type === "confirm" ? "status.confirmed" : `act.${type}`);

// --- what is told ---------------------------------------------------------------------------------------------------

function count(before, after) {
  for (const [list, lacks] of Object.entries(LACKS)) know.counts[list] += Number(Boolean(after && lacks(after))) - Number(Boolean(before && lacks(before)));
}

function take(now, fresh) {
  for (const comment of now.comments || []) {
    know.comments.set(comment.id, comment);
    if (comment.unclear && comment.unclear.open) know.unclear.set(comment.id, comment); else know.unclear.delete(comment.id);
  }
  know.counts.unclear = know.unclear.size;
  for (const product of now.products || []) know.products.set(product.code, product);
  if (now.show) know.show = now.show;
  if (now.sums) know.sums = now.sums;
  for (const order of now.orders || []) {
    const before = know.orders.get(order.code);
    // An order that was never loaded was counted by the server; one that is new was not.
    if (before || fresh) count(before, order); else if (!know.all) recount();
    askAgain(order.code);
    if (before || fresh || know.all) know.orders.set(order.code, before && before.comments && !order.comments ? { ...order, comments: before.comments } : order);
  }
}

// --- rows -----------------------------------------------------------------------------------------------------------

const rows = new Rows($("scroll"), $("rows"), (row) => row.key, (row) => (row.comment ? askedRow(row) : orderRow(row)));
let drawn = new Map();

function matches(order, text) {
  const { buyer } = order;
  return `${order.number} ${order.code} ${buyer.name} ${buyer.phone || ""} ${(buyer.phone || "").replace(/^\+\d\d/, "0")} ${itemsText(order)}`.toLowerCase().includes(text);
}

export function current() {
  if (know.list === "unclear") return [...know.unclear.values()].map((comment) => ({ key: `c${comment.id}`, comment }));
  const lacks = LACKS[know.list], text = know.find, { until } = reach(know.all ? "" : text ? "" : know.list);
  // The one that is open stays in its row, also when it lacks nothing any more; what is beyond the pages that were
  // loaded waits, so that no row ever comes between two others.
  const found = [...know.orders.values()].filter((order) => order.code === know.open || ((know.list === "all" && text ? true : lacks(order)) && (text ? matches(order, text) : order.number <= until || know.all)));
  return found.sort((a, b) => a.number - b.number).map((order) => ({ key: `o${order.code}`, order }));
}

function lack(order) {
  if (over(order) || order.status === "shipped" || order.status === "packed") return ["fine", icon({ cancelled: "cross", returned: "back", shipped: "arrow", packed: "box" }[order.status]), word(`status.${order.status}`)];
  if (LACKS.unsettled(order)) return ["", icon("ask"), word("rev.unsettled")];
  if (LACKS.waiting(order)) return ["", icon("wait"), word("rev.waiting")];
  if (!order.buyer.phone) return ["", word("rev.no_phone")];
  if (!order.buyer.address) return ["", word("rev.no_address")];
  return order.status === "paid" ? ["fine", icon("coin"), word("status.paid")] : ["", word("rev.unpaid")];
}

function orderRow({ order, now, chosen }) {
  const box = make("input", { type: "checkbox", "aria-label": word("rev.choose", { n: order.number, buyer: clean(order.buyer.name) }), onchange: () => pick(order.code, box.checked) });
  box.checked = chosen;
  const [kind, ...text] = lack(order);
  return make("div", { class: `line ${order.status}${now ? " now" : ""}`, "data-order": order.code }, make("label", { class: "pick" }, box),
    make("button", { type: "button", class: "open", "aria-current": now ? "true" : null, onclick: () => openOrder(order.code) }, make("b", { class: "number" }, quantity(order.number)),
      make("span", { class: "name" }, named(order.buyer), order.buyer.refused ? [" ", icon("flag", word("buyer.refused", { n: order.buyer.refused }))] : null), make("span", { class: "total" }, money(order.total)),
      make("span", { class: "items" }, itemsText(order)), make("span", { class: `lack ${kind}` }, text)));
}

function askedRow({ comment, now }) {
  return make("div", { class: `line asked${now ? " now" : ""}` }, make("span", { class: "pick" }, icon("ask")),
    make("button", { type: "button", class: "open", onclick: () => openComment(comment.id) }, make("span", { class: "name" }, named(comment)), make("span", { class: "meta" }, comment.platform), make("span", { class: "items" }, theirs(comment.text.slice(0, 200)))));
}

let frame = 0;
export function draw() { if (!frame) frame = requestAnimationFrame(() => { frame = 0; paint(); }); }

function paint() {
  const next = new Map();
  const found = current().map((row) => {
    const now = row.key === know.open || (row.order && row.order.code === know.open), chosen = row.order ? know.chosen.has(row.order.code) : false;
    const before = drawn.get(row.key);
    const same = before && before.order === row.order && before.comment === row.comment && before.now === now && before.chosen === chosen;
    const item = same ? before : { ...row, now, chosen };
    next.set(row.key, item);
    return item;
  });
  drawn = next;
  rows.set(found);
  near();
  const waits = !know.all && busy(know.find ? "" : know.list);
  $("none").hidden = found.length > 0;
  if (!found.length) $("none").textContent = word(waits ? "rev.loading" : know.find ? "rev.no_hit" : know.counts.all || know.list !== "all" ? "rev.none_here" : "rev.empty");
  for (const button of document.querySelectorAll("[data-list]")) {
    const n = know.counts[button.dataset.list];
    button.querySelector("b").textContent = n > 0 ? quantity(n) : "✓";
    button.setAttribute("aria-pressed", String(button.dataset.list === know.list));
  }
  $("title").textContent = [word("show.title", { date: date(know.show.opened_at) }), word("show.orders", { n: know.sums.orders }), money(know.sums.total)].join(" · ");
  const bars = know.offline ? [make("div", { class: "bar bad" }, word("offline.queued", { n: sender.size() }))] : know.show.status === "open" ? [make("div", { class: "bar ok" }, word("rev.running"))] : [];
  $("bars").replaceChildren(...bars);
  $("expired").hidden = know.key;
  drawBulk(found);
  drawOffers();
}

// --- one person, several buyers; phones that were found -------------------------------------------------------------

// The next page comes before the end of this one is seen; a search looks through all orders.
function near() {
  if (know.list === "unclear" || know.all) return;
  const list = know.find ? "" : know.list, box = $("scroll");
  if (!reach(list).done && !busy(list) && (list === "" || box.scrollTop + box.clientHeight > box.scrollHeight - AHEAD)) load(list, list === "");
}

export function orderChanged() { $("offers").dataset.text = ""; drawDetail(); draw(); }

function drawOffers() {
  const offers = [], byPhone = new Map();
  const no = new Set((setting("not-same") || "").split(" "));
  for (const order of know.orders.values()) {
    if (over(order) || !order.buyer.phone) continue;
    const known = byPhone.get(order.buyer.phone);
    if (known && known.buyer.id !== order.buyer.id && !no.has(`${known.buyer.id}-${order.buyer.id}`)) offers.push([known, order]);
    else if (!known) byPhone.set(order.buyer.phone, order);
  }
  const kind = know.list === "address" ? "address" : "phone";
  const rows = ["phone", "address"].includes(know.list) ? current().filter((row) => row.order) : [];
  askFound(rows.map((row) => row.order));
  const found = rows.map((row) => [row.order, foundOf(row.order, kind)]).filter(([, one]) => one);
  const text = JSON.stringify([offers.map(([a, b]) => [a.code, b.code]), found.map(([order]) => order.code)]);
  if ($("offers").dataset.text === text) return;
  $("offers").dataset.text = text;
  $("offers").replaceChildren(...offers.slice(0, 2).map(([a, b]) => make("div", { class: "offer" }, icon("link"), make("span", { class: "text" }, phrase("rev.same_phone", { a: make("span", {}, `${quantity(a.number)} `, named(a.buyer)), b: make("span", {}, `${quantity(b.number)} `, named(b.buyer)) })),
    make("button", { type: "button", class: "go", onclick: () => step({ type: "link", buyers: [a.buyer.id, b.buyer.id] }, word("done.linked")) }, word("act.link")),
    make("button", { type: "button", onclick: () => { setting("not-same", `${setting("not-same") || ""} ${a.buyer.id}-${b.buyer.id}`); $("offers").dataset.text = ""; draw(); } }, word("act.not_same")))),
    ...(found.length > 1 ? [make("div", { class: "offer" }, icon("link"), make("button", { type: "button", class: "go", onclick: () => fill(kind, found) }, word(kind === "phone" ? "rev.fill_all" : "rev.fill_addresses", { n: found.length })))] : []));
}

function fill(kind, found) {
  for (const [order, one] of found) sender.tap(know.show.id, { type: "set_contact", buyer: order.buyer.id, [kind]: one.value }, "fill");
  toast([word("rev.filled", { n: found.length })], null, null, () => { for (const [order] of found) sender.tap(know.show.id, { type: "set_contact", buyer: order.buyer.id, [kind]: "" }, "fill"); });
}

// --- opening --------------------------------------------------------------------------------------------------------

export function openOrder(code) {
  know.open = code;
  document.body.dataset.open = "true";
  drawDetail();
  draw();
  $("detail").scrollTop = 0;
  if (!wide.matches) history.replaceState({ open: code }, "");
}

function openComment(id) { openOrder(`c${id}`); }

export function shut() {
  const row = know.open;
  know.open = null;
  delete document.body.dataset.open;
  drawDetail();
  draw();
  setTimeout(() => { const back = $("rows").querySelector(`[data-order="${row}"] .open`); if (back) back.focus({ preventScroll: true }); }, 50);
}

// --- steps ----------------------------------------------------------------------------------------------------------

const texts = new Map();

export function step(command, text, key) {
  const who = setting("who");
  const made = sender.tap(know.show.id, who ? { ...command, who } : command, key || "step");
  texts.set(made.id, text);
  return made;
}

function answered(made, events) {
  const { command } = made;
  if (command.type === "undo" || made.key === "fill" || made.key === "field") { draw(); return; }
  const numbers = events.map((one) => one.number);
  if (command.orders && command.orders.length > 1) {
    const done = new Set(events.filter((one) => one.event.order && ["confirmed", "paid", "packed", "shipped", "returned"].includes(one.event.type)).map((one) => one.event.order));
    const left = command.orders.filter((code) => !done.has(code));
    if (left.length) { toast([word("rev.bulk_part", { n: done.size, m: left.length })], numbers[0], () => whyNot(left)); return; }
    toast([word("rev.bulk", { n: done.size, status: stepWord(command.type).toLowerCase() })], numbers[0]);
    return;
  }
  toast([texts.get(made.id) || word("done.other")].flat(), numbers.length ? numbers[0] : null);
}

const CODES = { changed: "conflict.changed", done: "conflict.done", undone: "undo.undone", nothing_to_undo: "undo.nothing", nothing_held: "conflict.stock", not_unclear: "conflict.done", not_found: "refused.gone" };
function refused(made, status, answer) {
  if (made.key === "field") return;
  const code = answer.code || "";
  if (code === "too_late" || code === "status") toast([code === "too_late" ? word("undo.too_late", { code: answer.order || "", status: has(`status.${answer.status}`) ? word(`status.${answer.status}`).toLowerCase() : "" }) : `${answer.order || ""}: ${has(`status.${answer.status}`) ? word(`status.${answer.status}`) : ""}`], null);
  else if (answer.who && CODES[code] === "conflict.done") toast([word("conflict.done_by", { who: clean(answer.who) })], null);
  else toast([CODES[code] ? word(CODES[code]) : has(`refused.${code}`) ? word(`refused.${code}`, { left: answer.left === undefined ? "" : answer.left, product: answer.product || "" }) : word("refused.other", { reason: answer.error || String(status) })], null);
}

let toastTimer = 0;
export function toast(text, event, more, back) {
  $("toast").replaceChildren(make("span", {}, text), ...(more ? [make("button", { type: "button", onclick: more }, "…")] : []), ...(event ? [make("button", { type: "button", onclick: () => { $("toast").hidden = true; sender.tap(know.show.id, { type: "undo", event }, "step"); } }, word("act.undo"))] : []), ...(back ? [make("button", { type: "button", onclick: () => { $("toast").hidden = true; back(); } }, word("act.undo"))] : []));
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, UNDO_FOR);
}

function whyNot(codes) {
  sheet(make("h2", {}, word("rev.why_not")), codes.map((code) => {
    const order = know.orders.get(code);
    return make("button", { type: "button", class: "choice", onclick: () => { $("sheet").close(); openOrder(code); } }, make("b", { class: "code" }, order ? quantity(order.number) : code), make("span", { class: "grow" }, order ? named(order.buyer) : ""), make("span", { class: "meta" }, order ? word(`status.${order.status}`) : ""));
  }));
}

// --- many at once ---------------------------------------------------------------------------------------------------

function pick(code, on) { if (on) know.chosen.add(code); else know.chosen.delete(code); draw(); }

let choosing = false; // all of a list, while it is fetched

function drawBulk(found) {
  const orders = [...know.chosen].map((code) => know.orders.get(code)).filter(Boolean);
  $("bulk").hidden = orders.length === 0;
  const here = found.filter((row) => row.order).map((row) => row.order.code);
  $("choose-all").checked = choosing || here.length > 0 && here.every((code) => know.chosen.has(code));
  $("choose-all").indeterminate = !$("choose-all").checked && orders.length > 0;
  if (!orders.length) return;
  $("chosen").textContent = word("rev.selected", { n: orders.length });
  const types = Object.keys(STEPS).filter((type) => type !== "returned" && orders.some((order) => STEPS[type].includes(order.status) && (type !== "confirm" || order.status === "draft")));
  const text = JSON.stringify([types, [...know.chosen]]);
  if ($("bulk-steps").dataset.text === text) return;
  $("bulk-steps").dataset.text = text;
  $("bulk-steps").replaceChildren(...types.map((type, at) => make("button", { type: "button", class: at === 0 ? "go" : "", onclick: () => { const codes = [...know.chosen]; know.chosen.clear(); step({ type, orders: codes }); draw(); } }, type === "confirm" ? word("act.confirm_all", { n: orders.filter((order) => order.status === "draft").length }) : stepWord(type))),
    ...together(orders), make("a", { class: "button", href: printAddress([...know.chosen]) }, word("act.print")), make("a", { class: "button", href: `/review/pick?show=${know.show.id}&orders=${[...know.chosen].join(",")}` }, word("pick.title")), make("button", { type: "button", class: "quiet", onclick: () => { know.chosen.clear(); draw(); } }, word("act.clear")));
}

// Two orders of two buyers: are they one person?
function together(orders) {
  const buyers = [...new Set(orders.map((order) => order.buyer.id))];
  return orders.length === 2 && buyers.length === 2 ? [make("button", { type: "button", onclick: () => { know.chosen.clear(); step({ type: "link", buyers }, word("done.linked")); draw(); } }, word("act.link"))] : [];
}

export const printAddress = (codes) => `/review/print?show=${know.show.id}&format=${setting("paper") || "a6"}&orders=${codes.join(",")}`;

// --- sheets: what to buy in, the keys -------------------------------------------------------------------------------

function sheet(...children) {
  $("sheet-body").replaceChildren(...children.flat(2).filter(Boolean));
  const title = $("sheet-body").querySelector("h2");
  if (title) title.id = "sheet-title";
  if (!$("sheet").open) $("sheet").showModal();
}

function buyIn() {
  const short = [...know.products.values()].filter((product) => product.waiting > 0);
  const text = short.map((product) => word("rev.buy_in_line", { product: `${product.code} ${product.name}`, n: product.waiting, unit: product.unit })).join("\n");
  sheet(make("h2", {}, word("rev.buy_in")), short.length
    ? [make("table", { class: "buy-in" }, make("tbody", {}, short.map((product) => make("tr", {}, make("td", {}, make("b", {}, product.code), ` ${product.name}`), make("td", {}, make("b", {}, `${quantity(product.waiting)} ${product.unit}`), make("br"), make("span", { class: "meta" }, word("rev.buy_value", { sum: money(product.waiting * Number(product.price)) }))),
        make("td", {}, product.stock && product.stock.length === 1 ? make("button", { type: "button", onclick: () => { $("sheet").close(); step({ type: "restock", code: product.code, by: product.waiting }, phrase("done.stock", { code: product.code })); } }, icon("check"), word("act.add_stock", { n: product.waiting })) : ""))))),
      make("button", { type: "button", class: "go", onclick: () => { if (copy(text)) toast([word("rev.copied_plain")], null); $("sheet").close(); } }, word("act.copy_address"))]
    : [make("p", { class: "empty" }, word("rev.nothing_to_buy"))]);
}

function help() {
  const keys = [["J K", "help.rows"], ["X", "help.choose"], ["M", "help.message"], ["T", "act.paid"], ["B", "act.packed"], ["L", "help.print"], ["/", "help.find"], ["Esc", "help.close"]];
  sheet(make("h2", {}, word("help.title")), make("dl", { class: "keys" }, keys.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, word(text))])));
}

// --- wiring ---------------------------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("[data-list]")) button.addEventListener("click", () => { know.list = button.dataset.list; know.chosen.clear(); $("scroll").scrollTop = 0; if (wide.matches) know.open = null; drawDetail(); draw(); });
$("find").addEventListener("input", () => { know.find = $("find").value.trim().toLowerCase(); $("scroll").scrollTop = 0; draw(); });
$("choose-all").addEventListener("change", async () => {
  const on = $("choose-all").checked;
  choosing = on;
  // All of the list, not only what was scrolled to.
  if (on && know.list !== "unclear" && !know.find) await load(know.list, true);
  choosing = false;
  if (on) for (const row of current()) { if (row.order) know.chosen.add(row.order.code); } else know.chosen.clear();
  draw();
});
$("scroll").addEventListener("scroll", near, { passive: true });
$("buy-in").addEventListener("click", buyIn);
$("help").addEventListener("click", help);
$("sheet-close").addEventListener("click", () => $("sheet").close());
$("sheet").addEventListener("click", (event) => { if (event.target === $("sheet")) $("sheet").close(); });
if ($("show")) $("show").addEventListener("change", () => $("show").form.submit());

document.addEventListener("keydown", (event) => {
  if (event.target.matches("input:not([type=checkbox]), textarea, select") || $("sheet").open || event.ctrlKey || event.metaKey || event.altKey || setting("keys") === "0") {
    if (event.key === "Escape" && event.target.matches("input")) event.target.blur();
    return;
  }
  const key = event.key.toLowerCase(), order = know.orders.get(know.open);
  const move = (by) => { const found = current(); const at = found.findIndex((row) => row.key === know.open || (row.order && row.order.code === know.open)); const next = found[at < 0 ? (by > 0 ? 0 : found.length - 1) : at + by]; if (next) { openOrder(next.order ? next.order.code : next.key); rows.show(found.indexOf(next)); } };
  const keys = { j: () => move(1), k: () => move(-1), "/": () => $("find").focus(), "?": help, escape: shut,
    x: () => order && pick(order.code, !know.chosen.has(order.code)), m: () => document.querySelector("[data-copy]") && document.querySelector("[data-copy]").click(), t: () => order && step({ type: "paid", order: order.code, seen: order.seen }, `${quantity(order.number)}: ${stepWord("paid")}`), b: () => order && step({ type: "packed", order: order.code, seen: order.seen }, `${quantity(order.number)}: ${stepWord("packed")}`), l: () => order && location.assign(printAddress([order.code])) };
  if (keys[key]) { event.preventDefault(); keys[key](); }
});

begin();
let sender = { tap: () => ({}), size: () => 0, stuckSince: () => 0, retry() {} };
sender = taps({ changed: draw, answered, refused, back: (n, m) => toast([word("offline.back", { n, m })], null), stuck: (status) => { if (status === 507) toast([word("err.db_disk_full")], null); else { know.key = false; draw(); } } });
document.body.dataset.ready = "true";
draw();
let closedAt = 0;
listen({
  after: page.number,
  query: `show=${know.show.id}`,
  message(told) {
    if (!told.now) return;
    if (told.event && told.event.type === "snapshot") { location.reload(); return; } // away for so long that all may be different
    take(told.now, Boolean(told.event && told.event.type === "drafted" && (told.now.orders || []).length));
    drawDetail();
    draw();
  },
  state(is) {
    if (is === "key") know.key = false;
    else if (is === "open") { closedAt = 0; know.offline = false; know.key = true; sender.retry(); document.dispatchEvent(new Event("livesell-line")); }
    else { closedAt = closedAt || Date.now(); setTimeout(() => { if (closedAt && Date.now() - closedAt >= 5000) { know.offline = know.key; draw(); } }, 5100); }
    draw();
  },
});
