// What is known of a loop from its events (docs/events.md): one object, that draws nothing. The
// same for a live server, a trace, and a loop that is simulated in the page.

import { History } from "./history.js";

const NOTES = 300;

/// The steps of a round, as reactor/reactor.h numbers them.
export const STEPS = ["parked", "wait", "posts", "events", "ready", "timers", "corked", "closed"];
const [PARKED, WAIT, POSTS, EVENTS, READY, TIMERS, CORKED, CLOSED] = STEPS.keys();

function new_handler(event) {
  return {
    id: event.handler, class: event.class, fd: event.fd, kind: event.kind, model: event.model,
    peer: event.peer, local: event.local, background: event.background === true,
    readable: false, writable: false, marks: new Set(), state: "", ready_since: null,
    received: 0, sent: 0, unsent: null, kernel_in: null, kernel_out: null,
    served: 0, calls: 0, rate: null, touched: event.t, measured: null, idle: null,
  };
}

export class Loop {
  constructor() {
    this.forget();
  }

  /// Back to knowing nothing.
  forget() {
    this.hello = null;
    this.t = 0;
    this.round = 0;
    this.step = null; // an index of STEPS
    this.visits = STEPS.map(() => 0); // how often each step was come to
    this.last_round = null; // what each step of the last one did
    this.handlers = new Map();
    this.waiting = new Set(); // those that are ready, and not called yet
    this.idle_since = null; // ns: the end of the last round in which something happened
    this.history = new History();
    this.current = []; // callbacks that run, the innermost last
    this.counts = { rounds: 0, callbacks: 0, received: 0, sent: 0 };
    this.paused = false;
    this.held = null;
    this.steering = null;
    this.calls_a_message = null;
    this.calls_by_model = {};
    this.notes = []; // {t, kind, level, text, handler, count}
    this.notes_made = 0;
    this.left_out = { server: 0, page: 0 };
    this.#owner = null;
  }

  /// The stream begins anew, perhaps that of the same loop: then what has happened, happened.
  meet(hello) {
    const before = this.hello;
    const known = before !== null && before.pid === hello.pid && before.time === hello.time;
    const { history, notes, notes_made, left_out, calls_by_model } = this;
    this.forget();
    if (known) Object.assign(this, { history, notes, notes_made, left_out, calls_by_model });
    this.hello = hello;
    this.t = hello.t;
  }

  /// Takes the next event. What it does not know, it ignores: later schemas have more.
  take(event) {
    if (event.t > this.t) this.t = event.t; // of a round that nobody was called in, it is told late
    if (typeof event.round === "number") this.round = event.round;
    TAKES[event.event]?.(this, event);
  }

  /// `EchoHandler #5`. Those without a descriptor have no number, and `name` is all there is.
  handler_name(id, name = this.handlers.get(id)?.class ?? "") {
    return id === 0 ? name : `${name} #${id}`.trim();
  }

  enter(step) {
    this.step = step;
    ++this.visits[step];
  }

  /// Whose turn it is: told ready just now, or else from the ready list.
  enter_turn(id) {
    if (this.step === TIMERS || this.step === CORKED) return;
    const step = this.step === READY || this.#owner !== id ? READY : EVENTS;
    if (this.step !== step) this.enter(step);
    if (this.last_round) ++this.last_round[STEPS[step]];
  }

  own(id) {
    this.#owner = id;
    if (this.step === WAIT || this.step === POSTS) this.enter(EVENTS);
  }

  /// From `t` on it is ready, and others have their turns.
  wait_for_turn(handler, t) {
    handler.ready_since ??= t;
    this.waiting.add(handler);
  }

  wait_no_more(handler) {
    handler.ready_since = null;
    this.waiting.delete(handler);
  }

  note(note) {
    const last = this.notes.at(-1);
    ++this.notes_made;
    if (last && last.kind === note.kind && last.handler === note.handler && last.text === note.text) {
      last.count += 1;
      last.t = note.t;
      return;
    }
    this.notes.push({ count: 1, ...note });
    if (this.notes.length > NOTES) this.notes.splice(0, NOTES / 3);
  }

  #owner = null;
}

/// What has a row of its own in the timeline: a handler, or all without a descriptor of one class.
function lane_of(id, name) {
  return id === 0 ? name : id;
}

function new_round() {
  return { parked: 0, wait: null, posts: 0, events: 0, ready: 0, timers: 0, corked: 0, closed: 0, told: 0 };
}

function changed(loop, id, change) {
  const handler = loop.handlers.get(id);
  if (handler) change(handler);
}

function told_ready(loop, handler, event) {
  for (const bit of event.bits) {
    if (bit.startsWith("read")) handler.readable = true;
    else if (bit.startsWith("writ")) handler.writable = true;
    else handler.marks.add(bit);
  }
  if (handler.readable) loop.wait_for_turn(handler, event.t);
  handler.state = "";
}

function did(loop, handler, event) {
  const receives = event.operation !== "send";
  if (event.operation === "receive") {
    handler.received += event.bytes;
    loop.counts.received += event.bytes;
    if (handler.kernel_in !== null) { // until it is measured again
      handler.kernel_in = event.status === "exhausted" ? 0 : Math.max(handler.kernel_in - event.bytes, 0);
    }
  } else if (event.operation === "send") {
    handler.sent += event.bytes;
    loop.counts.sent += event.bytes;
  }
  if (event.status === "exhausted") handler[receives ? "readable" : "writable"] = false;
  if (event.status === "end") handler.marks.add("peer_ended");
  if (event.status === "failed") handler.marks.add("failed");
  handler.touched = event.t;
}

function callback_ended(loop, event) {
  const index = loop.current.findLastIndex(
    (one) => one.handler === event.handler && one.callback === event.callback);
  const begun = index >= 0 ? loop.current[index] : { did: [] };
  loop.current.length = Math.max(index, 0);
  const name = begun.name ?? loop.handlers.get(event.handler)?.class ?? "";
  loop.history.add_callback({
    handler: event.handler, name, lane: lane_of(event.handler, name), callback: event.callback,
    begin: event.t - event.ns, end: event.t, round: event.round,
    depth: loop.current.length, did: begun.did,
  });
  ++loop.counts.callbacks;
}

function sampled(loop, event) {
  for (const sample of event.handlers) {
    const handler = loop.handlers.get(sample.handler);
    if (!handler) continue;
    const before = handler.measured;
    Object.assign(handler, sample, { idle: sample.idle, handler: undefined });
    const bytes = sample.received + sample.sent;
    if (before && event.t > before.t) handler.rate = ((bytes - before.bytes) * 1e9) / (event.t - before.t);
    handler.measured = { t: event.t, bytes };
    handler.touched = event.t - sample.idle;
    if (!handler.readable) loop.wait_no_more(handler);
  }
  loop.calls_a_message = event.calls_a_message;
  if (event.calls_a_message !== null) attribute(loop, event.calls_a_message);
}

/// The figure belongs to a model only while every connection is served by it.
function attribute(loop, calls) {
  const models = new Set();
  for (const handler of loop.handlers.values()) {
    if (!handler.background && handler.kind === "connection") models.add(handler.model);
  }
  if (models.size === 1) loop.calls_by_model[[...models][0]] = calls;
}

const TAKES = {
  __proto__: null,
  hello(loop, event) {
    loop.meet(event);
  },
  forget(loop) {
    loop.forget();
  },
  /// Rounds in which nothing is to be seen are not told: they belong to the wait.
  round_begins(loop, event) {
    loop.current.length = 0;
    loop.this_round = new_round();
    loop.idle_since ??= event.t;
    ++loop.counts.rounds;
    loop.history.add_round(loop.idle_since, event.round);
    loop.enter(PARKED);
    loop.enter(WAIT);
  },
  waited(loop, event) {
    loop.last_round = loop.this_round ?? new_round();
    const begin = loop.idle_since ?? event.t;
    loop.idle_since = null;
    loop.last_round.wait = { ns: event.t - begin, limit: event.limit, events: event.events };
    loop.history.add_wait({ begin, end: event.t, events: event.events });
    // Nobody is on the ready list when the loop may sleep: who is ready then does not want it.
    const held = loop.paused || (loop.steering?.slow ?? 0) > 0;
    if (event.limit !== 0 && !held) loop.waiting.forEach((handler) => loop.wait_no_more(handler));
    loop.own(null);
    if (event.events > 0) loop.enter(EVENTS);
  },
  posts(loop, event) {
    loop.enter(POSTS);
    if (loop.last_round) loop.last_round.posts = event.count;
  },
  timers(loop) {
    loop.enter(TIMERS);
    if (loop.last_round) ++loop.last_round.timers;
  },
  corked(loop, event) {
    loop.enter(CORKED);
    if (loop.last_round) loop.last_round.corked = event.count;
  },
  round_ends(loop, event) {
    if (loop.last_round?.closed) loop.enter(CLOSED);
    loop.idle_since = event.t;
    loop.step = WAIT;
  },
  opened(loop, event) {
    loop.handlers.set(event.handler, new_handler(event));
  },
  closing(loop, event) {
    changed(loop, event.handler, (handler) => loop.wait_no_more(handler));
    loop.handlers.delete(event.handler);
    if (loop.last_round) ++loop.last_round.closed;
  },
  ready(loop, event) {
    if (loop.last_round) ++loop.last_round.told;
    loop.own(event.handler);
    changed(loop, event.handler, (handler) => told_ready(loop, handler, event));
  },
  begins(loop, event) {
    if (loop.current.length === 0) loop.enter_turn(event.handler);
    const { handler: id, callback } = event;
    const name = event.class ?? loop.handlers.get(id)?.class ?? "";
    loop.current.push({ handler: id, name, callback, did: [] });
    changed(loop, event.handler, (handler) => {
      if (handler.ready_since !== null) {
        loop.history.add_delay({ lane: id, begin: handler.ready_since, end: event.t });
      }
      loop.wait_no_more(handler);
      handler.state = "";
    });
  },
  ends(loop, event) {
    callback_ended(loop, event);
    changed(loop, event.handler, (handler) => {
      handler.served += event.ns;
      ++handler.calls;
      handler.touched = event.t;
      if (event.callback === "connect") handler.kind = "connection";
      if (handler.readable) loop.wait_for_turn(handler, event.t);
    });
  },
  did(loop, event) {
    loop.current.findLast((one) => one.handler === event.handler)?.did.push(event);
    changed(loop, event.handler, (handler) => did(loop, handler, event));
  },
  parked(loop, event) {
    if (loop.this_round) ++loop.this_round.parked;
    changed(loop, event.handler, (handler) => {
      handler.state = "parked";
      loop.wait_no_more(handler);
    });
  },
  stuck(loop, event) {
    changed(loop, event.handler, (handler) => (handler.state = "stuck"));
  },
  starved(loop, event) {
    changed(loop, event.handler, (handler) => (handler.state = "starved"));
  },
  log(loop, event) {
    loop.note({ t: event.t, kind: "log", level: event.level, text: event.text, handler: null });
  },
  warning(loop, event) {
    const { t, kind, text, handler } = event;
    loop.note({ t, kind, level: "warning", text, handler });
  },
  paused(loop) {
    loop.paused = true;
  },
  resumed(loop) {
    loop.paused = false;
    loop.held = null;
  },
  held(loop, event) {
    loop.held = event;
  },
  steering(loop, event) {
    loop.steering = event;
  },
  sample: sampled,
  dropped(loop, event) {
    loop.left_out[event.by_page ? "page" : "server"] += event.count;
    loop.history.add_break(loop.t, event.count);
    loop.current.length = 0;
    loop.idle_since = null;
  },
};
