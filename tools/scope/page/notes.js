// What the loop warns of, and what the program logs: the newest first.

import { element, set_text } from "./dom.js";

const MOST_LINES = 100;

/// Lives in `root`; draw() as often as you like.
export class Notes {
  #words;
  #list = element("ul");
  #empty = element("p", { class: "aside" });
  #drawn = null; // {notes, made}
  #box;

  constructor(root, words) {
    this.#words = words;
    this.#box = element("div", { class: "lines", role: "log", tabindex: "0" }, this.#list);
    root.classList.add("notes");
    root.append(this.#empty, this.#box);
    this.translate();
  }

  translate() {
    this.#drawn = null;
    this.#box.setAttribute("aria-label", this.#words.text("notes"));
    set_text(this.#empty, this.#words.text("no_notes"));
  }

  draw(loop) {
    if (this.#drawn?.notes === loop.notes && this.#drawn.made === loop.notes_made) return;
    this.#drawn = { notes: loop.notes, made: loop.notes_made };
    this.#empty.hidden = loop.notes.length > 0;
    this.#box.hidden = loop.notes.length === 0;
    const newest = loop.notes.slice(-MOST_LINES).reverse();
    this.#list.replaceChildren(...newest.map((note) => this.#line(note, loop)));
  }

  #line(note, loop) {
    const words = this.#words;
    const label = note.kind === "log" ? words.name("level", note.level) : words.name("warning", note.kind);
    const who = note.handler === null || note.handler === undefined ? "" : loop.handler_name(note.handler);
    return element("li", { class: `note note-${note.level}` },
      element("time", {}, words.time(note.t)),
      element("strong", {}, label),
      element("span", { class: "note-text" }, who && !note.text.includes(who) ? `${who}: ${note.text}` : note.text),
      note.count > 1 ? element("span", { class: "times" }, `× ${words.number(note.count)}`) : "");
  }
}
