// What was taken from the shelf stays ticked in this browser, also over a reload.

const key = `livesell.picked.${document.body.dataset.show}`;
const address = new URL(location.href);
if (address.searchParams.has("key")) { address.searchParams.delete("key"); history.replaceState(null, "", address); }

let ticked = new Set();
try { ticked = new Set(JSON.parse(localStorage.getItem(key) || "[]")); } catch { /* ticks last as long as the page */ }
for (const box of document.querySelectorAll("[data-tick]")) {
  box.checked = ticked.has(box.dataset.tick);
  box.addEventListener("change", () => {
    if (box.checked) ticked.add(box.dataset.tick); else ticked.delete(box.dataset.tick);
    try { localStorage.setItem(key, JSON.stringify([...ticked])); } catch { /* as above */ }
  });
}
const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => window.print());
document.body.dataset.ready = "true";
