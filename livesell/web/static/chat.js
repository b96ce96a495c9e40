// The comments as a window of recycled rows: positions are arithmetic, so nothing jumps while somebody reads.

import { word, quantity, time, make, theirs } from "./words.js";

const ROW = 4.25, SPARE = 6, MOST = 2000;

export class Chat {
  constructor(scroll, list, pill, open) {
    Object.assign(this, { scroll, list, pill, open, rows: [], shown: [], index: new Map(), find: "", only: "", follow: true, pool: new Map(), fresh: 0 });
    scroll.addEventListener("scroll", () => {
      this.follow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < this.height();
      if (this.follow) this.fresh = 0;
      this.draw();
    }, { passive: true });
    pill.addEventListener("click", () => { this.follow = true; this.fresh = 0; this.draw(); });
  }

  height() { return ROW * parseFloat(getComputedStyle(document.documentElement).fontSize); }

  clear() { this.rows = []; this.index.clear(); this.filter(); }

  put(comment) {
    const at = this.index.get(comment.id);
    if (at !== undefined) { this.rows[at - this.base()] = { comment }; this.filter(); return; }
    this.index.set(comment.id, this.base() + this.rows.length);
    this.add({ comment });
  }

  gap(gap) { this.add({ gap }); }

  add(row) {
    this.rows.push(row);
    if (this.rows.length > MOST) {
      const old = this.rows.shift();
      if (old.comment) this.index.delete(old.comment.id);
      this.dropped = this.base() + 1;
      this.filter();
    } else if (this.fits(row)) this.shown.push(row);
    if (!this.follow) this.fresh += 1;
  }

  base() { return this.dropped || 0; }

  fits(row) {
    if (row.gap) return !this.find && !this.only;
    const comment = row.comment;
    if (this.only === "order" && !comment.lines.length && !(comment.unclear && comment.unclear.open)) return false;
    if (this.only === "question" && comment.intent !== "question") return false;
    return !this.find || `${comment.author} ${comment.text}`.toLowerCase().includes(this.find);
  }

  filter() { this.shown = this.rows.filter((row) => this.fits(row)); }

  draw() {
    const height = this.height();
    this.list.style.setProperty("height", `${this.shown.length * height}px`);
    if (this.follow) this.scroll.scrollTop = this.scroll.scrollHeight;
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / height) - SPARE);
    const last = Math.min(this.shown.length, Math.ceil((this.scroll.scrollTop + this.scroll.clientHeight) / height) + SPARE);
    const wanted = new Set();
    for (let at = first; at < last; at += 1) {
      const row = this.shown[at];
      wanted.add(row);
      let element = this.pool.get(row);
      if (!element) { element = this.make(row); this.pool.set(row, element); this.list.append(element); }
      element.style.setProperty("top", `${at * height}px`);
    }
    for (const [row, element] of this.pool) if (!wanted.has(row)) { element.remove(); this.pool.delete(row); }
    this.pill.hidden = this.follow || !this.fresh;
    if (!this.pill.hidden) this.pill.textContent = `↓ ${word("chat.new", { n: this.fresh })}`;
  }

  make(row) {
    if (row.gap) return make("div", { class: "chatrow gap" }, word("gap", { name: row.gap.source, from: time(row.gap.since), to: time(row.gap.until) }));
    const comment = row.comment;
    const asked = comment.unclear && comment.unclear.open;
    const kind = ["chatrow", comment.order ? "order" : "", asked ? "asked" : "", comment.deleted ? "gone" : ""].join(" ");
    return make("div", { class: kind, onclick: () => this.open(comment) },
      make("div", { class: "head" }, make("span", { class: "meta" }, time(comment.received_at)), theirs(comment.author, "name"), make("span", { class: "meta" }, comment.platform)),
      theirs(comment.text.slice(0, 300), "said"), make("span", { class: "read" }, read(comment, asked)));
  }
}

function read(comment, asked) {
  if (asked) return `◆ ${word("status.unclear")}`;
  if (comment.role === "seller") return word("intent.seller");
  if (comment.intent === null) return word("intent.unread");
  const lines = comment.lines.map((line) => [line.code, ...Object.values(line.options), line.quantity === null ? "" : `×${quantity(line.quantity)}`].filter(Boolean).join(" ")).join(" ");
  if (comment.intent === "order") return `● ${lines}`;
  return `${word(`intent.${comment.intent}`)} ${lines}`.trim();
}
