// What slides up from below: an order, a comment, a product, a source, the settings; each tap in it closes it.

import { page, word, phrase, has, quantity, money, time, make, named, theirs, icon, chip, amount, itemsText, marked, reasons, onlyNumber, clean, copy, setting, paint } from "./page.js";
import { state, ask, tap, later, openProducts, leftText, notice, toDecide } from "./state.js";
import { asking, known } from "./work.js";

const dialog = document.getElementById("sheet"), body = document.getElementById("sheet-body");
let from = null, opened = false;

export function sheet(...children) {
  const again = dialog.open;
  if (!again) from = document.activeElement;
  body.replaceChildren(...children.flat(2).filter(Boolean));
  body.scrollTop = 0;
  const title = body.querySelector("h2");
  if (title) title.id = "sheet-title";
  if (!again) dialog.showModal();
}

export function close() { if (dialog.open) dialog.close(); }

dialog.addEventListener("close", () => { if (from && from.isConnected) from.focus({ preventScroll: true }); from = null; });
// A tap beside the sheet closes it, if it began there: a finger that only slid off does not.
dialog.addEventListener("pointerdown", (event) => { opened = event.target === dialog; });
dialog.addEventListener("click", (event) => { if (event.target === dialog && opened) close(); });
document.getElementById("sheet-close").addEventListener("click", close);

const act = (command, key = null) => () => { close(); tap(key, command); };
const plain = (label, onclick, className, name) => make("button", { type: "button", class: className, onclick, "aria-label": name }, label);

// --- an order -------------------------------------------------------------------------------------------------------

export function orderSheet(order) {
  const live = state.orders.get(order.code) || order, key = `o${live.code}`;
  const open = !["shipped", "returned", "cancelled"].includes(live.status);
  const comments = [...new Set(live.lines.flatMap((line) => line.comments))].map((id) => state.comments.get(id)).filter(Boolean);
  sheet(make("h2", {}, `${quantity(live.number)} `, named(live.buyer)),
    make("p", { class: "row" }, chip(live.status), live.buyer.refused ? make("span", { class: "chip refused" }, icon("flag"), word("buyer.refused", { n: live.buyer.refused })) : null, make("span", { class: "meta" }, `${live.code} · ${live.buyer.platforms.join(" + ")} · ${money(live.total)}`)),
    live.buyer.phone || live.buyer.address ? make("p", {}, [live.buyer.phone, live.buyer.address].filter(Boolean).map((text) => [theirs(text), " "])) : null,
    known(live.buyer),
    make("ul", { class: "lines" }, live.lines.map((line) => editLine(live, line, open))),
    comments.map((comment) => make("p", { class: "quote small" }, make("span", { class: "meta" }, `${time(comment.received_at)} `), marked(comment, 300))),
    toDecide(live) && live.held ? plain([icon("check"), word("act.confirm", { qty: money(live.held_total || live.total) })], act({ type: "confirm", order: live.code, seen: live.seen }, key), "main") : null,
    live.status === "draft" ? plain(word("act.later"), () => { close(); later(key); }) : null,
    plain(word("act.link_with"), () => chooseBuyer(live)),
    live.buyer.platforms.length > 1 ? plain(word("act.split"), act({ type: "unlink", buyer: live.buyer.id })) : null,
    live.buyer.hidden ? null : plain(word("act.hide_name"), act({ type: "hide_name", buyer: live.buyer.id })),
    open ? plain(word("act.cancel"), act({ type: "cancel", order: live.code, seen: live.seen }, key), "danger") : null);
}

function editLine(order, line, open) {
  const step = line.quantity % 1 ? 0.5 : 1;
  const to = (count) => { tap(null, { type: "set_quantity", line: line.id, quantity: Math.round(count * 1000) / 1000, seen: order.seen }); close(); };
  return make("li", { class: "edit" }, make("span", { class: "what" }, make("b", {}, line.code), ` ${line.name} `, Object.values(line.options).join(" "), ` ×${amount(line.quantity, line.unit)}`, line.waitlisted ? [" ", chip("waiting", word("stock.waiting", { n: line.waitlisted }))] : ""),
    open ? make("span", { class: "row" }, plain(icon("minus"), () => to(line.quantity - step), "square", `${line.code}: ${word("act.less")}`), plain(icon("plus"), () => to(line.quantity + step), "square", `${line.code}: ${word("act.more")}`), line.waitlisted ? plain(word("act.pass"), act({ type: "pass", line: line.id, seen: order.seen }), "quiet") : null, plain(word("act.cancel_line", { code: line.code }), act({ type: "cancel", line: line.id, seen: order.seen }), "quiet")) : null,
    open ? choices(order, line) : null);
}

function choices(order, line) {
  const product = state.products.get(line.code);
  if (!product || !product.options.length) return null;
  return make("span", { class: "options" }, product.options.flatMap((option) => option.values.map((value) => {
    const made = plain(value, act({ type: "set_options", line: line.id, options: { [option.name]: value }, seen: order.seen }), "chosen");
    made.setAttribute("aria-pressed", String(line.options[option.name] === value));
    return made;
  })));
}

function chooseBuyer(order) {
  const find = make("input", { type: "search", placeholder: word("rev.find"), "aria-label": word("rev.find"), autocomplete: "off" });
  const list = make("div", { class: "sheet-list" });
  const show = () => {
    const text = find.value.trim().toLowerCase();
    const seen = new Set([order.buyer.id]);
    const hits = [...state.orders.values()].filter((one) => !seen.has(one.buyer.id) && seen.add(one.buyer.id) && (!text || `${one.number} ${one.buyer.name} ${one.buyer.phone || ""}`.toLowerCase().includes(text))).slice(0, 8);
    list.replaceChildren(...hits.map((one) => plain([make("b", {}, quantity(one.number)), named(one.buyer), make("span", { class: "meta" }, one.buyer.platform)], act({ type: "link", buyers: [order.buyer.id, one.buyer.id] }), "choice")));
  };
  find.addEventListener("input", show);
  sheet(make("h2", {}, phrase("act.link_with")), make("p", {}, named(order.buyer)), find, list);
  show();
}

// --- a comment ------------------------------------------------------------------------------------------------------

export function commentSheet(comment) {
  const open = comment.unclear && comment.unclear.open, key = `c${comment.id}`;
  const order = comment.order ? state.orders.get(comment.order) : null;
  sheet(make("h2", {}, named(comment)), make("p", { class: "meta" }, [comment.platform, word("time.received_at", { time: time(comment.received_at) }), comment.sent_at ? word("time.sent_at", { time: time(comment.sent_at) }) : "", comment.late ? word("chat.late") : "", comment.deleted ? word("chat.deleted") : ""].filter(Boolean).join(" · ")),
    make("p", { class: "quote" }, marked(comment)), comment.why.length ? make("p", { class: "why" }, `${has(`intent.${comment.intent}`) ? word(`intent.${comment.intent}`) : ""} · ${reasons(comment)}`) : null,
    open ? make("p", { class: "ask" }, asking(comment)) : null,
    order ? plain([chip(order.status), `${quantity(order.number)} · ${itemsText(order)}`], () => orderSheet(order), "choice") : null,
    comment.role === "seller" ? null : plain(word("act.make_order"), () => chooseProduct(comment), "go"),
    open ? plain(word("act.not_order"), act({ type: "dismiss", comment: Number(comment.id) }, key)) : null,
    open ? plain(word("act.later"), () => { close(); later(key); }) : null,
    comment.role === "seller" || comment.buyer === null ? null : plain(word("act.hide_name"), act({ type: "hide_name", buyer: comment.buyer })));
}

// Any product for a comment: the pinned one and the likely ones first, then what is typed.
export function chooseProduct(comment) {
  const find = make("input", { type: "search", placeholder: word("goods.filter"), "aria-label": word("goods.filter"), autocomplete: "off", enterkeyhint: "search" });
  const first = (comment.lines[0] && comment.lines[0].quantity) || onlyNumber(comment);
  const count = make("input", { inputmode: "decimal", value: String(first || 1), "aria-label": word("goods.how_many"), autocomplete: "off" });
  const number = () => { const value = Number(count.value.replace(",", ".")); return value > 0 && value < 100000 ? value : 1; };
  const step = (by) => () => { count.value = String(Math.max(1, Math.round((number() + by) * 1000) / 1000)); };
  const list = make("div", { class: "sheet-list" });
  const likely = new Set([...(comment.unclear ? comment.unclear.candidates.map((one) => one.code) : []), state.show.pinned].filter(Boolean));
  const show = () => {
    const text = find.value.trim().toLowerCase();
    const hits = openProducts().filter((product) => !text || `${product.code} ${product.name} ${product.aliases.join(" ")}`.toLowerCase().includes(text));
    hits.sort((a, b) => (text ? Number(b.code.toLowerCase().startsWith(text)) - Number(a.code.toLowerCase().startsWith(text)) : Number(likely.has(b.code)) - Number(likely.has(a.code))));
    list.replaceChildren(...(hits.length ? hits.slice(0, 12).map((product) => plain([make("b", { class: "code" }, product.code), make("span", { class: "grow" }, product.name), make("span", { class: "meta" }, leftText(product))], () => (product.options.length ? chooseOptions(comment, product, number()) : (close(), readAs(comment, product, number(), {}))), "choice")) : [make("p", { class: "empty" }, word("goods.none"))]));
  };
  find.addEventListener("input", show);
  sheet(make("h2", {}, named(comment)), make("p", { class: "quote" }, marked(comment)), make("div", { class: "stepper" }, plain(icon("minus"), step(-1), "square", word("act.less")), count, plain(icon("plus"), step(1), "square", word("act.more"))), find, list);
  show();
}

function chooseOptions(comment, product, count) {
  const chosen = {};
  const next = (at) => {
    const option = product.options[at];
    if (!option) { close(); readAs(comment, product, count, chosen); return; }
    sheet(make("h2", {}, `${product.code} ×${quantity(count)}: ${word("ask.option", { option: option.name })}`), option.values.map((value) => plain(value, () => { chosen[option.name] = value; next(at + 1); }, "choice")));
  };
  next(0);
}

function readAs(comment, product, count, options) {
  tap(comment.unclear && comment.unclear.open ? `c${comment.id}` : null, { type: "read_as", comment: Number(comment.id), lines: [{ code: product.code, quantity: count, options }] });
}

// --- a product, a source --------------------------------------------------------------------------------------------

export function productSheet(product) {
  const live = state.products.get(product.code) || product, pinned = live.code === state.show.pinned;
  const cells = (live.stock || []).map((cell) => {
    const add = (by) => plain(by < 0 ? [icon("minus"), quantity(-by)] : word("act.add_stock", { n: by }), act({ type: "restock", code: live.code, by, ...(cell.variant ? { variant: cell.variant } : {}) }));
    return make("div", { class: "stock" }, make("p", {}, cell.variant ? make("b", {}, `${cell.variant} `) : null, word("goods.stock", { n: cell.on_hand, m: cell.reserved })), make("div", { class: "row" }, add(-1), add(1), add(5), add(10)));
  });
  sheet(make("h2", {}, `${live.code} ${live.name}`), make("p", {}, `${money(live.price)} · ${leftText(live)}${live.waiting ? ` · ${word("stock.waiting", { n: live.waiting })}` : ""}`), live.aliases.length ? make("p", { class: "meta" }, live.aliases.join(", ")) : null, cells,
    live.open ? (pinned ? plain(word("act.unpin"), act({ type: "pin", code: null })) : plain(word("act.pin", { code: live.code }), act({ type: "pin", code: live.code }), "go")) : null,
    live.stock === null ? null : plain(word(live.back_orders ? "act.back_orders_off" : "act.back_orders"), act({ type: "back_orders", code: live.code, on: !live.back_orders })),
    live.open ? plain(word("act.stop"), act({ type: "close", code: live.code })) : plain(word("act.open"), act({ type: "open", line: live.code }), "go"));
}

export function sourceSheet(source) {
  const live = state.sources.get(source.name) || source;
  const last = live.last_comment_at ? [...state.comments.values()].reverse().find((one) => one.source === live.name) : null;
  sheet(make("h2", {}, clean(live.name)), make("p", {}, ask.sourceText(live)), live.reason ? make("p", { class: "meta" }, clean(live.reason)) : null,
    last ? make("p", { class: "quote" }, make("span", { class: "meta" }, `${time(last.received_at)} `), named(last), " ", marked(last, 200)) : null,
    live.state === "lost" || live.state === "stopped" || live.state === "waiting" ? make("p", {}, word("src.help")) : null,
    live.added ? plain(word("src.remove"), () => { close(); letGo(live.name); }, "danger") : null);
}

async function letGo(name) {
  const response = await fetch(`/api/sources/${encodeURIComponent(name)}`, { method: "DELETE", headers: { "Content-Type": "application/json" } }).catch(() => null);
  if (response && response.ok) return;
  const answer = response ? await response.json().catch(() => ({})) : {};
  notice(answer.error ? clean(answer.error) : word("err.refused"));
}

// --- the last steps -------------------------------------------------------------------------------------------------

const DONE = { confirmed: "done.confirmed", cancelled: "done.cancelled", edited: "done.edited", pinned: "done.pinned", stock: "done.stock", product: "done.goods", linked: "done.linked", unlinked: "done.linked", show: "done.show" };

// One tap is one line and one undo, however many events it caused.
function together(events) {
  const steps = new Map();
  for (const event of events) {
    const known = steps.get(event.step);
    if (!known) steps.set(event.step, { ...event, orders: new Set([event.order]) });
    else { known.orders.add(event.order); known.undone = known.undone || event.undone; }
  }
  return [...steps.values()];
}

export async function loadRecent() {
  const response = await fetch(`/api/shows/${state.show.id}/recent`).catch(() => null);
  const steps = response && response.ok ? await response.json().catch(() => null) : null;
  if (!steps) return null;
  const rows = together(steps).slice(0, 40).map((step) => {
    const order = step.order ? state.orders.get(step.order) : null;
    const data = { buyer: named({ name: step.buyer || step.order || "" }), items: order ? itemsText(order) : step.order || "", code: step.order || step.product || step.text || "" };
    const text = step.orders.size > 1 ? [step.type === "confirmed" ? word("done.confirmed_many", { n: step.orders.size }) : `${has(`status.${step.type}`) ? word(`status.${step.type}`) : word("done.other")} · ${word("show.orders", { n: step.orders.size })}`] : DONE[step.type] ? phrase(DONE[step.type], data) : [has(`status.${step.type}`) ? word(`status.${step.type}`) : word("done.other"), " ", data.buyer];
    return make("li", { class: step.undone ? "undone" : "" }, make("span", { class: "meta" }, time(step.at)), make("span", { class: "text" }, text), step.undone ? make("span", { class: "meta" }, word("done.undone")) : plain(word("act.undo"), act({ type: "undo", event: step.number }), "quiet"));
  });
  return rows.length ? rows : [make("li", { class: "empty" }, "—")];
}

// --- settings -------------------------------------------------------------------------------------------------------

function check(label, on, change) {
  const box = make("input", { type: "checkbox", onchange: () => change(box.checked) });
  box.checked = on;
  return make("label", { class: "check" }, box, label);
}

function choose(label, value, options, change) {
  const select = make("select", { onchange: () => change(select.value) }, options.map(([key, text]) => make("option", { value: key }, text)));
  select.value = value;
  return make("label", {}, label, select);
}

export function readIn(language) {
  document.cookie = `livesell_lang=${language}; path=/; max-age=31536000; SameSite=Strict`;
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  location.replace(address);
}

// A link is heard at once: the source's light comes by the feed, the answer only says what it is, what is wrong with it,
// and which keys of the platform it needs beside; sent again with them, it is changed.
function linkForm() {
  const link = make("input", { id: "link", inputmode: "url", autocomplete: "off", spellcheck: "false", required: true, maxlength: 500, "aria-describedby": "link-result", class: "grow" });
  const result = make("p", { class: "result", id: "link-result", role: "status" }), keys = make("div", { class: "stack" });
  const asked = (needs) => keys.replaceChildren(...needs.map((key) => make("label", {}, key, make("input", { name: key, type: "password", autocomplete: "off", maxlength: 2000 }))));
  const send = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries([...keys.querySelectorAll("input")].filter((input) => input.value.trim()).map((input) => [input.name, input.value.trim()]));
    const response = await fetch("/api/sources", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ link: link.value.trim(), ...given }) }).catch(() => null);
    const answer = response ? await response.json().catch(() => ({})) : {}, needs = answer.needs || [];
    if (response && response.ok) result.textContent = word(needs.length ? "src.needs" : "src.added", { name: clean(answer.place), keys: needs.join(", ") });
    else result.textContent = answer.error ? clean(answer.error) : word("err.refused");
    if (response && response.ok && !needs.length) link.value = "";
    asked(needs);
  };
  link.addEventListener("input", () => asked([]));
  return make("form", { onsubmit: send }, make("label", { for: "link" }, word("src.link")), make("div", { class: "row" }, link, make("button", { class: "square", "aria-label": word("src.add") }, icon("plus"))), keys, result);
}

export function settingsSheet() {
  const ended = state.show.status === "ended";
  const language = page.language + (page.language === "bn" && !page.formats.digits ? "-latn" : "");
  const name = make("input", { value: setting("who") || "", maxlength: 40, autocomplete: "nickname", onchange: () => setting("who", name.value.trim() || null) });
  const address = make("div", { class: "stack" }, make("p", { class: "meta" }, word("show.overlay")), make("div", { class: "two" }, plain(word("act.show_address"), () => address.replaceChildren(make("input", { readonly: true, value: page.overlay_url, "aria-label": word("show.overlay"), onclick: (event) => event.target.select() }))), plain(word("act.copy_address"), () => { if (copy(page.overlay_url)) notice(word("rev.copied_plain"), true); })));
  sheet(make("h2", {}, word("set.title")), address, make("a", { class: "button", href: "/overlay/buyers/preview" }, icon("gear"), word("show.preview")), make("a", { class: "button", href: "/review" }, icon("orders"), word("show.to_review")), make("div", { class: "two" }, plain([icon("qr"), word("phone.title")], askPhone), plain(word("keys.title"), () => import("./phone.js").then((one) => one.keysSheet()))), linkForm(),
    choose(word("set.language"), page.language, Object.entries(page.languages), readIn),
    page.language === "bn" ? check(word("set.digits"), language === "bn", (on) => readIn(on ? "bn" : "bn-latn")) : null,
    choose(word("set.theme"), setting("theme") || "auto", ["auto", "light", "dark"].map((one) => [one, word(`set.theme_${one}`)]), (value) => { setting("theme", value === "auto" ? null : value); paint(); }),
    make("label", {}, word("set.who"), name),
    make("div", { class: "checks" }, check(word("set.keys"), setting("keys") !== "0", (on) => setting("keys", on ? null : "0")), check(word("set.sounds"), setting("sounds") === "1", (on) => { setting("sounds", on ? "1" : null); if (on) ask.sound("tick"); }),
    check(word("set.awake"), setting("awake") === "1", (on) => { setting("awake", on ? "1" : null); keepAwake(on); }), check(word("set.left"), setting("left") === "1", (on) => { setting("left", on ? "1" : null); paint(); }), check(word("set.read_chat"), setting("read") === "1", (on) => { setting("read", on ? "1" : null); ask.readChat(); })),
    ended ? plain(word("show.reopen"), act({ type: "reopen" }), "go") : plain(word("show.end"), act({ type: "end" }), "danger"));
}

export function keepAwake(on) { import("./awake.js").then((one) => one.awake(on)); }

// Loaded when it is asked for: most evenings nobody does.
export function askPhone() { import("./phone.js").then((one) => one.phoneSheet()); }

export function helpSheet() {
  const keys = [["1 – 4", "help.candidate"], ["0", "help.none"], ["Enter", "help.confirm"], ["+ −", "help.quantity"], ["S", "help.later"], ["E", "help.edit"], ["U, Ctrl Z", "help.undo"], ["J K", "help.rows"], ["N P", "help.pin"], ["/", "help.find"], ["G C, G H, G D", "help.go"], ["H", "help.hide"], ["Esc", "help.close"]];
  sheet(make("h2", {}, word("help.title")), make("dl", { class: "keys" }, keys.flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, word(text))])), check(word("set.keys"), setting("keys") !== "0", (on) => setting("keys", on ? null : "0")));
}
