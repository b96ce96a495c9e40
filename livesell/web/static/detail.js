// One order in full: the buyer's fields that save by themselves and lose nothing, the goods with the comments behind each
// line, a message to copy, the next step. Or one unclear comment with its question.

import { page, word, phrase, has, quantity, money, time, make, named, theirs, icon, chip, amount, itemsText, marked, reasons, askedFor, clean, copy, setting } from "./page.js";
import { id as newId, post } from "./line.js";
import { know, step, shut, toast, draw, STEPS, stepWord, printAddress } from "./review.js";
import { ask as askFound, found as foundOf } from "./worklists.js";

const REST = 700;
const box = document.getElementById("detail");
let shownKey = null, shownText = "";
const fields = new Map(); // "buyer name" -> the field that is open

const plain = (label, onclick, className, name) => make("button", { type: "button", class: className, onclick, "aria-label": name }, label);

function findComments(order) {
  const ids = new Set(order.lines.flatMap((line) => line.comments));
  return [...ids].map((one) => know.comments.get(one) || (order.comments || []).find((comment) => comment.id === one)).filter(Boolean);
}

// The comments behind an order that came without them.
async function fetchComments(order) {
  const missing = [...new Set(order.lines.flatMap((line) => line.comments))].filter((one) => !know.comments.has(one)).slice(0, 20);
  if (!missing.length) return;
  await Promise.all(missing.map(async (one) => {
    const response = await fetch(`/api/shows/${know.show.id}/comments?before=${Number(one) + 1}&limit=1`).catch(() => null);
    const found = response && response.ok ? await response.json().catch(() => []) : [];
    for (const comment of found) if (comment.id === one) know.comments.set(one, comment);
  }));
  shownText = "";
  drawDetail();
}

export function drawDetail() {
  const order = know.orders.get(know.open), comment = know.open && know.open.startsWith("c") ? know.comments.get(know.open.slice(1)) : null;
  const key = know.open, text = JSON.stringify(order ? [order, findComments(order), foundOf(order, "phone"), foundOf(order, "address")] : comment);
  if (order) askFound([order]);
  if (key === shownKey && text === shownText) return;
  if (key !== shownKey) { for (const field of fields.values()) field.save(); fields.clear(); }
  const focused = key === shownKey && box.contains(document.activeElement) ? document.activeElement.dataset.role : null;
  const before = shownKey;
  shownKey = key;
  shownText = text;
  if (order) {
    // The same order drawn anew stays where it was being read.
    const at = key === before && box.firstElementChild ? box.firstElementChild.scrollTop : 0;
    box.replaceChildren(...orderDetail(order));
    box.firstElementChild.scrollTop = at;
    fetchComments(order);
  } else if (comment) box.replaceChildren(commentDetail(comment));
  else box.replaceChildren(make("p", { class: "empty" }, word("rev.pick")));
  if (focused) { const again = box.querySelector(`[data-role="${focused}"]`); if (again) again.focus({ preventScroll: true }); }
}

const back = () => plain([icon("left"), word("nav.orders")], shut, "quiet back");

function orderDetail(order) {
  const { buyer } = order, open = !["shipped", "returned", "cancelled"].includes(order.status);
  const taken = (kind) => { const one = foundOf(order, kind); return one ? plain([icon("link"), word("rev.use_found", { value: one.value, time: time(one.at) })], () => use(buyer, kind, one.value), "found") : null; };
  const steps = Object.keys(STEPS).filter((type) => STEPS[type].includes(order.status) && (type !== "confirm" || order.status === "draft" || order.fresh));
  const say = (type) => `${quantity(order.number)}: ${stepWord(type)}`;
  return [make("article", {}, back(),
    make("h2", {}, `${quantity(order.number)} · ${order.code} `, named(buyer)),
    make("p", { class: "under" }, chip(order.status), buyer.refused ? make("span", { class: "chip refused" }, icon("flag"), word("buyer.refused", { n: buyer.refused })) : null, make("span", { class: "meta" }, `${buyer.platforms.join(" + ")} · ${time(order.created_at)}`),
      buyer.platforms.length > 1 ? plain(word("act.split"), () => step({ type: "unlink", buyer: buyer.id }, word("done.linked")), "quiet") : null),
    buyer.before.orders || buyer.before.returned ? make("p", { class: "meta" }, [buyer.before.orders ? word("buyer.before", { n: buyer.before.orders }) : null, buyer.before.returned ? word("buyer.returned", { n: buyer.before.returned }) : null].filter(Boolean).join(" · ")) : null,
    make("section", { class: "panel" }, make("h3", {}, word("rev.contact")), make("div", { class: "fields" },
      field(buyer, "phone", word("rev.phone"), "tel", taken("phone")),
      field(buyer, "name", word("rev.name"), "text"), field(buyer, "address", word("rev.address"), "text", taken("address"), "whole"), field(buyer, "note", word("rev.note"), "text", null, "whole"))),
    make("section", { class: "panel" }, make("h3", {}, word("rev.lines")), make("ul", { class: "goods" }, order.lines.map((line) => lineDetail(order, line, open))), make("p", { class: "total-line" }, make("span", {}, word("rev.total")), make("span", {}, money(order.total)))),
    messages(order),
    make("div", { class: "row" }, make("a", { class: "button grow", href: printAddress([order.code]) }, word("act.print")), open ? plain(word("act.cancel"), () => step({ type: "cancel", order: order.code, seen: order.seen }, phrase("done.cancelled", { buyer: named(buyer) })), "danger grow") : null)),
    // Beside what scrolls, never over it.
    make("div", { class: "row next" }, steps.map((type, at) => plain([at === 0 ? icon("check") : null, type === "confirm" ? word("act.confirm", { qty: money(order.held_total || order.total) }) : stepWord(type)], () => step({ type, order: order.code, seen: order.seen }, say(type)), at === 0 ? "main grow" : "grow")), order.status === "shipped" ? plain([icon("flag"), word("act.refused")], () => step({ type: "returned", order: order.code, refused: true, seen: order.seen }, say("returned")), "grow") : null)];
}

function lineDetail(order, line, open) {
  const by = line.quantity % 1 ? 0.5 : 1;
  const to = (count) => step({ type: "set_quantity", line: line.id, quantity: Math.round(count * 1000) / 1000, seen: order.seen }, phrase("done.edited", { buyer: named(order.buyer) }));
  const product = know.products.get(line.code);
  const mark = (element, name) => { element.dataset.role = `${line.id}${name}`; return element; };
  return make("li", {}, make("div", { class: "main-line" }, make("span", { class: "what" }, make("b", {}, line.code), ` ${line.name} `, make("b", {}, [...Object.values(line.options), `×${amount(line.quantity, line.unit)}`].join(" "))),
    line.waitlisted ? chip("waiting", [word("stock.waiting", { n: line.waitlisted }), line.place ? ` · ${word("status.waiting", { n: line.place }).toLowerCase()}` : ""]) : null, make("span", { class: "sum" }, money(line.amount)),
    open ? make("span", { class: "row" }, mark(plain(icon("minus"), () => to(Math.max(0, line.quantity - by)), "square", `${line.code}: ${word("act.less")}`), "-"), mark(plain(icon("plus"), () => to(line.quantity + by), "square", `${line.code}: ${word("act.more")}`), "+"), plain(word("act.cancel_line", { code: line.code }), () => step({ type: "cancel", line: line.id, seen: order.seen }, phrase("done.edited", { buyer: named(order.buyer) })), "quiet")) : null),
    open && product && (line.missing.length || Object.keys(line.options).length) ? make("div", { class: "row" }, product.options.flatMap((option) => [line.missing.some((one) => one.name === option.name) ? make("span", { class: "ask" }, word("ask.option", { option: option.name })) : null, ...option.values.map((value) => { const made = plain(value, () => step({ type: "set_options", line: line.id, options: { [option.name]: value }, seen: order.seen }, phrase("done.edited", { buyer: named(order.buyer) })), line.options[option.name] === value ? "go" : ""); made.setAttribute("aria-pressed", String(line.options[option.name] === value)); return made; })])) : null,
    line.comments.map((one) => know.comments.get(one)).filter(Boolean).map((comment) => make("p", { class: "because" }, `${time(comment.received_at)}${comment.sent_at && time(comment.sent_at) !== time(comment.received_at) ? ` (${word("time.sent_at", { time: time(comment.sent_at) })})` : ""} ${comment.platform} `, marked(comment, 400), reasons(comment) ? ` → ${reasons(comment)}` : "", comment.deleted ? ` · ${word("chat.deleted")}` : "")));
}

// --- fields that save by themselves ---------------------------------------------------------------------------------

const kept = (buyer, name) => `typed.${buyer}.${name}`;

function use(buyer, name, value) {
  const open = fields.get(`${buyer.id} ${name}`);
  if (open) { open.input.value = value; open.changed(); open.save(); }
}

// As people of the country dial it.
export const dialled = (phone) => (page.dial && phone.startsWith(page.dial) ? `0${phone.slice(page.dial.length)}` : phone);

function field(buyer, name, label, type, extra, className = "") {
  const key = `${buyer.id} ${name}`, known = fields.get(key), value = name === "phone" ? dialled(buyer.phone || "") : buyer[name] || "";
  if (known) { known.told(value); known.extra(extra); return known.element; }
  const input = make("input", { value, type: type === "tel" ? "tel" : "text", autocomplete: "off", spellcheck: "false", dir: "auto", "data-role": name, "data-field": name });
  const saved = make("span", { class: "saved", role: "status" }), offered = make("span", { class: "offered" }, extra);
  const element = make("div", { class: `field ${className}` }, make("label", { for: `field-${name}` }, label), saved, input, offered);
  input.id = `field-${name}`;
  let base = value, timer = 0, busy = false;
  const tell = (words, bad) => { saved.replaceChildren(...[words].flat()); saved.classList.toggle("bad", Boolean(bad)); };
  const typed = setting(kept(buyer.id, name));
  if (typed !== null && typed !== value) { input.value = typed; tell([icon("up"), ` ${word("rev.not_saved")}`], true); }

  async function save() {
    clearTimeout(timer);
    if (busy || input.value.trim() === base) { if (input.value.trim() === base) setting(kept(buyer.id, name), null); return; }
    busy = true;
    const sent = input.value.trim();
    tell(`• ${word("rev.saving")}`);
    let fine = false, problem = null;
    try {
      const response = await post(know.show.id, { type: "set_contact", buyer: buyer.id, [name]: sent, id: newId() });
      fine = response.ok;
      if (!fine) problem = (await response.json().catch(() => ({}))).error;
    } catch { /* no line: what was typed stays here and goes out when it is back */ }
    busy = false;
    if (fine) {
      base = sent;
      tell([icon("check"), ` ${word("rev.saved", { time: time(new Date().toISOString()) })}`]);
      if (input.value.trim() === sent) setting(kept(buyer.id, name), null); else timer = setTimeout(save, REST);
    } else tell([icon("up"), ` ${problem ? word("refused.other", { reason: problem }) : word("rev.not_saved")} `, plain(word("act.again"), save, "quiet")], true);
  }

  function changed() { setting(kept(buyer.id, name), input.value); clearTimeout(timer); timer = setTimeout(save, REST); }
  input.addEventListener("input", changed);
  input.addEventListener("blur", save);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") save(); });
  const made = {
    element, input, changed, save: () => { if (setting(kept(buyer.id, name)) !== null) save(); }, extra: (next) => { if (!offered.dataset.other) offered.replaceChildren(...(next ? [next] : [])); },
    // What comes from elsewhere never overwrites what is being typed: it is offered.
    told(next) {
      // The same phone in another spelling is no news.
      if (next === base || (name === "phone" && next.replace(/\D/g, "") === base.replace(/\D/g, ""))) return;
      const mine = input.value.trim();
      if (mine === base || mine === next) { base = next; if (mine !== next && document.activeElement !== input) input.value = next; else if (mine !== next) offer(next); return; }
      offer(next);
    },
  };
  function offer(next) {
    base = next;
    offered.dataset.other = "1";
    const end = (act) => () => { delete offered.dataset.other; offered.replaceChildren(); act(); };
    offered.replaceChildren(make("span", {}, phrase("rev.other_changed", { value: theirs(next) })), plain(word("act.take"), end(() => { input.value = next; setting(kept(buyer.id, name), null); tell(""); })), plain(word("act.keep_mine"), end(changed)));
  }
  fields.set(key, made);
  return element;
}

document.addEventListener("livesell-line", () => { for (const one of fields.values()) one.save(); });

// --- a message to the buyer -----------------------------------------------------------------------------------------

function messages(order) {
  const text = word("rev.message", { name: clean(order.buyer.name), code: order.code, items: itemsText(order), sum: money(order.total) });
  const digits = (order.buyer.phone || "").replace(/\D/g, "");
  const sent = setting(`messaged.${order.code}`);
  const note = make("span", { class: "meta" }, sent ? word("rev.messaged", { time: time(sent) }) : "");
  const remember = () => { const at = new Date().toISOString(); setting(`messaged.${order.code}`, at); note.textContent = word("rev.messaged", { time: time(at) }); };
  const copied = (app) => () => { if (copy(text)) { remember(); toast([app ? word("rev.copied", { app }) : word("rev.copied_plain")], null); } };
  const link = (app, href) => make("a", { class: "button", href, target: "_blank", rel: "noopener noreferrer", onclick: copied(app) }, app);
  const first = plain(word("act.copy"), copied(""), "");
  first.dataset.copy = "1";
  return make("div", { class: "row" }, first, messenger(order, link), digits.length >= 8 ? [link("Zalo", `https://zalo.me/${digits}`), link("WhatsApp", `https://wa.me/${digits}?text=${encodeURIComponent(text)}`), link("Viber", `viber://chat?number=%2B${digits}`)] : null, note);
}

// Messenger opens by the buyer's id where the platform gives one that it knows; the text is pasted there.
function messenger(order, link) {
  const { handle } = order.buyer;
  return handle && ["facebook", "instagram"].includes(order.buyer.platform) ? link(order.buyer.platform === "facebook" ? "Messenger" : "Instagram", `${order.buyer.platform === "facebook" ? "https://m.me/" : "https://ig.me/m/"}${encodeURIComponent(handle)}`) : null;
}

// --- an unclear comment ---------------------------------------------------------------------------------------------

function commentDetail(comment) {
  const open = comment.unclear && comment.unclear.open, { reason = "", candidates = [] } = comment.unclear || {};
  const done = () => { know.open = null; delete document.body.dataset.open; draw(); };
  const act = (command) => () => { step(command, phrase("done.dismissed", { buyer: named(comment) })); done(); };
  const decide = reason === "cancel" || reason === "change";
  const find = make("input", { type: "search", placeholder: word("goods.filter"), "aria-label": word("goods.filter"), autocomplete: "off" });
  const list = make("div", { class: "stack" });
  const read = (code, count) => () => { step({ type: "read_as", comment: Number(comment.id), lines: [{ code, quantity: count, options: {} }] }, phrase("done.read_as", { buyer: named(comment), items: `${code} ×${quantity(count)}` })); done(); };
  const show = () => {
    const text = find.value.trim().toLowerCase();
    list.replaceChildren(...(text ? [...know.products.values()].filter((product) => product.open && `${product.code} ${product.name} ${product.aliases.join(" ")}`.toLowerCase().includes(text)).slice(0, 8).map((product) => plain([make("b", { class: "code" }, product.code), make("span", { class: "grow" }, product.name), "×1"], read(product.code, 1), "choice")) : []));
  };
  find.addEventListener("input", show);
  return make("article", {}, back(), make("h2", {}, named(comment)), make("p", { class: "meta" }, `${comment.platform} · ${time(comment.received_at)}`), make("p", { class: "quote" }, marked(comment)), reasons(comment) ? make("p", { class: "meta" }, reasons(comment)) : null,
    open ? [make("p", { class: "ask" }, has(`ask.${reason}`) && !/\{/.test([page.words[`ask.${reason}`]].flat()[0]) ? word(`ask.${reason}`) : reason === "which" ? word("ask.which", { n: candidates.length }) : reason === "unknown" ? word("ask.unknown", { text: clean((comment.unknown || []).join(", ")) }) : decide ? phrase(reason === "cancel" ? "ask.cancel_all" : "ask.change", { buyer: named(comment) }) : word("ask.doubtful")),
      decide ? make("div", { class: "row" }, plain(word("act.agree"), act({ type: "agree", comment: Number(comment.id) }), "go grow"), plain(word("act.keep"), act({ type: "dismiss", comment: Number(comment.id) }), "grow"))
        : [make("div", { class: "stack" }, candidates.slice(0, 4).map((one) => plain([make("b", { class: "code" }, one.code), make("span", { class: "grow" }, one.name), `×${quantity(askedFor(comment, one))}`], read(one.code, askedFor(comment, one)), "choice"))), plain(word("act.not_order"), act({ type: "dismiss", comment: Number(comment.id) })), find, list]] : null);
}
