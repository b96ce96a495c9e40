// One order a screen: its lines are ticked, one button packs it and prints its label, the next one comes.

import { page, word, quantity, make, named, icon, amount, setting, has } from "./page.js";
import { listen, taps } from "./line.js";

const $ = (id) => document.getElementById(id);
const show = page.snapshot.show, orders = new Map(page.orders.map((order) => [order.code, order]));
const toPack = (order) => ["confirmed", "paid"].includes(order.status);
let at = null, ticked = new Set(), left = page.left, done = page.orders.length < 50, text = "", timer = 0;

const plain = (label, onclick, className, name) => make("button", { type: "button", class: className, onclick, "aria-label": name }, label);
const waiting = () => [...orders.values()].filter(toPack).sort((a, b) => a.number - b.number);
const here = () => orders.get(at);
const lines = (order) => order.lines.filter((line) => line.reserved);
const all = (order) => lines(order).every((line) => ticked.has(line.id));

async function more() {
  if (done) return;
  const last = [...orders.values()].sort((a, b) => a.number - b.number).pop();
  const response = await fetch(`/api/shows/${show.id}/orders?list=pack&limit=50${last ? `&after=${last.code}` : ""}`).catch(() => null);
  if (!response || !response.ok) return;
  const found = await response.json();
  for (const order of found) if (!orders.has(order.code)) orders.set(order.code, order);
  done = found.length < 50;
  draw();
}

function go(by) {
  const found = waiting(), index = found.findIndex((order) => order.code === at);
  const next = found[(index + by + found.length) % found.length];
  at = next ? next.code : null;
  ticked = new Set();
  if (found.length - index < 10) more();
  draw(true);
}

function tick(line) {
  if (ticked.has(line.id)) ticked.delete(line.id); else ticked.add(line.id);
  draw();
}

function pack(order) {
  const next = waiting().find((one) => one.number > order.number) || waiting().find((one) => one.code !== order.code);
  sender.tap(show.id, { type: "packed", order: order.code, seen: order.seen });
  // The label in a window of its own, which closes itself: opened by the tap, or a browser would not.
  if (setting("labels") !== "0") window.open(`/review/print?show=${show.id}&format=${setting("paper") || "a6"}&orders=${order.code}&now=1`, "label");
  orders.set(order.code, { ...order, status: "packed" });
  at = next ? next.code : null;
  ticked = new Set();
  draw(true);
}

function draw(moved = false) {
  const found = waiting();
  if (!here() || !toPack(here())) at = found.length ? found[0].code : null;
  const order = here();
  $("left").textContent = found.length ? word("pack.left", { n: Math.max(left, found.length) }) : word("pack.none");
  const now = JSON.stringify([order, [...ticked]]);
  if (now === text) return;
  text = now;
  if (!order) { $("bag").replaceChildren(make("p", { class: "empty" }, icon("check"), ` ${word("pack.none")}`), make("a", { class: "button go wide", href: `/review?show=${show.id}` }, word("pack.back"))); return; }
  const held = lines(order), late = order.lines.filter((line) => line.waitlisted);
  const box = (line) => {
    const input = make("input", { type: "checkbox", "data-line": line.id, onchange: () => tick(line) });
    input.checked = ticked.has(line.id);
    return make("li", { class: "row" }, make("label", { class: "tick grow" }, input, make("span", { class: "what" }, make("b", { class: "code" }, line.code), ` ${line.name} `, make("b", {}, Object.values(line.options).join(" "))), make("b", { class: "many" }, `×${amount(line.reserved, line.unit)}`)),
      plain(word("pack.missing"), () => missing(order, line), "quiet missing", `${line.code}: ${word("pack.missing")}`));
  };
  const packed = plain([icon("check"), word(setting("labels") === "0" ? "pack.done_only" : "pack.done")], () => pack(order), "main");
  packed.disabled = !all(order);
  const labels = make("input", { type: "checkbox", onchange: () => { setting("labels", labels.checked ? null : "0"); text = ""; draw(); } });
  labels.checked = setting("labels") !== "0";
  const before = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.line : null;
  $("bag").replaceChildren(
    make("div", { class: "bag-head" }, make("b", { class: "number" }, quantity(order.number)), make("h2", {}, named(order.buyer), make("span", { class: "meta" }, `${order.code} · ${has(`status.${order.status}`) ? word(`status.${order.status}`) : ""}`))),
    order.buyer.note ? make("p", { class: "note" }, order.buyer.note) : "",
    make("ul", { class: "ticks" }, held.map(box), late.map((line) => make("li", {}, make("div", { class: "tick waits" }, icon("wait"), make("span", { class: "what" }, make("b", { class: "code" }, line.code), ` ${line.name}`), word("stock.waiting", { n: line.waitlisted }))))),
    make("label", { class: "check" }, labels, word("pack.labels")),
    make("div", { class: "thumb" }, plain(icon("left"), () => go(-1), "square", word("pack.before")), packed, plain(icon("right"), () => go(1), "square", word("pack.next"))));
  const again = before && $("bag").querySelector(`[data-line="${before}"]`);
  if (again) again.focus({ preventScroll: true }); else if (moved) scrollTo(0, 0);
}

// What is not there goes out of this order; whoever took it out by mistake takes that back.
function missing(order, line) { sender.tap(show.id, { type: "cancel", line: line.id, seen: order.seen }); }

function toast(words, event) {
  $("toast").replaceChildren(make("span", {}, words), ...(event ? [plain(word("act.undo"), () => { $("toast").hidden = true; sender.tap(show.id, { type: "undo", event }); })] : []));
  $("toast").hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { $("toast").hidden = true; }, 8000);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || setting("keys") === "0" || event.target.matches("button, a, input:not([data-line])")) return;
  const order = here();
  if (!order) return;
  if (event.key === " ") {
    event.preventDefault();
    const next = lines(order).find((line) => !ticked.has(line.id));
    if (next) tick(next);
  } else if (event.key === "Enter" && all(order)) { event.preventDefault(); pack(order); }
  else if (event.key === "ArrowRight") go(1);
  else if (event.key === "ArrowLeft") go(-1);
});

const sender = taps({
  changed: () => {},
  answered(made, events) {
    const { command } = made;
    if (command.type === "packed") toast(word("pack.packed", { number: order_number(command.order) }), events.length ? events[0].number : null);
    else if (command.type === "cancel") toast(word("pack.taken_out"), events.length ? events[0].number : null);
  },
  refused(made, status, answer) {
    const order = orders.get(made.command.order);
    if (order && order.status === "packed") orders.set(order.code, { ...order, status: answer.status || "confirmed" });
    toast(answer.code === "changed" ? word("conflict.changed") : word("refused.other", { reason: answer.error || String(status) }), null);
    text = "";
    draw();
  },
  back: (n, m) => toast(word("offline.back", { n, m }), null),
  stuck: (status) => { if (status === 507) toast(word("err.db_disk_full"), null); else $("expired").hidden = false; },
});
const order_number = (code) => (orders.has(code) ? quantity(orders.get(code).number) : code);

document.body.dataset.ready = "true";
draw();
listen({
  after: page.number,
  query: `show=${show.id}`,
  message(told) {
    if (!told.now) return;
    if (told.event && told.event.type === "snapshot") { location.reload(); return; }
    for (const order of told.now.orders || []) {
      const before = orders.get(order.code);
      if (before && toPack(before) !== toPack(order)) left += toPack(order) ? 1 : -1;
      else if (before && before.status === "packed" && order.status === "packed" && order.seen !== before.seen) left -= 1;
      if (before || toPack(order)) orders.set(order.code, order);
    }
    draw();
  },
  state(is) { if (is === "key") $("expired").hidden = false; else if (is === "open") { $("expired").hidden = true; sender.retry(); } },
});
