// Labels on paper: the button, the paper that was used last, and rolls whose page is as long as the slip.

const body = document.body, format = body.dataset.format, print = document.getElementById("print");
try { localStorage.setItem("livesell.paper", format); } catch { /* it is asked for again next time */ }

// A browser drops `size: 58mm auto`, so each slip is measured and gets a page of its own length.
if (format.startsWith("roll")) {
  const width = format === "roll58" ? 58 : 80, sheet = document.styleSheets[document.styleSheets.length - 1];
  document.querySelectorAll(".label").forEach((label, at) => {
    const length = Math.ceil((label.getBoundingClientRect().height * 25.4) / 96) + 4;
    sheet.insertRule(`@page slip${at} { size: ${width}mm ${length}mm; margin: 0 }`, sheet.cssRules.length);
    label.style.setProperty("page", `slip${at}`);
  });
}
print.hidden = false;
print.addEventListener("click", () => window.print());
if (new URL(location.href).searchParams.has("now")) {
  addEventListener("afterprint", () => window.close());
  document.fonts.ready.then(() => window.print());
}
