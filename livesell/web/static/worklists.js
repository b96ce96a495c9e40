// The orders of a list, page by page as far as somebody looks, and what their buyers wrote of themselves.

import { know, draw, orderChanged } from "./review.js";

const PAGE = 50, CHUNK = 500;
const begun = new Map();

// How far a list was loaded: `until` is the last number that is surely all there.
export function reach(list) {
  if (!begun.has(list)) begun.set(list, { after: null, until: 0, done: know.all });
  return begun.get(list);
}

// What the page brought along is the first page of all orders.
export function begin() {
  if (new URL(location.href).searchParams.has("after")) return;
  const last = [...know.orders.values()].pop();
  begun.set("all", know.all || !last ? { after: null, until: Infinity, done: true } : { after: last.code, until: last.number, done: false });
}

const loading = new Map();

// The next page of a list, or all of it; "" is every order, also those that are over.
export function load(list, whole = false) {
  const known = loading.get(list);
  if (known) return whole ? known.then(() => (reach(list).done ? null : load(list, true))) : known;
  const made = fetchPages(list, whole).finally(() => { loading.delete(list); draw(); });
  loading.set(list, made);
  return made;
}

export const busy = (list) => loading.has(list);

async function fetchPages(list, whole) {
  const far = reach(list), limit = whole ? CHUNK : PAGE;
  while (!far.done) {
    const query = new URLSearchParams({ limit: String(limit), ...(list ? { list } : {}), ...(far.after ? { after: far.after } : {}) });
    const response = await fetch(`/api/shows/${know.show.id}/orders?${query}`).catch(() => null);
    if (!response || !response.ok) return;
    const found = await response.json().catch(() => null);
    if (!found) return;
    for (const order of found) {
      const before = know.orders.get(order.code);
      if (!before || before.seen < order.seen) know.orders.set(order.code, before && before.comments ? { ...order, comments: before.comments } : order);
    }
    const last = found[found.length - 1];
    if (last) { far.after = last.code; far.until = last.number; }
    if (found.length < limit) { far.done = true; far.until = Infinity; if (!list) know.all = true; }
    if (!whole) return;
    draw();
  }
}

// Counts are the server's: asked again when an order changed that this page never had.
let recounting = 0;
export function recount() {
  clearTimeout(recounting);
  recounting = setTimeout(async () => {
    const response = await fetch(`/api/shows/${know.show.id}/lists`).catch(() => null);
    if (response && response.ok) { know.counts = { ...await response.json(), unclear: know.unclear.size }; draw(); }
  }, 400);
}

// --- phones and addresses among the comments ------------------------------------------------------------------------

const asked = new Set(), told = new Map();

// What a buyer wrote of herself: `{value, at}`, only while that field is empty.
export function found(order, kind) {
  if (order.buyer[kind]) return null;
  const mine = told.get(order.code);
  return (mine && mine[kind]) || null;
}

export async function ask(orders) {
  const codes = orders.filter((order) => (!order.buyer.phone || !order.buyer.address) && !asked.has(order.code)).slice(0, 100).map((order) => order.code);
  if (!codes.length) return;
  for (const code of codes) asked.add(code);
  const response = await fetch(`/api/shows/${know.show.id}/found?orders=${codes.join(",")}`).catch(() => null);
  if (!response || !response.ok) { for (const code of codes) asked.delete(code); return; }
  for (const [code, one] of Object.entries(await response.json())) told.set(code, one);
  orderChanged();
}

// A new comment may hold what was missing.
export function askAgain(code) { asked.delete(code); }
