// The comments, newest at the bottom. They follow what comes in until somebody scrolls, holds a finger down or selects.

import { Rows, word, time, make, named, theirs, icon, lineText, clean } from "./page.js";
import { state, ask } from "./state.js";
import { commentSheet } from "./sheets.js";

const MOST = 2000, OLDER = 100;

export class Chat {
  constructor(scroll, list, pill, none) {
    Object.assign(this, { scroll, list, pill, none, all: [], byId: new Map(), shown: [], find: "", only: "", follow: true, fresh: 0, down: false, oldest: false, loading: false, stale: true });
    this.rows = new Rows(scroll, list, (row) => row.id, (row) => this.element(row));
    scroll.addEventListener("scroll", () => {
      const height = this.rows.measure();
      if (!this.moving) this.follow = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < height;
      if (this.follow) this.fresh = 0;
      if (scroll.scrollTop < height * 3) this.load();
      this.pillText();
    }, { passive: true });
    scroll.addEventListener("pointerdown", () => { this.down = true; });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => { if (this.down) { this.down = false; ask.draw(); } });
    pill.addEventListener("click", () => { this.follow = true; this.fresh = 0; ask.draw(); });
  }

  clear() { this.all = []; this.byId.clear(); this.stale = true; this.oldest = false; }

  put(comment) {
    const row = { id: comment.id, comment, at: comment.received_at };
    const known = this.byId.get(comment.id);
    this.byId.set(comment.id, row);
    if (known) { const at = this.all.lastIndexOf(known); if (at >= 0) this.all[at] = row; }
    else {
      this.all.push(row);
      if (!this.follow && this.fits(row)) this.fresh += 1;
      if (this.all.length > MOST) {
        const gone = this.all.shift();
        this.byId.delete(gone.id);
        // What is read stays where it is while what is far above goes.
        if (!this.follow && this.fits(gone)) this.scroll.scrollTop -= this.rows.measure();
      }
    }
    this.stale = true;
  }

  gap(gap) {
    const id = `gap ${gap.source} ${gap.until}`;
    if (this.byId.has(id)) return;
    const row = { id, gap, at: gap.until };
    this.byId.set(id, row);
    const after = this.all.findIndex((one) => one.at > gap.until);
    if (after < 0) this.all.push(row); else this.all.splice(after, 0, row);
    this.stale = true;
  }

  fits(row) {
    if (row.gap) return !this.find && !this.only;
    const comment = row.comment;
    if (this.only === "order" && !comment.lines.length && !(comment.unclear && comment.unclear.open)) return false;
    if (this.only === "question" && comment.intent !== "question") return false;
    return !this.find || `${comment.author} ${comment.text}`.toLowerCase().includes(this.find);
  }

  filter(changes) { Object.assign(this, changes); this.follow = true; this.stale = true; ask.draw(); }

  // Older comments, when the top comes near.
  async load() {
    const first = this.all.find((row) => row.comment);
    if (this.loading || this.oldest || !first || this.all.length >= MOST) return;
    this.loading = true;
    const response = await fetch(`/api/shows/${state.show.id}/comments?before=${first.id}&limit=${OLDER}`).catch(() => null);
    const found = response && response.ok ? await response.json().catch(() => []) : null;
    if (found) {
      const rows = found.filter((comment) => !this.byId.has(comment.id)).map((comment) => ({ id: comment.id, comment, at: comment.received_at }));
      for (const row of rows) { this.byId.set(row.id, row); state.comments.set(row.id, row.comment); }
      this.all.unshift(...rows);
      this.oldest = found.length < OLDER;
      this.stale = true;
      const added = rows.filter((row) => this.fits(row)).length * this.rows.measure();
      this.draw(added);
    }
    this.loading = false;
  }

  draw(above = 0) {
    if (this.stale) { this.shown = this.find || this.only ? this.all.filter((row) => this.fits(row)) : this.all.slice(); this.stale = false; }
    const selecting = String(getSelection()) !== "" && this.scroll.contains(getSelection().anchorNode);
    this.moving = true;
    this.rows.set(this.shown);
    this.none.hidden = this.shown.length > 0;
    if (above) this.scroll.scrollTop += above;
    else if (this.follow && !this.down && !selecting) this.scroll.scrollTop = this.scroll.scrollHeight;
    this.rows.draw();
    requestAnimationFrame(() => { this.moving = false; });
    this.pillText();
  }

  pillText() {
    this.pill.hidden = this.follow || !this.fresh;
    if (!this.pill.hidden) this.pill.lastChild.textContent = word("chat.new", { n: this.fresh });
  }

  element(row) {
    if (row.gap) return make("div", { class: "chatrow gap" }, icon("gap"), make("span", {}, word("gap", { name: clean(row.gap.source), from: time(row.gap.since), to: time(row.gap.until) })));
    const comment = row.comment, asked = comment.unclear && comment.unclear.open;
    const kind = ["chatrow", comment.order ? "ordered" : "", asked ? "asked" : "", comment.deleted ? "gone" : "", comment.role === "seller" ? "ours" : ""].join(" ");
    return make("button", { type: "button", class: kind, onclick: () => commentSheet(state.comments.get(comment.id) || comment) },
      make("time", { class: "meta", datetime: comment.received_at }, time(comment.received_at)), named(comment), make("span", { class: "meta place" }, comment.platform),
      theirs(comment.text.slice(0, 300), "said"), reading(comment, asked));
  }
}

function reading(comment, asked) {
  const lines = comment.lines.map(lineText).join(" ");
  if (asked) return make("span", { class: "read" }, icon("ask"), lines || word("status.unclear"));
  if (comment.role === "seller") return make("span", { class: "read" }, word("intent.seller"));
  if (comment.intent === null) return make("span", { class: "read" }, word("intent.unread"));
  if (comment.intent === "order") return make("span", { class: "read" }, icon(comment.order ? "disc" : "ring"), lines || "?");
  return make("span", { class: "read" }, comment.intent === "other" ? "" : `${word(`intent.${comment.intent}`)} ${lines}`.trim());
}


