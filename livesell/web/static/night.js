// The picture of the night as a PNG to send on: the same drawing with its colours written into it; no buyer is on it.

const button = document.getElementById("save"), drawn = document.querySelector("svg.night");
const address = new URL(location.href);
if (address.searchParams.has("key")) { address.searchParams.delete("key"); history.replaceState(null, "", address); }

const KEPT = ["fill", "stroke", "stroke-width", "opacity", "font-family", "font-size", "font-weight"];

function standalone() {
  const copy = drawn.cloneNode(true), from = drawn.querySelectorAll("*"), to = copy.querySelectorAll("*");
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    if (!element.getAttribute("fill")) for (const name of KEPT) to[at].setAttribute(name, style.getPropertyValue(name));
  });
  const box = drawn.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", box.width * 2);
  copy.setAttribute("height", box.height * 2);
  return copy;
}

async function save() {
  const copy = standalone(), picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = document.body.dataset.name;
  link.click();
}

if (drawn) {
  button.hidden = false;
  button.addEventListener("click", save);
}
document.body.dataset.ready = "true";
