// A screen that stays on during the show: by the browser's own lock where there is one, else by a picture that plays.

let lock = null, playing = null, wanted = false;

async function take() {
  if (!wanted || document.visibilityState !== "visible") return;
  // Plain http on the local network is no secure context: there is no lock there, but a page that plays is kept awake.
  if (!("wakeLock" in navigator)) { play(); return; }
  try { lock = await navigator.wakeLock.request("screen"); } catch { lock = null; play(); } // a battery that is low
}

function play() {
  if (playing) { playing.play().catch(() => null); return; }
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 2;
  const ink = canvas.getContext("2d");
  let dark = false;
  const timer = setInterval(() => { dark = !dark; ink.fillStyle = dark ? "black" : "white"; ink.fillRect(0, 0, 2, 2); if (!playing) clearInterval(timer); }, 1000);
  playing = document.createElement("video");
  playing.muted = true;
  playing.setAttribute("playsinline", "");
  playing.setAttribute("aria-hidden", "true");
  playing.className = "awake";
  playing.srcObject = canvas.captureStream(1);
  document.body.append(playing);
  const begin = () => playing && playing.play().catch(() => null);
  begin();
  addEventListener("pointerup", begin, { once: true }); // a browser that plays only after a tap
}

export function awake(on) {
  wanted = on;
  document.body.dataset.awake = String(on);
  if (on) { take(); return; }
  if (lock) lock.release().catch(() => null);
  if (playing) { playing.srcObject.getTracks().forEach((track) => track.stop()); playing.remove(); }
  lock = playing = null;
}

document.addEventListener("visibilitychange", take);
