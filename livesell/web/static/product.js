// The product on show: code, name, price, what is left and how to order; another one comes by a cross-fade.

import { root, settings, quantity, money, word, put, enter, leave, onAir } from "./air.js";

const card = root.querySelector("[data-card]"), left = root.querySelector("[data-left]");
let shown = null, picture = heard(root.querySelector("[data-picture]"));

// Words, not colours or blinking: how many there are, that they are nearly gone, that one can still queue.
function stock(product) {
  if (settings.left === "none" || product.left === null || product.left === undefined) return ["", false];
  if (product.left <= 0) return [word("air.out"), true];
  const few = product.left <= settings.few_at;
  if (settings.left === "few") return [few ? word("air.few") : "", few];
  const rest = word("air.left", { n: product.left });
  return [few ? `${word("air.few")} · ${rest}` : rest, few];
}

function fill(product) {
  put(root.querySelector("[data-code]"), product.code);
  put(root.querySelector("[data-name]"), product.name);
  put(root.querySelector("[data-price]"), settings.price && product.price !== null ? money(product.price) + (product.unit ? `/${product.unit}` : "") : "");
  const [text, few] = stock(product);
  put(left, text);
  if (left) left.classList.toggle("few", few);
  put(root.querySelector("[data-how]"), settings.how || word("air.how", { code: product.code }));
  if (!picture) return;
  const address = settings.picture && product.picture ? product.picture : "";
  if ((picture.getAttribute("src") || "") === address) return;
  picture.hidden = true;
  if (address) picture.src = address; else picture.removeAttribute("src");
}
function heard(image) {
  if (!image) return null;
  image.addEventListener("load", () => { image.hidden = false; });
  image.addEventListener("error", () => { image.hidden = true; });
  return image;
}

// The card as it is, to fade out over the new one. Its picture goes along: a copy would be asked for once more, when the
// product is not on show any longer.
function leftBehind() {
  const old = card.cloneNode(false);
  for (const child of [...card.childNodes]) {
    if (child !== picture) { old.append(child.cloneNode(true)); continue; }
    const fresh = document.createElement("img");
    for (const { name, value } of child.attributes) if (name !== "src") fresh.setAttribute(name, value);
    fresh.hidden = true;
    card.replaceChild(fresh, child);
    old.append(child);
    picture = heard(fresh);
  }
  for (const one of [old, ...old.querySelectorAll("*")]) for (const name of one.getAttributeNames()) if (name.startsWith("data-")) one.removeAttribute(name);
  Object.assign(old.style, { position: "absolute", inset: "0" });
  return old;
}

function show(product, still) {
  const before = shown;
  shown = product;
  if (!product) { leave(root, still); return; }
  if (!before || still) { fill(product); enter(root, still); return; }
  if (before.code !== product.code) {
    // The old card stands over the new one and goes.
    const old = leftBehind();
    root.append(old);
    old.animate([{ opacity: 1 }, { opacity: 0 }], { duration: 160, fill: "forwards" });
    card.animate([{ opacity: 0 }, { opacity: 1 }], { duration: 160 });
    setTimeout(() => old.remove(), 170);
  }
  fill(product);
}

onAir({
  still(now) { show(now.pinned || null, true); },
  told({ now }) { if (now.pinned !== undefined) show(now.pinned, false); },
});
