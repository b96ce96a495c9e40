// The line to the server: one feed that comes back by itself, and taps that are sent once and kept while it is gone.

const FIRST = 500, LONGEST = 5000, SILENT = 40000, STORE = "taps";

// `message(told)` for each message; `state("open" | "closed" | "key")`, where "key" means that this page's key is no
// good any more. `after` is a number, or null for all of it.
export function listen({ after, query = "", message, state }) {
  let number = after, wait = FIRST, socket = null, timer = 0, heard = Date.now(), opened = false;

  function connect() {
    clearTimeout(timer);
    opened = false;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const from = number === null ? "" : `after=${number}`;
    try { socket = new WebSocket(`${scheme}//${location.host}/feed?${[query, from].filter(Boolean).join("&")}`); }
    catch { again(); return; }
    const mine = socket;
    socket.addEventListener("open", () => { opened = true; heard = Date.now(); state("open"); });
    socket.addEventListener("message", (event) => {
      heard = Date.now();
      wait = FIRST;
      let told;
      try { told = JSON.parse(event.data); } catch { return; }
      // Sums come with the newest number of all, which may be ahead of what was told: only events move the number.
      if (told.event && (number === null || told.number > number || told.event.type === "snapshot")) number = told.number;
      message(told);
    });
    socket.addEventListener("close", () => { if (mine === socket) { state("closed"); if (!opened) why(); again(); } });
  }

  function again() {
    clearTimeout(timer);
    timer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(LONGEST, wait * 2);
  }

  // A browser does not say why a handshake failed; an ordinary request does.
  async function why() {
    if (query.includes("as=overlay")) return;
    const answer = await fetch("/api/shows/current/recent", { method: "HEAD" }).catch(() => null);
    if (answer && (answer.status === 401 || answer.status === 403)) state("key");
  }

  // Phones kill the sockets of hidden pages without a word; on return the page asks at once.
  function wake() {
    if (document.visibilityState !== "visible") return;
    if (socket.readyState === WebSocket.OPEN && Date.now() - heard > SILENT) { socket.close(); return; }
    if (socket.readyState === WebSocket.CLOSED) { wait = FIRST; connect(); }
  }
  for (const [target, name] of [[document, "visibilitychange"], [window, "pageshow"], [window, "online"]]) target.addEventListener(name, wake);
  // Something is said at least every 15 s: a line that says nothing for longer is dead.
  setInterval(() => { if (socket.readyState === WebSocket.OPEN && Date.now() - heard > SILENT) socket.close(); }, 10000);
  connect();
  // `forget`: what was told is no longer shown; the next line begins with all of it.
  return { number: () => number, forget: () => { number = null; } };
}

// --- taps -----------------------------------------------------------------------------------------------------------

function open() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open("livesell", 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => resolve(null);
    } catch { resolve(null); } // private windows: the taps live as long as the page
  });
}

export function id() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function post(show, command) {
  return fetch(`/api/shows/${show}/commands`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(command) });
}

// `changed(size)`; `answered(tap, events)`; `refused(tap, status, answer)`; `back(sent, dropped)` after taps that were
// kept for a while have gone out; `stuck(status)`: the server will not take any now (no key, no room).
export function taps({ changed, answered, refused, back, stuck }) {
  const waiting = new Map();
  let busy = false, database = null, kept = false, sent = 0, dropped = 0, timer = 0, stuckAt = 0;

  function keep(tap) { try { if (database) database.transaction(STORE, "readwrite").objectStore(STORE).put(tap); } catch { /* kept in memory */ } }
  function drop(key) { try { if (database) database.transaction(STORE, "readwrite").objectStore(STORE).delete(key); } catch { /* a resend gets the first answer */ } }

  function later(milliseconds) { kept = true; stuckAt = stuckAt || Date.now(); clearTimeout(timer); timer = setTimeout(send, milliseconds); }

  async function send() {
    if (busy) return;
    busy = true;
    // What is tapped meanwhile goes out in its turn.
    while (waiting.size) {
      const tap = waiting.values().next().value;
      let response;
      try { response = await post(tap.show, tap.command); } catch { later(2000); break; }
      if (response.status === 401 || response.status === 403 || response.status === 507) { stuck(response.status); later(5000); break; }
      if (response.status >= 500 || response.status === 429) { later(2000); break; }
      const answer = await response.json().catch(() => ({}));
      waiting.delete(tap.id);
      drop(tap.id);
      stuckAt = 0;
      if (response.ok) { sent += 1; answered(tap, answer.events || []); } else { dropped += 1; refused(tap, response.status, answer); }
      changed(waiting.size);
    }
    busy = false;
    if (!waiting.size) {
      if (kept && sent + dropped) back(sent, dropped);
      kept = false; sent = 0; dropped = 0;
    }
    changed(waiting.size);
  }

  open().then((opened) => {
    database = opened;
    if (!database) return;
    for (const tap of waiting.values()) keep(tap);
    const all = database.transaction(STORE).objectStore(STORE).getAll();
    all.onsuccess = () => {
      const mine = [...waiting.values()];
      waiting.clear(); // what was tapped before the page was opened again goes first
      for (const tap of [...all.result.sort((a, b) => a.at - b.at), ...mine]) waiting.set(tap.id, tap);
      kept = all.result.length > mine.length;
      if (waiting.size) { changed(waiting.size); send(); }
    };
  });

  return {
    size: () => waiting.size,
    // Since when taps have not gone out, 0 while they do.
    stuckSince: () => (waiting.size ? stuckAt : 0),
    retry: () => { if (waiting.size) send(); },
    tap(show, command, key = null) {
      const tap = { id: id(), at: Date.now() + waiting.size / 1000, show, key, command };
      tap.command = { ...command, id: tap.id };
      waiting.set(tap.id, tap);
      keep(tap);
      changed(waiting.size);
      send();
      return tap;
    },
  };
}
