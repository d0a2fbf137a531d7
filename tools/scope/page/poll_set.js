// The poll set as a table: a row for each descriptor that the loop watches.

import { element, set_attribute, set_text } from "./dom.js";

const MOST_ROWS = 100;

/// `rank` 1: always seen. 2, 3: left out where the letters are large and the screen is not.
const COLUMNS = [
  { key: "fd", rank: 1, number: true },
  { key: "handler", rank: 1, row: true },
  { key: "kind", rank: 3 },
  { key: "peer", rank: 1 },
  { key: "bits", rank: 1 },
  { key: "received", rank: 1, number: true, bytes: true },
  { key: "sent", rank: 1, number: true, bytes: true },
  { key: "kernel_in", rank: 2, number: true, bytes: true },
  { key: "unsent", rank: 1, number: true, bytes: true },
  { key: "kernel_out", rank: 2, number: true, bytes: true },
  { key: "rate", rank: 3, number: true },
  { key: "served", rank: 2, number: true },
  { key: "idle", rank: 2, number: true },
];

const WAITS = ["kernel_in", "unsent", "kernel_out"]; // what is not nothing there stands out
const MARKS = ["peer_ended", "hung_up", "failed", "urgent"];

class Row {
  #cells = {};
  #texts = {};
  #bits = {};
  #tag = element("span", { class: "tag" });
  #model = element("span", { class: "tag tag-model" });
  node = element("tr", { role: "row" });

  constructor(words) {
    for (const { key, number, row, rank } of COLUMNS) {
      const cell = element(row ? "th" : "td", {
        class: `rank-${rank}${number ? " number" : ""} cell-${key}`,
        role: row ? "rowheader" : "cell", scope: row ? "row" : null,
      });
      this.#cells[key] = cell;
      this.#texts[key] = element("span");
      cell.append(this.#texts[key]);
      this.node.append(cell);
    }
    this.#cells.handler.append(this.#model);
    for (const bit of ["readable", "writable"]) {
      this.#bits[bit] = element("span", { class: `bit bit-${bit}`, role: "img" }, bit === "readable" ? "R" : "W");
    }
    this.#cells.bits.replaceChildren(this.#bits.readable, this.#bits.writable, this.#tag);
    this.translate(words);
  }

  translate(words) {
    for (const { key } of COLUMNS) this.#cells[key].dataset.column = words.text(`column_${key}`);
  }

  draw(handler, loop, words) {
    const text = (key, value) => set_text(this.#texts[key], value ?? "–");
    text("fd", String(handler.fd));
    text("handler", `${handler.class} #${handler.id}`);
    text("kind", words.name("kind", handler.kind));
    text("peer", handler.peer ?? handler.local);
    set_text(this.#model, handler.model === "remembered" ? "" : (handler.model ?? ""));
    for (const { key, bytes } of COLUMNS) {
      if (bytes) text(key, handler[key] === null ? null : words.bytes(handler[key]));
    }
    for (const key of WAITS) this.#cells[key].classList.toggle("waits", handler[key] > 0);
    text("rate", handler.rate === null ? null : words.text("per_second", { what: words.bytes(Math.round(handler.rate)) }));
    text("served", words.time(handler.served));
    text("idle", idle_text(handler, loop, words));
    this.#draw_bits(handler, loop, words);
    this.node.classList.toggle("next", loop.held?.handler === handler.id);
    this.node.classList.toggle("running", loop.current.some((one) => one.handler === handler.id));
  }

  #draw_bits(handler, loop, words) {
    for (const [bit, node] of Object.entries(this.#bits)) {
      const lit = Boolean(handler[bit]);
      node.classList.toggle("lit", lit);
      set_attribute(node, "aria-label", words.text(lit ? bit : `not_${bit}`));
      set_attribute(node, "title", words.text(lit ? bit : `not_${bit}`));
    }
    const tag = tag_of(handler, loop);
    set_text(this.#tag, tag ? words.name("tag", tag) : "");
    this.#tag.className = `tag tag-${tag}`;
  }
}

function tag_of(handler, loop) {
  if (loop.held?.handler === handler.id) return "next";
  if (handler.state) return handler.state;
  if (loop.paused && waits(handler)) return "waits";
  return MARKS.find((mark) => handler.marks.has(mark)) ?? "";
}

/// That it is ready was told, or is seen by what lies there.
function waits(handler) {
  return handler.readable && !handler.background && (handler.ready_since !== null || handler.kernel_in > 0);
}

function idle_text(handler, loop, words) {
  const idle = loop.t - handler.touched;
  return idle < 1e8 ? words.text("busy") : words.time(Math.floor(idle / 1e8) * 1e8);
}

/// Lives in `root`; draw() as often as you like.
export class PollSet {
  #words;
  #rows = new Map(); // by the handler's id
  #head;
  #body = element("tbody", { role: "rowgroup" });
  #filter = element("input", { type: "search", spellcheck: "false", autocomplete: "off" });
  #filter_name = element("span");
  #background = element("input", { type: "checkbox" });
  #background_name = element("span");
  #said = element("p", { class: "aside" });
  #background_field;
  #loop = null;

  constructor(root, words) {
    this.#words = words;
    this.#background_field = element("label", { class: "check", hidden: true }, this.#background, this.#background_name);
    this.#head = COLUMNS.map(({ key, number, rank }) =>
      element("th", { scope: "col", role: "columnheader", class: `rank-${rank}${number ? " number" : ""} cell-${key}` }));
    this.#table = element("table", { role: "table" },
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...this.#head)), this.#body);
    root.classList.add("poll-set");
    root.append(
      element("div", { class: "table-tools" },
        element("label", { class: "field" }, this.#filter_name, this.#filter),
        this.#background_field,
        this.#said),
      element("div", { class: "scrolls", tabindex: "0", role: "group" }, this.#table));
    this.#filter.addEventListener("input", () => this.#loop && this.draw(this.#loop));
    this.translate();
  }

  #table;

  /// A source that can tell of the scope's own connections is asked for them here.
  use(source) {
    this.#background.checked = false;
    this.#background_field.hidden = !source.background;
    this.#background.onchange = () => source.background(this.#background.checked);
  }

  translate() {
    const words = this.#words;
    COLUMNS.forEach(({ key }, index) => {
      set_text(this.#head[index], words.text(`column_${key}`));
      this.#head[index].title = words.text(`about_${key}`);
    });
    set_text(this.#filter_name, words.text("filter"));
    set_text(this.#background_name, words.text("show_background"));
    for (const node of [this.#table, this.#table.parentElement]) {
      node.setAttribute("aria-label", words.text("poll_set"));
    }
    for (const row of this.#rows.values()) row.translate(words);
  }

  focus_filter() {
    this.#filter.focus();
  }

  draw(loop) {
    this.#loop = loop;
    const { all, shown } = this.#choose(loop);
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
    }
    shown.forEach((handler, index) => {
      let row = this.#rows.get(handler.id);
      if (!row) this.#rows.set(handler.id, (row = new Row(this.#words)));
      if (this.#body.children[index] !== row.node) {
        this.#body.insertBefore(row.node, this.#body.children[index] ?? null);
      }
      row.draw(handler, loop, this.#words);
    });
    set_text(this.#said, this.#say(shown.length, all));
  }

  /// All of them, in the order in which they came; or, when they are many, those that wait for
  /// their turn and those that were busy last.
  #choose(loop) {
    const wanted = this.#filter.value.trim().toLowerCase();
    const fits = (one) =>
      !wanted || `${one.fd} ${one.class} #${one.id} ${one.kind} ${one.peer ?? ""}`.toLowerCase().includes(wanted);
    let shown = [...loop.handlers.values()].filter(fits);
    const all = shown.length;
    if (all > MOST_ROWS) {
      const next = loop.held?.handler;
      const weight = (one) => (one.id === next ? 2 : one.ready_since !== null ? 1 : 0);
      shown.sort((a, b) => weight(b) - weight(a) || b.touched - a.touched);
      shown = shown.slice(0, MOST_ROWS);
    }
    shown.sort((a, b) => a.id - b.id);
    return { all, shown };
  }

  #say(shown, all) {
    const words = this.#words;
    if (shown < all) return words.text("rows_shown", { shown, all });
    return all === 0 ? words.text("rows_none") : words.text("rows_all", { count: all });
  }
}
