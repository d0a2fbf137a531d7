// The timeline of the last rounds: a row for each handler that was called, what it was called for
// and for how long, how long it was ready before, and the waits between. Drawn on a canvas.

import { element, set_text } from "./dom.js";
import { search } from "./history.js";
import { Brush, GROUPS } from "./timeline_brush.js";

const MOST_ROWS = 12;
const SPAN = { folded: 600_000, true: 2e9 }; // ns that are seen at first
const OPERATIONS = { receive: "did_receive", send: "did_send" };
const NARROWEST = 1_000;
const WIDEST = { folded: 2e8, true: 3.6e12 };

/// Handlers by their number, then those that have none.
function in_order(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/// Lives in `root`; draw() as often as you like.
export class Timeline {
  #words;
  #loop = null;
  #scale = "folded";
  #span = { ...SPAN };
  #right = null; // of what is seen; null: the newest
  #rows = []; // lanes
  #selected = null;
  #hovered = null;
  #canvas = element("canvas", { "aria-hidden": "true" });
  #stage;
  #readout = element("p", { class: "readout", role: "status" });
  #buttons = {};
  #legend = element("ul", { class: "legend" });
  #brush;

  constructor(root, words) {
    this.#words = words;
    this.#stage = element("div", { class: "stage", tabindex: "0", role: "application" }, this.#canvas);
    const button = (name, sign, act) => {
      this.#buttons[name] = element("button", { type: "button", class: "quiet" }, sign);
      this.#buttons[name].addEventListener("click", () => this.#and_draw(act));
      return this.#buttons[name];
    };
    root.classList.add("timeline");
    root.append(
      element("div", { class: "timeline-tools" }, this.#legend,
        element("div", { class: "tools" },
          button("scale", "", () => this.#change_scale()),
          button("wider", "−", () => this.#zoom(1.6)),
          button("closer", "+", () => this.#zoom(1 / 1.6)),
          button("newest", "⇥", () => (this.#right = this.#selected = null)))),
      this.#stage, this.#readout);
    this.#brush = new Brush(this.#canvas, words);
    this.#listen();
    this.translate();
  }

  translate() {
    const words = this.#words;
    this.#stage.setAttribute("aria-label", words.text("timeline_label"));
    for (const [name, button] of Object.entries(this.#buttons)) {
      button.setAttribute("title", words.text(`timeline_${name}`));
      if (name !== "scale") button.setAttribute("aria-label", words.text(`timeline_${name}`));
    }
    this.#buttons.scale.setAttribute("aria-pressed", String(this.#scale === "true"));
    set_text(this.#buttons.scale, words.text("to_scale"));
    this.#legend.replaceChildren(
      ...[...GROUPS, "delay", "wait"].map((group) =>
        element("li", {}, element("i", { class: `swatch swatch-${group}` }), words.text(`group_${group}`))));
    this.#tell();
  }

  draw(loop) {
    if (this.#loop?.history !== loop.history) this.#selected = this.#hovered = null;
    this.#loop = loop;
    const view = this.#view(loop);
    this.#rows = this.#choose_rows(loop, view);
    this.#brush.draw(loop, view, this.#rows, this.#selected ?? this.#hovered);
    if (!this.#selected && !this.#hovered) this.#tell();
  }

  #view(loop) {
    const { history } = loop;
    const folded = this.#scale === "folded";
    const left_of = folded ? (one) => one.x : (one) => one.begin;
    const right_of = folded ? (one) => one.x_end : (one) => one.end;
    const at = folded ? (t) => history.x_of(t) : (t) => t;
    const newest = at(loop.t);
    const span = this.#span[this.#scale];
    const right = this.#right ?? newest + span * 0.02;
    const left = right - span;
    const { callbacks } = history;
    // One that is longer than the whole view may have begun long before: the one before is seen too.
    let first = Math.max(search(callbacks, (one) => right_of(one) >= left) - 1, 0);
    while (first > 0 && callbacks[first].depth > 0) --first;
    const last = search(callbacks, (one) => left_of(one) > right);
    return { left, right, span, at, left_of, right_of, newest, seen: callbacks.slice(first, last) };
  }

  /// The handlers that have a row of their own: those that were called most, the last of them where
  /// that is the same; who has a row keeps it rather than give it to a neighbour as busy. The
  /// others share the last row.
  #choose_rows(loop, view) {
    const calls = new Map(); // lane -> {count, last}
    view.seen.forEach(({ lane }, last) => calls.set(lane, { count: (calls.get(lane)?.count ?? 0) + 1, last }));
    if (loop.handlers.size <= MOST_ROWS * 2) {
      for (const id of loop.handlers.keys()) if (!calls.has(id)) calls.set(id, { count: 0, last: -1 });
    }
    for (const lane of this.#rows) {
      const its = calls.get(lane);
      if (its) its.count = its.count * 1.5 + 1;
    }
    if (calls.has(loop.held?.handler)) calls.get(loop.held.handler).count = Infinity;
    const busiest = [...calls].sort(([, a], [, b]) => b.count - a.count || b.last - a.last).slice(0, MOST_ROWS);
    const rows = busiest.map(([lane]) => lane).sort(in_order);
    rows.left_out = calls.size - rows.length;
    return rows;
  }

  #and_draw(act) {
    act();
    if (this.#loop) this.draw(this.#loop);
  }

  #change_scale() {
    this.#scale = this.#scale === "folded" ? "true" : "folded";
    this.#right = null;
    this.#buttons.scale.setAttribute("aria-pressed", String(this.#scale === "true"));
  }

  /// `share`: the place that stays where it is, from the left.
  #zoom(factor, share = 1) {
    const before = this.#span[this.#scale];
    const after = Math.min(Math.max(before * factor, NARROWEST), WIDEST[this.#scale]);
    if (this.#right !== null) this.#right += (after - before) * (1 - share);
    else if (share < 0.9) this.#right = this.#view(this.#loop).right + (after - before) * (1 - share);
    this.#span[this.#scale] = after;
  }

  #move(share) {
    const view = this.#view(this.#loop);
    const right = view.right + share * view.span;
    this.#right = right >= view.newest + view.span * 0.02 ? null : right;
  }

  /// The callback before or after the one that is selected; the last one when none is.
  #select(by) {
    const all = this.#loop.history.callbacks;
    if (all.length === 0) return;
    const index = this.#selected ? all.indexOf(this.#selected) + by : all.length - 1;
    this.#selected = all[Math.min(Math.max(index, 0), all.length - 1)];
    this.#show_selected();
  }

  #select_end(last) {
    this.#selected = this.#loop.history.callbacks.at(last ? -1 : 0) ?? null;
    this.#show_selected();
  }

  #show_selected() {
    const view = this.#view(this.#loop);
    const one = this.#selected;
    if (!one) return;
    if (view.left_of(one) < view.left || view.right_of(one) > view.right) {
      this.#right = Math.min(view.left_of(one) + view.span / 2, view.newest + view.span * 0.02);
    }
    this.#tell(one);
  }

  #tell(one = null) {
    set_text(this.#readout, one ? this.#story(one) : this.#words.text("timeline_hint"));
  }

  #story(one) {
    const words = this.#words;
    const parts = [
      `${this.#loop.handler_name(one.handler, one.name)} ${words.callback(one.callback)}`,
      words.time(one.end - one.begin),
      words.text("in_round", { count: one.round }),
      ...one.did.map((what) => this.#operation(what)),
    ];
    return parts.join(" · ");
  }

  #operation(what) {
    const words = this.#words;
    const values = { bytes: words.bytes(what.bytes), asked: words.bytes(what.asked) };
    const text = words.text(OPERATIONS[what.operation] ?? "did_accept", values);
    const how = what.error ? what.error.text : words.name("status", what.status);
    return what.status === "done" ? text : `${text}: ${how}`;
  }

  #listen() {
    const stage = this.#stage;
    let dragged = null;
    stage.addEventListener("keydown", (event) => this.#key(event));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      dragged = { x: event.clientX, moved: false };
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!this.#loop) return;
      if (dragged && (dragged.moved || Math.abs(event.clientX - dragged.x) > 3)) {
        const share = (dragged.x - event.clientX) / this.#brush.width;
        dragged = { x: event.clientX, moved: true };
        this.#and_draw(() => this.#move(share));
      } else if (!dragged) {
        const before = this.#hovered;
        this.#hovered = this.#brush.callback_at(event.offsetX, event.offsetY);
        if (this.#hovered !== before) this.#and_draw(() => this.#tell(this.#selected ?? this.#hovered));
      }
    });
    stage.addEventListener("pointerup", (event) => {
      if (dragged && !dragged.moved && this.#loop) {
        this.#selected = this.#brush.callback_at(event.offsetX, event.offsetY);
        this.#and_draw(() => this.#tell(this.#selected));
      }
      dragged = null;
    });
    stage.addEventListener("pointercancel", () => (dragged = null));
    stage.addEventListener("pointerleave", () => {
      this.#hovered = null;
      if (this.#loop) this.#and_draw(() => this.#tell(this.#selected));
    });
  }

  #key(event) {
    if (!this.#loop || event.ctrlKey || event.metaKey || event.altKey) return;
    const keys = {
      ArrowLeft: () => (event.shiftKey ? this.#move(-0.25) : this.#select(-1)),
      ArrowRight: () => (event.shiftKey ? this.#move(0.25) : this.#select(1)),
      "+": () => this.#zoom(1 / 1.6, 0.5),
      "=": () => this.#zoom(1 / 1.6, 0.5),
      "-": () => this.#zoom(1.6, 0.5),
      Home: () => this.#select_end(false),
      End: () => this.#select_end(true),
      Escape: () => {
        this.#right = this.#selected = null;
        this.#tell();
      },
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    this.#and_draw(keys[event.key]);
  }

  /// With Ctrl it zooms, as maps do; sideways it moves; else the page scrolls.
  #wheel(event) {
    if (!this.#loop) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const share = this.#brush.share_at(event.offsetX);
      this.#and_draw(() => this.#zoom(Math.exp(event.deltaY / 300), share));
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      const by = (event.deltaX || event.deltaY) / this.#brush.width;
      this.#and_draw(() => this.#move(by));
    }
  }
}

