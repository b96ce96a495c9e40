// The first steps while somebody types: goods as they are read, a comment as it would be, an address to copy. Without
// this script the same steps are plain forms.

const $ = (id) => document.getElementById(id);
const REST = 200;

const address = new URL(location.href);
if (address.searchParams.has("key")) {
  address.searchParams.delete("key");
  history.replaceState(null, "", address);
}

function make(tag, text, className) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

// The newest question counts: an answer that was overtaken is not shown.
function asking(field, path, show) {
  let timer = 0, asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const response = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text: field.value }) }).catch(() => null);
      if (response && response.ok && mine === asked) show(await response.json());
    }, REST);
  });
}

if ($("goods")) {
  asking($("goods"), "/setup/goods", (told) => {
    $("count").replaceChildren(make("b", told.count));
    $("problems").replaceChildren(...told.problems.map((one) => make("li", `▲ ${one.text}`)));
    $("alike").replaceChildren(...told.alike.map((one) => make("li", one)));
    $("goods").toggleAttribute("aria-invalid", false);
    if (told.problems.length) $("goods").setAttribute("aria-invalid", "true");
    $("rows").replaceChildren(...told.rows.map((row) => {
      const line = make("tr", "");
      const code = make("td", "");
      code.append(make("b", row.code));
      line.append(code, make("td", row.name), make("td", row.price), make("td", row.left));
      return line;
    }));
    if ($("no-rows")) $("no-rows").hidden = told.rows.length > 0;
    for (const one of document.querySelectorAll(".first-code")) one.textContent = told.rows.length ? told.rows[0].code : "A12";
  });
}

if ($("text")) asking($("text"), "/setup/try", (told) => $("read").replaceChildren(...($("text").value.trim() ? [make("p", told.text, told.order ? "yes" : "no"), make("p", told.why, "meta")] : [])));

if ($("copy")) {
  $("copy").hidden = false;
  $("copy").addEventListener("click", () => {
    $("address").select();
    if (document.execCommand("copy")) $("copy").textContent = JSON.parse($("words").textContent).copied;
  });
}
document.body.dataset.ready = "true";
