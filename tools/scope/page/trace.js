// A trace file (--trace) as a source: played, stopped, stepped and scrubbed like a loop that runs.

import { Loop } from "./loop.js";

const LARGEST = 512 * 1024 * 1024; // bytes
const TICK = 33; // ms
const BUDGET = 20; // ms of a tick: a dense trace plays slower rather than stop the page

/// Why a file can not be played; `key` is one of texts.js.
export class TraceError extends Error {
  constructor(key, values = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/// Each event stands whole in the "args" of an entry. A file that was cut is read line by line, as
/// far as it goes.
function entries_of(text) {
  try {
    const whole = JSON.parse(text);
    return { entries: Array.isArray(whole) ? whole : (whole?.traceEvents ?? []), cut: false };
  } catch {
    const entries = text.split("\n").flatMap((line) => {
      try {
        return [JSON.parse(line.trim().replace(/,$/, ""))];
      } catch {
        return [];
      }
    });
    return { entries, cut: true };
  }
}

function events_of(entries) {
  const events = [];
  for (const entry of entries) {
    const event = entry?.args;
    if (typeof event?.event === "string" && Number.isFinite(event.t)) events.push(event);
  }
  return events.sort((a, b) => a.t - b.t);
}

/// What is in the file may be anything: it is tried before it is shown.
function try_out(events) {
  const loop = new Loop();
  events.forEach((event, index) => {
    try {
      loop.take(event);
    } catch {
      throw new TraceError("trace_strange", { count: index + 1, event: event.event });
    }
  });
}

/// A source, which can also seek(). No model: what happened, happened.
export class TraceSource {
  #events;
  #classes; // of the handlers, by their numbers
  #on_event = null;
  #position = 0; // of the next event
  #clock; // ns, as far as it has been played
  #paused = true;
  #slow = 0;
  #timer = null;

  /// Throws TraceError.
  static async open(file) {
    if (file.size === 0) throw new TraceError("trace_empty");
    if (file.size > LARGEST) throw new TraceError("trace_huge", { size: LARGEST / 1024 / 1024 });
    const { entries, cut } = entries_of(await file.text());
    const events = events_of(entries);
    if (events.length === 0) throw new TraceError(cut ? "trace_not_json" : "trace_no_events");
    try_out(events);
    return new TraceSource(file.name, events, cut);
  }

  constructor(name, events, cut) {
    this.name = name;
    this.cut = cut;
    this.count = events.length;
    // Of what was there before the oldest that was kept, only who was there is kept, too.
    this.begin = (events.find(({ event }) => event !== "hello" && event !== "opened") ?? events[0]).t;
    this.end = events.at(-1).t;
    this.#events = events;
    this.#classes = new Map(
      events.filter(({ event }) => event === "opened").map((event) => [event.handler, event.class]));
    this.#clock = this.begin;
  }

  get at() {
    return this.#clock;
  }

  get ended() {
    return this.#position === this.#events.length;
  }

  start(on_event) {
    this.#on_event = on_event;
    this.#rewind();
    this.pause();
  }

  stop() {
    clearInterval(this.#timer);
  }

  pause() {
    clearInterval(this.#timer);
    this.#paused = true;
    this.#tell("paused");
    this.#look_ahead();
  }

  /// Plays up to the end of the next callback.
  step() {
    let depth = 0;
    while (!this.ended) {
      const event = this.#play_one();
      if (event.event === "begins") ++depth;
      if (event.event === "ends" && --depth <= 0) break;
    }
    this.#look_ahead();
  }

  go_on() {
    if (this.ended) this.#rewind();
    this.#paused = false;
    this.#tell("resumed");
    this.#run();
  }

  slow(ms) {
    this.#slow = ms;
    this.#steer();
    if (!this.#paused) this.#run();
  }

  seek(t) {
    if (t < this.#clock) this.#rewind();
    this.#play_until(t, Infinity);
    if (this.#paused) this.#tell("paused");
    this.#look_ahead();
  }

  #rewind() {
    this.#position = 0;
    this.#clock = this.begin;
    this.#on_event({ event: "forget" });
    if (this.#events[0].event !== "hello") this.#on_event({ event: "hello", t: this.begin });
    while (!this.ended && this.#events[this.#position].t <= this.begin) this.#play_one();
    this.#steer();
  }

  #run() {
    clearInterval(this.#timer);
    let before = performance.now();
    const tick = () => {
      const now = performance.now();
      this.#play_until(this.#clock + (now - before) * 1e6, now + BUDGET);
      before = now;
      if (this.ended) this.pause();
    };
    const step = () => {
      this.step();
      if (this.ended) this.pause();
    };
    this.#timer = this.#slow ? setInterval(step, this.#slow) : setInterval(tick, TICK);
  }

  #play_until(t, deadline) {
    while (!this.ended && this.#events[this.#position].t <= t) {
      this.#play_one();
      if (this.#position % 256 === 0 && performance.now() > deadline) return;
    }
    this.#clock = Math.min(Math.max(t, this.#clock), this.end);
  }

  #play_one() {
    const event = this.#events[this.#position++];
    this.#clock = Math.max(this.#clock, event.t);
    if (!["paused", "resumed", "held", "steering"].includes(event.event)) this.#on_event(event);
    return event;
  }

  #look_ahead() {
    if (!this.#paused && !this.#slow) return;
    for (let index = this.#position; index < this.#events.length; ++index) {
      const { event, handler, callback, class: name } = this.#events[index];
      if (event === "begins") {
        const known = name ?? this.#classes.get(handler); // which it may become only on the way there
        return this.#tell("held", { handler, class: known, callback, waiting: null });
      }
    }
    this.#tell("held", { handler: null, callback: null, waiting: null });
  }

  #steer() {
    this.#tell("steering", { viewer: null, viewers: 1, slow: this.#slow, model: null });
  }

  #tell(event, more = {}) {
    this.#on_event({ event, by: null, ...more });
  }
}
