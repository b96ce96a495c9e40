// The feed: one WebSocket that comes back by itself and asks for what it missed by number.

const FIRST = 500, LONGEST = 5000;

export function listen({ after, query = "", message, state }) {
  let number = after, wait = FIRST, socket = null, timer = 0, lastSign = Date.now();

  function connect() {
    clearTimeout(timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const from = number === null ? "" : `after=${number}`;
    socket = new WebSocket(`${scheme}//${location.host}/feed?${[query, from].filter(Boolean).join("&")}`);
    socket.addEventListener("open", () => { wait = FIRST; lastSign = Date.now(); state("open"); });
    socket.addEventListener("message", (event) => {
      lastSign = Date.now();
      const told = JSON.parse(event.data);
      if (number === null || told.number > number) number = told.number;
      message(told);
    });
    socket.addEventListener("close", () => {
      state("closed");
      timer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
      wait = Math.min(LONGEST, wait * 2);
    });
  }

  // Phones kill the sockets of hidden pages without a word; on return the page asks at once.
  function wake() {
    if (document.visibilityState !== "visible") return;
    if (socket.readyState === WebSocket.OPEN && Date.now() - lastSign > 30000) socket.close();
    else if (socket.readyState === WebSocket.CLOSED) { wait = FIRST; connect(); }
  }
  for (const [target, name] of [[document, "visibilitychange"], [window, "pageshow"], [window, "online"]]) target.addEventListener(name, wake);
  connect();
  return { number: () => number };
}
