// Taps: commands that are sent once, kept while there is no line, and never doubled, since each has an id of its own.

const STORE = "taps";

function open() {
  return new Promise((resolve) => {
    if (!("indexedDB" in window)) { resolve(null); return; }
    const request = indexedDB.open("livesell", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => resolve(null); // private windows: the taps live as long as the page
  });
}

export function id() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function taps({ changed, answered, refused }) {
  const database = await open();
  const waiting = new Map();
  let busy = false;

  function keep(tap) { if (database) database.transaction(STORE, "readwrite").objectStore(STORE).put(tap); }
  function drop(key) { if (database) database.transaction(STORE, "readwrite").objectStore(STORE).delete(key); }

  async function send() {
    if (busy) return;
    busy = true;
    for (const tap of [...waiting.values()]) {
      let response;
      try {
        response = await fetch(`/api/shows/${tap.show}/commands`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(tap.command) });
      } catch { break; }
      if (response.status >= 500 || response.status === 429) break;
      const answer = await response.json().catch(() => ({}));
      waiting.delete(tap.id);
      drop(tap.id);
      changed(waiting.size);
      if (response.ok) answered(tap.command, answer.events || []); else refused(tap.command, response.status, answer);
    }
    busy = false;
    changed(waiting.size);
  }

  if (database) {
    await new Promise((resolve) => {
      const all = database.transaction(STORE).objectStore(STORE).getAll();
      all.onsuccess = () => { for (const tap of all.result) waiting.set(tap.id, tap); resolve(); };
      all.onerror = () => resolve();
    });
  }
  setInterval(() => { if (waiting.size) send(); }, 2000);
  if (waiting.size) send();

  return {
    size: () => waiting.size,
    retry: send,
    tap(show, command) {
      const tap = { id: id(), show, command: { ...command } };
      tap.command.id = tap.id;
      waiting.set(tap.id, tap);
      keep(tap);
      changed(waiting.size);
      send();
      return tap.id;
    },
  };
}
