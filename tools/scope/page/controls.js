// Pause, step, slow motion, the model for new connections, and what is measured meanwhile. Asks a
// source, and shows what the loop then tells.

import { element, set_text } from "./dom.js";

export const SLOW = [0, 100, 250, 500, 1000, 2000]; // ms before each callback
export const MODELS = ["remembered", "drain", "level"];
const MEASURES = ["rounds", "callbacks", "received", "sent", "handlers"];
const BYTES = ["received", "sent"];
const OVER = 1e9; // ns: what is said "a second" is measured over that

/// Lives in `root`. `source` may be exchanged; draw() as often as you like.
export class Controls {
  #words;
  #source = null;
  #loop = null;
  #label = element("p", { class: "next-label" });
  #next = element("p", { class: "next-call", role: "status" });
  #who = element("p", { class: "aside" });
  #pause = element("button", { type: "button", class: "big" });
  #step = element("button", { type: "button", class: "big first" });
  #slow = element("select");
  #slow_name = element("span");
  #models = new Map(); // {input, name, calls}
  #model_legend = element("legend");
  #model_set;
  #calls = element("p", { class: "calls aside" });
  #figures = new Map(); // {name, value}
  #measured = null; // {t, missing, counts}
  #seek = element("input", { type: "range", min: "0", max: "1000", step: "1" });
  #seek_name = element("span");
  #seek_at = element("output");
  #seek_row;

  constructor(root, words) {
    this.#words = words;
    this.#slow.append(...SLOW.map((ms) => element("option", { value: String(ms) })));
    root.classList.add("controls");
    root.append(
      element("div", { class: "next" }, this.#label, this.#next),
      element("div", { class: "buttons" }, this.#pause, this.#step,
        element("label", { class: "field" }, this.#slow_name, this.#slow)),
      this.#make_seek(), this.#who, this.#make_models(), this.#calls, this.#make_figures());
    this.#pause.addEventListener("click", () => this.pause_or_go_on());
    this.#step.addEventListener("click", () => this.step());
    this.#slow.addEventListener("change", () => this.#source?.slow(Number(this.#slow.value)));
    this.translate();
  }

  #make_seek() {
    this.#seek_row = element("label", { class: "seek", hidden: true }, this.#seek_name, this.#seek, this.#seek_at);
    this.#seek.addEventListener("input", () => {
      const { begin, end } = this.#source;
      this.#source.seek(begin + (Number(this.#seek.value) / 1000) * (end - begin));
    });
    return this.#seek_row;
  }

  #make_models() {
    const group = `model-${Math.random().toString(36).slice(2)}`;
    const choices = MODELS.map((model) => {
      const input = element("input", { type: "radio", name: group, value: model });
      const name = element("span", { class: "model-name" });
      const calls = element("span", { class: "model-calls" });
      input.addEventListener("change", () => this.#source?.model(model));
      this.#models.set(model, { input, name, calls });
      return element("label", { class: "model" }, input, name, calls);
    });
    this.#model_set = element("fieldset", { class: "models" }, this.#model_legend, ...choices);
    return this.#model_set;
  }

  #make_figures() {
    return element("dl", { class: "figures" }, ...MEASURES.map((key) => {
      const [name, value] = [element("dt"), element("dd")];
      this.#figures.set(key, { name, value });
      return element("div", {}, name, value);
    }));
  }

  use(source) {
    this.#source = source;
    this.#measured = null;
    this.#seek_row.hidden = !source.seek;
  }

  step() {
    if (this.#loop && !this.#loop.paused) return this.#source?.pause();
    return this.#source?.step();
  }

  pause_or_go_on() {
    return this.#loop?.paused ? this.#source?.go_on() : this.#source?.pause();
  }

  slower() {
    const now = SLOW.indexOf(this.#loop?.steering?.slow ?? 0);
    return this.#source?.slow(SLOW[(now + 1) % SLOW.length]);
  }

  model(name) {
    return this.#source?.model?.(name);
  }

  translate() {
    const words = this.#words;
    set_text(this.#slow_name, words.text("slow_motion"));
    [...this.#slow.options].forEach((option, index) =>
      set_text(option, SLOW[index] ? words.text("slow_each", { time: words.time(SLOW[index] * 1e6) }) : words.text("slow_off")));
    set_text(this.#model_legend, words.text("model_legend"));
    for (const [model, { name }] of this.#models) {
      set_text(name, words.text(`model_${model}`));
      name.title = words.text(`about_${model}`);
    }
    for (const [key, { name }] of this.#figures) set_text(name, words.text(`figure_${key}`));
    set_text(this.#step, words.text("step"));
    set_text(this.#seek_name, words.text("seek"));
    this.#measured = null;
  }

  draw(loop) {
    this.#loop = loop;
    const words = this.#words;
    set_text(this.#pause, words.text(loop.paused ? "go_on" : "pause"));
    set_text(this.#step, words.text(loop.paused ? "step" : "stop_before_next"));
    this.#step.disabled = this.#pause.disabled = !loop.hello;
    this.#draw_next(loop);
    this.#draw_steering(loop);
    this.#draw_calls(loop);
    if (this.#source?.seek) this.#draw_seek();
    this.#measure(loop);
  }

  #draw_next(loop) {
    const words = this.#words;
    const stands = loop.paused || (loop.steering?.slow ?? 0) > 0;
    set_text(this.#label, words.text(stands ? "next" : "now"));
    set_text(this.#next, !loop.hello ? words.text("nothing_yet") : stands ? words.held(loop) : words.text("it_runs"));
    this.#next.classList.toggle("named", stands && loop.held?.handler != null);
  }

  #draw_steering(loop) {
    const { steering } = loop;
    const live = Boolean(this.#source?.viewer);
    const mine = live && steering?.viewer === this.#source.viewer;
    const others = Math.max((steering?.viewers ?? 1) - 1, 0);
    let text = "";
    if (live && steering?.viewer && (!mine || others > 0)) text = this.#words.text(mine ? "you_steer" : "other_steers");
    if (live && others > 0) text = `${text} ${this.#words.text("look_on", { count: others })}`.trim();
    set_text(this.#who, text);
    const slow = String(steering?.slow ?? 0);
    if (document.activeElement !== this.#slow && this.#slow.value !== slow) this.#slow.value = slow;
    for (const [model, { input }] of this.#models) input.checked = steering?.model === model;
  }

  #draw_calls(loop) {
    const words = this.#words;
    const two = (value) => value.toFixed(2);
    this.#model_set.hidden = !loop.steering?.model;
    for (const [model, { calls }] of this.#models) {
      const known = loop.calls_by_model[model];
      set_text(calls, known === undefined ? "–" : two(known));
    }
    const now = loop.calls_a_message;
    set_text(this.#calls, now === null ? words.text("calls_none") : words.text("calls_a_message", { calls: two(now) }));
  }

  #draw_seek() {
    const { at, begin, end } = this.#source;
    if (document.activeElement !== this.#seek || !this.#loop?.paused) {
      this.#seek.value = String(Math.round(((at - begin) / Math.max(end - begin, 1)) * 1000));
    }
    set_text(this.#seek_at, `${this.#words.time(at - begin)} / ${this.#words.time(end - begin)}`);
  }

  /// Where events are missing, there was more than what is counted.
  #measure(loop) {
    const words = this.#words;
    const missing = loop.left_out.server + loop.left_out.page;
    const now = { t: loop.t, missing, counts: { ...loop.counts } };
    set_text(this.#figures.get("handlers").value, words.number(loop.handlers.size));
    if (!this.#measured || loop.t < this.#measured.t) {
      this.#measured = now;
      for (const key of Object.keys(now.counts)) set_text(this.#figures.get(key).value, "–");
    }
    const before = this.#measured;
    if (now.t - before.t < OVER) return;
    this.#measured = now;
    for (const [key, count] of Object.entries(now.counts)) {
      const rate = Math.max(Math.round(((count - before.counts[key]) * 1e9) / (now.t - before.t)), 0);
      const what = BYTES.includes(key) ? words.bytes(rate) : words.number(rate);
      const text = words.text("per_second", { what });
      set_text(this.#figures.get(key).value, missing > before.missing ? `≥ ${text}` : text);
    }
  }
}
