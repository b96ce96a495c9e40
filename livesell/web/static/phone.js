// A phone comes in by a code that works once; new keys send everybody out. Loaded when one of the two is asked for.

import { word, make } from "./page.js";
import { sheet, close } from "./sheets.js";

const plain = (label, onclick, className = "") => make("button", { type: "button", class: className, onclick }, label);
let ends = 0;

async function ask(path, body) {
  const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }).catch(() => null);
  if (!response) return { error: word("rev.not_saved") };
  return response.json().catch(() => ({ error: String(response.status) }));
}

const failed = (title, told) => sheet(make("h2", {}, word(title)), make("p", { class: "ask" }, word("refused.other", { reason: told.error })));

// Drawn only when asked for: the screen may be on air.
export async function phoneSheet(open = false) {
  clearInterval(ends);
  const told = await ask("/api/phone", open ? { open } : {});
  if (told.error) { failed("phone.title", told); return; }
  if (!told.reachable) {
    sheet(make("h2", {}, word("phone.title")), make("p", {}, word("phone.closed")), make("p", { class: "meta" }, word("phone.means")), plain(word("phone.open"), () => phoneSheet(true), "go"));
    return;
  }
  const left = make("p", { class: "meta", role: "timer" }, "");
  const picture = make("img", { class: "qr", src: told.picture, alt: word("phone.code") });
  const again = plain(word("phone.again"), () => phoneSheet());
  const until = Date.now() + told.seconds * 1000;
  const tick = () => {
    const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
    left.textContent = seconds ? word("phone.seconds", { n: seconds }) : word("phone.over");
    picture.classList.toggle("over", !seconds);
    if (!seconds || !picture.isConnected) clearInterval(ends);
  };
  sheet(make("h2", {}, word("phone.title")), make("p", {}, word("phone.scan")), picture, left, make("p", { class: "meta" }, told.place), again);
  tick();
  ends = setInterval(tick, 1000);
}

export function keysSheet() {
  const renew = async (role) => {
    const told = await ask("/api/keys", role ? { role } : {});
    if (told.error) { failed("keys.title", told); return; }
    if (told.again) { location.replace(told.again); return; }
    sheet(make("h2", {}, word("keys.title")), make("p", {}, told.renewed.length ? word("keys.new_overlay") : word("keys.kept")), make("input", { readonly: true, value: told.overlay, "aria-label": word("show.overlay"), onclick: (event) => event.target.select() }), plain(word("act.close"), close));
  };
  sheet(make("h2", {}, word("keys.title")), make("p", {}, word("keys.overlay_why")), plain(word("keys.overlay"), () => renew("overlay")), make("p", {}, word("keys.all_why")), plain(word("keys.all"), () => renew(null), "danger"));
}
