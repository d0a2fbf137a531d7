// What has happened, kept for the timeline: callbacks, waits, and who was ready for how long. Knows
// no page. Times are nanoseconds since the loop was first watched.

const KEPT = 8192;
const FOLDED_FROM = 10_000; // ns: what lies between two callbacks is to scale up to here
const SHORTEST = 200; // ns that a callback takes on the axis at least

/// How much of the axis a pause between two callbacks takes: beyond 10 µs, twice as long is only a
/// little wider. A callback is never folded.
export function fold(gap) {
  if (gap <= FOLDED_FROM) return Math.max(gap, 0);
  return FOLDED_FROM * (1 + Math.log(gap / FOLDED_FROM));
}

/// The first index in `items`, which are in order, for which `after(item)` holds.
export function search(items, after) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (after(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

function keep(items, item) {
  items.push(item);
  if (items.length > 2 * KEPT) items.splice(0, KEPT);
}

/// Two axes: `t`, which is time, and `x`, where the pauses between callbacks are folded.
export class History {
  callbacks = []; // {lane, name, handler, callback, begin, end, x, x_end, round, depth, did: []}
  waits = []; // {begin, end, events}
  delays = []; // {lane, begin, end}: ready, and not called yet
  rounds = []; // {t, number}
  breaks = []; // {t, count}: events that are missing
  #nested = [];
  #end = null; // of the last callback that was in no other: {t, x}

  get empty() {
    return this.callbacks.length === 0;
  }

  add_wait(wait) {
    keep(this.waits, wait);
  }

  add_delay(delay) {
    keep(this.delays, delay);
  }

  add_round(t, number) {
    keep(this.rounds, { t, number });
  }

  add_break(t, count) {
    keep(this.breaks, { t, count });
  }

  /// Called when it has ended: one that was in another comes before that one.
  add_callback(callback) {
    if (callback.depth > 0) {
      this.#nested.push(callback);
      return;
    }
    this.#end ??= { t: callback.begin, x: 0 };
    callback.x = this.#end.x + fold(callback.begin - this.#end.t);
    callback.x_end = callback.x + Math.max(callback.end - callback.begin, SHORTEST);
    this.#end = { t: callback.end, x: callback.x_end };
    keep(this.callbacks, callback);
    for (const inner of this.#nested) {
      inner.outer = callback;
      inner.x = inside(callback, inner.begin);
      inner.x_end = inside(callback, inner.end);
      keep(this.callbacks, inner);
    }
    this.#nested = [];
  }

  /// Where `t` lies on the folded axis.
  x_of(t) {
    const { callbacks } = this;
    let index = search(callbacks, (one) => one.begin > t) - 1;
    while (index >= 0 && callbacks[index].depth > 0) --index;
    if (index < 0) return callbacks.length ? callbacks[0].x - fold(callbacks[0].begin - t) : 0;
    const before = callbacks[index];
    if (t <= before.end) return inside(before, t);
    const next = callbacks.slice(index + 1, index + 64).find((one) => one.depth === 0);
    if (!next) return before.x_end + fold(t - before.end);
    const share = (t - before.end) / Math.max(next.begin - before.end, 1);
    return before.x_end + Math.min(share, 1) * (next.x - before.x_end);
  }
}

function inside(callback, t) {
  const share = (t - callback.begin) / Math.max(callback.end - callback.begin, 1);
  return callback.x + Math.min(Math.max(share, 0), 1) * (callback.x_end - callback.x);
}
