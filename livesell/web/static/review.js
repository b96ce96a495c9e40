// The review page, kept live: edits save by themselves and never lose what was typed, also over a reload.

import { page, word, quantity, money, time, make, theirs, icon } from "./words.js";
import { listen } from "./feed.js";
import { id } from "./taps.js";

const ICONS = { draft: "ring", confirmed: "disc", paid: "coin", packed: "box", shipped: "arrow", returned: "back", cancelled: "cross" };
const NEXT = { draft: ["confirm"], confirmed: ["paid", "packed"], paid: ["packed"], packed: ["shipped"], shipped: ["returned"] };
const REST = 700, UNDO_FOR = 8000;
const $ = (name) => document.getElementById(name);
const show = page.snapshot.show.id;
const orders = new Map(page.orders.map((order) => [order.code, order]));
const comments = new Map(page.orders.flatMap((order) => order.comments).map((comment) => [comment.id, comment]));
let opened = null, list = "all", chosen = new Set();

const lacks = {
  all: () => true,
  unclear: (order) => order.lines.some((line) => !line.settled),
  phone: (order) => !order.buyer.phone && order.status !== "cancelled",
  address: (order) => !order.buyer.address && order.status !== "cancelled",
  unpaid: (order) => order.status === "draft" || order.status === "confirmed",
  waiting: (order) => order.lines.some((line) => line.waitlisted),
  refused: (order) => order.buyer.refused > 0,
};

async function send(command) {
  const response = await fetch(`/api/shows/${show}/commands`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...command, id: id() }) });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error || String(response.status));
  return answer.events;
}

async function step(command, text) {
  try {
    const events = await send(command);
    const first = events.find((one) => one.event.type !== "comment");
    toast(text || word("done.other"), first && command.type !== "undo" ? first.number : null);
  } catch (error) { toast(error.message, null); }
}

function toast(text, undo) {
  const box = $("toast");
  box.replaceChildren(make("span", {}, text), ...(undo ? [make("button", { type: "button", onclick: () => { box.hidden = true; step({ type: "undo", event: undo }); } }, word("act.undo"))] : []));
  box.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { box.hidden = true; }, UNDO_FOR);
}

const textOf = (order) => order.lines.map((line) => [line.code, ...Object.values(line.options), `×${quantity(line.quantity)}`].join(" ")).join(" · ");

function row(order) {
  const box = make("input", { type: "checkbox", value: order.code, "aria-label": `${order.number} ${order.buyer.name}`, onclick: (event) => event.stopPropagation(), onchange: (event) => { if (event.target.checked) chosen.add(order.code); else chosen.delete(order.code); bulk(); } });
  box.checked = chosen.has(order.code);
  return make("li", { "data-order": order.code, tabindex: "0", "aria-current": String(order.code === opened), onclick: () => choose(order.code), onkeydown: (event) => { if (event.key === "Enter" && event.target.tagName === "LI") choose(order.code); } },
    box, make("span", { class: "number" }, quantity(order.number)), make("span", { class: "who" }, theirs(order.buyer.name, "name")), make("span", { class: "total" }, money(order.total)),
    make("span", { class: "items" }, textOf(order)), make("span", { class: "state" }, make("span", { class: `chip ${order.status}` }, icon(ICONS[order.status]), " ", word(`status.${order.status}`))));
}

function drawRows() {
  const more = $("rows").querySelector(".more");
  const found = [...orders.values()].filter(lacks[list]).sort((a, b) => a.number - b.number);
  $("rows").replaceChildren(...found.map(row), ...(found.length ? [] : [make("li", { class: "empty" }, word("rev.empty"))]), ...(more ? [more] : []));
  for (const button of document.querySelectorAll("[data-list]")) {
    const count = [...orders.values()].filter(lacks[button.dataset.list]).length;
    if (!more && button.dataset.list !== "unclear") button.querySelector("b").textContent = count ? quantity(count) : "✓";
  }
}

function choose(code) {
  opened = code;
  document.body.dataset.open = "true";
  drawRows();
  drawDetail();
}

const draftKey = (buyer, field) => `livesell:${buyer}:${field}`;

function field(buyer, name, label, value) {
  const input = make("input", { name, value: value || "", autocomplete: "off", "data-field": name });
  const saved = make("span", { class: "saved", "aria-live": "polite" });
  const kept = localStorage.getItem(draftKey(buyer.id, name));
  if (kept !== null && kept !== (value || "")) { input.value = kept; saved.textContent = word("rev.not_saved"); saved.classList.add("bad"); }
  let timer = 0, last = value || "";
  const save = async () => {
    clearTimeout(timer);
    if (input.value === last) return;
    const wanted = input.value;
    saved.textContent = `• ${word("rev.saving")}`; saved.classList.remove("bad");
    try {
      await send({ type: "set_contact", buyer: buyer.id, [name]: wanted });
      last = wanted;
      localStorage.removeItem(draftKey(buyer.id, name));
      saved.textContent = `✓ ${word("rev.saved", { time: time(new Date().toISOString()) })}`;
    } catch { saved.textContent = `▲ ${word("rev.not_saved")}`; saved.classList.add("bad"); }
  };
  input.addEventListener("input", () => { localStorage.setItem(draftKey(buyer.id, name), input.value); clearTimeout(timer); timer = setTimeout(save, REST); });
  input.addEventListener("blur", save);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") save(); });
  return make("label", { class: "field" }, label, input, saved);
}

function drawDetail() {
  const order = orders.get(opened);
  if (!order) return;
  const focused = document.activeElement;
  if (focused && $("detail").contains(focused) && focused.matches("input")) return; // a field in use is left alone
  const mine = order.lines.flatMap((line) => line.comments).map((one) => comments.get(one)).filter(Boolean);
  const found = mine.find((comment) => comment.phone && comment.phone !== order.buyer.phone);
  $("detail").replaceChildren(make("article", {},
    make("button", { type: "button", class: "small quiet back", onclick: () => { delete document.body.dataset.open; opened = null; drawRows(); } }, `‹ ${word("nav.orders")}`),
    make("h2", {}, `${quantity(order.number)} · ${order.code} `, theirs(order.buyer.name, "name"), " ", make("span", { class: `chip ${order.status}` }, icon(ICONS[order.status]), " ", word(`status.${order.status}`))),
    make("p", { class: "meta" }, (order.buyer.platforms || []).join(" + ")),
    field(order.buyer, "phone", word("rev.phone"), order.buyer.phone),
    found ? make("button", { type: "button", class: "small", onclick: () => step({ type: "set_contact", buyer: order.buyer.id, phone: found.phone }) }, icon("link"), word("act.use", { value: found.phone, time: time(found.received_at) })) : null,
    field(order.buyer, "address", word("rev.address"), order.buyer.address), field(order.buyer, "note", word("rev.note"), order.buyer.note),
    make("ul", { class: "lines" }, order.lines.map((line) => make("li", {},
      make("div", { class: "head" }, make("span", { class: "what" }, `${line.code} ${line.name} ${Object.values(line.options).join(" ")} ×${quantity(line.quantity)}`), make("span", {}, money(line.amount)),
        line.waitlisted ? make("span", { class: "chip waiting" }, icon("wait"), word("stock.waiting", { n: line.waitlisted })) : null,
        make("button", { type: "button", class: "small", "aria-label": word("act.less"), onclick: () => step({ type: "set_quantity", line: line.id, quantity: Math.max(0, line.quantity - 1), seen: order.seen }) }, "−"),
        make("button", { type: "button", class: "small", "aria-label": word("act.more"), onclick: () => step({ type: "set_quantity", line: line.id, quantity: line.quantity + 1, seen: order.seen }) }, "+"),
        make("button", { type: "button", class: "small quiet", onclick: () => step({ type: "cancel", line: line.id }) }, word("act.cancel_line"))),
      make("ul", { class: "because" }, line.comments.map((one) => comments.get(one)).filter(Boolean).map((comment) => make("li", {}, `${time(comment.received_at)} ${comment.platform} “`, theirs(comment.text.slice(0, 300), "said"), "” → ", comment.why.map((why) => word(`why.${why.code}`, { ...why.data, codes: (why.data.codes || []).join(", ") })).join(" · "))))))),
    make("p", { class: "sum" }, `${word("rev.total")} ${money(order.total)}`),
    make("div", { class: "steps" }, (NEXT[order.status] || []).map((type) => make("button", { type: "button", class: "go", onclick: () => step({ type, order: order.code, seen: order.seen }) }, type === "confirm" ? word("status.confirmed") : word(`act.${type}`))),
      make("button", { type: "button", onclick: () => copy(order) }, word("act.copy")),
      make("a", { class: "button", href: `/review/print?show=${show}&format=a6&orders=${order.code}` }, word("act.print")),
      ["draft", "confirmed", "paid", "packed"].includes(order.status) ? make("button", { type: "button", class: "quiet", onclick: () => step({ type: "cancel", order: order.code }) }, word("act.cancel")) : null)));
}

function copy(order) {
  const text = word("rev.message", { name: order.buyer.name, code: order.code, items: textOf(order), sum: money(order.total) });
  // Plain http on the local network is no secure context: there is no clipboard there, but there is this.
  const area = make("textarea", { class: "visually-hidden" }, text);
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  toast(word("rev.copied"), null);
}

function bulk() {
  $("bulk").hidden = chosen.size === 0;
  $("bulk").querySelector("span").textContent = word("rev.selected", { n: chosen.size });
}

for (const button of document.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => { const codes = [...chosen]; chosen = new Set(); bulk(); step({ type: button.dataset.step, orders: codes }, word("rev.done", { n: codes.length, status: button.textContent })); drawRows(); });
}
document.querySelector("[data-print]").addEventListener("click", () => { location.href = `/review/print?show=${show}&format=a6&orders=${[...chosen].join(",")}`; });
for (const button of document.querySelectorAll("[data-list]")) {
  button.addEventListener("click", () => { list = button.dataset.list; for (const other of document.querySelectorAll("[data-list]")) other.setAttribute("aria-pressed", String(other === button)); drawRows(); });
}

drawRows();
listen({
  after: page.number,
  query: `show=${show}`,
  message(told) {
    const now = told.now || {};
    for (const comment of now.comments || []) comments.set(comment.id, comment);
    // Rows that this page has are kept up; new ones join the last page only, so that nothing moves while it is read.
    for (const order of now.orders || []) if (orders.has(order.code) || !page.after) orders.set(order.code, order);
    if (now.orders) { drawRows(); drawDetail(); }
  },
  state() {},
});
