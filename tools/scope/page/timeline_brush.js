// What the timeline looks like: pixels, colours, and which callback lies under the pointer.

export const GROUPS = ["accept", "read", "write", "close", "other"];

const GROUP_OF = {
  accept: "accept", connect: "accept", read: "read", discard: "read", expt: "read", write: "write",
  close: "close", error: "close", connect_error: "close", finish: "close",
};
const COLOURS = [...GROUPS, "delay", "wait", "ink", "muted", "line", "panel", "accent"];
const AXIS = 1.5; // heights are in sizes of the font
const ROW = 1.9;
const BAR = 1.2;
const LEAST_ROWS = 4;

function group_of(callback) {
  return GROUP_OF[callback] ?? "other";
}

export class Brush {
  #canvas;
  #words;
  #pen;
  #drawn = []; // {left, right, top, bottom, callback}
  #label = 0; // width of the names
  #font = 14;
  #colours = {};
  width = 1; // of the axis, in CSS pixels

  constructor(canvas, words) {
    this.#canvas = canvas;
    this.#words = words;
    this.#pen = canvas.getContext("2d");
  }

  callback_at(x, y) {
    const near = 3;
    const hit = (one) => x >= one.left - near && x <= one.right + near && y >= one.top && y < one.bottom;
    return this.#drawn.findLast(hit)?.callback ?? null;
  }

  share_at(x) {
    return Math.min(Math.max((x - this.#label) / this.width, 0), 1);
  }

  draw(loop, view, rows, marked) {
    this.#measure(rows);
    this.#drawn = [];
    const px = (x) => this.#label + ((x - view.left) / view.span) * this.width;
    this.#rows(loop, rows);
    this.#clip(() => {
      this.#waits(loop, view, px);
      this.#rounds(loop, view, px);
      this.#delays(loop, view, px, rows);
      this.#callbacks(view, px, rows, marked);
      this.#breaks(loop, view, px);
    });
    this.#scale_bar(view);
    if (loop.history.empty) this.#say_empty();
  }

  #measure(rows) {
    const style = getComputedStyle(this.#canvas);
    this.#font = parseFloat(style.fontSize);
    for (const name of COLOURS) this.#colours[name] = style.getPropertyValue(`--${name}`).trim();
    const wide = this.#canvas.parentElement.clientWidth;
    const high = Math.ceil((AXIS + Math.max(rows.length + (rows.left_out > 0), LEAST_ROWS) * ROW + 1.6) * this.#font);
    const ratio = window.devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(wide * ratio) || this.#canvas.height !== Math.round(high * ratio)) {
      this.#canvas.width = Math.round(wide * ratio);
      this.#canvas.height = Math.round(high * ratio);
      this.#canvas.style.height = `${high}px`;
    }
    this.#pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#pen.clearRect(0, 0, wide, high);
    this.#pen.textBaseline = "middle";
    this.#pen.font = `${this.#font}px ${style.fontFamily}`;
    this.#label = Math.min(this.#font * 13, wide * 0.3);
    this.width = Math.max(wide - this.#label - 1, 1);
    this.#high = high;
  }

  #high = 0;

  #clip(paint) {
    this.#pen.save();
    this.#pen.beginPath();
    this.#pen.rect(this.#label, 0, this.width, this.#high);
    this.#pen.clip();
    paint();
    this.#pen.restore();
  }

  #top(row) {
    return (AXIS + row * ROW) * this.#font;
  }

  #rows(loop, rows) {
    const pen = this.#pen;
    const size = this.#font;
    const begin_row = (row) => {
      const top = Math.round(this.#top(row)) + 0.5;
      pen.strokeStyle = this.#colours.line;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(0, top);
      pen.lineTo(this.#label + this.width, top);
      pen.stroke();
      return top + (ROW / 2) * size;
    };
    rows.forEach((lane, row) => {
      const middle = begin_row(row);
      const next = loop.held?.handler === lane;
      pen.fillStyle = next ? this.#colours.accent : this.#colours.ink;
      if (typeof lane === "number" && !loop.handlers.has(lane)) pen.fillStyle = this.#colours.muted;
      const name = this.#name_of(loop, lane);
      this.#text(next ? `▸ ${name}` : name, 0, middle, this.#label - size * 0.8);
    });
    if (rows.left_out > 0) {
      const middle = begin_row(rows.length);
      pen.fillStyle = this.#colours.muted;
      this.#text(this.#words.text("rows_left_out", { count: rows.left_out }), 0, middle, this.#label - size * 0.8);
    }
  }

  #names = new Map(); // of those that are closed, too

  #name_of(loop, lane) {
    if (typeof lane === "string") return lane;
    if (loop.handlers.has(lane)) {
      if (this.#names.size > 1000) this.#names.clear();
      this.#names.set(lane, loop.handler_name(lane));
    }
    return this.#names.get(lane) ?? `#${lane}`;
  }

  /// Cut in the middle, where it does not fit: the number at the end says who it is.
  #text(text, x, y, most) {
    const pen = this.#pen;
    let shown = text;
    const tail = / #\d+$/.exec(text)?.[0] ?? "";
    let head = text.length - tail.length;
    while (head > 1 && pen.measureText(shown).width > most) {
      --head;
      shown = `${text.slice(0, head)}…${tail}`;
    }
    pen.fillText(shown, x, y);
  }

  /// Waits with nothing seen between them are one, which is as long as they are together.
  #waits(loop, view, px) {
    const { waits } = loop.history;
    let block = null; // {left, right, ns}
    for (let index = waits.length - 1; index >= 0; --index) {
      const { begin, end } = waits[index];
      const [left, right] = [px(view.at(begin)), px(view.at(end))];
      if (right < this.#label) break;
      if (block && block.left - right < 1) {
        block.left = left;
        block.ns += end - begin;
        continue;
      }
      if (block) this.#wait(block);
      block = { left, right, ns: end - begin };
    }
    if (block) this.#wait(block);
  }

  #wait({ left, right, ns }) {
    const pen = this.#pen;
    const size = this.#font;
    const from = Math.max(left, this.#label);
    const to = Math.min(right, this.#label + this.width);
    if (to - from < 0.5) return;
    pen.fillStyle = this.#colours.wait;
    pen.fillRect(from, size * 0.25, to - from, this.#high - size * 1.85);
    const text = this.#words.time(ns);
    const wide = pen.measureText(text).width;
    if (to - from < wide + size * 0.6) return;
    pen.fillStyle = this.#colours.muted;
    pen.fillText(text, from + (to - from - wide) / 2, size * 0.9);
  }

  /// A line where each begins, as long as they do not run together.
  #rounds(loop, view, px) {
    const pen = this.#pen;
    const { rounds } = loop.history;
    const lines = [];
    for (let index = rounds.length - 1; index >= 0; --index) {
      const x = Math.round(px(view.at(rounds[index].t))) + 0.5;
      if (x < this.#label) break;
      if (lines.length && lines.at(-1) - x < 8) return;
      lines.push(x);
    }
    pen.strokeStyle = this.#colours.line;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const x of lines) {
      pen.moveTo(x, this.#font * 0.25);
      pen.lineTo(x, this.#high - this.#font * 1.6);
    }
    pen.stroke();
  }

  #delays(loop, view, px, rows) {
    const line = (lane, begin, end) => {
      const row = rows.indexOf(lane);
      if (row < 0) return;
      const [left, right] = [px(view.at(begin)), px(view.at(end))];
      if (right - left < 1 || right < this.#label || left > this.#label + this.width) return;
      const middle = this.#top(row) + (ROW / 2) * this.#font;
      const pen = this.#pen;
      pen.strokeStyle = this.#colours.delay;
      pen.lineWidth = 2;
      pen.setLineDash([2, 3]);
      pen.beginPath();
      pen.moveTo(left, middle);
      pen.lineTo(right, middle);
      pen.stroke();
      pen.setLineDash([]);
    };
    const { delays } = loop.history;
    for (let index = delays.length - 1; index >= 0; --index) {
      const { lane, begin, end } = delays[index];
      if (px(view.at(end)) < this.#label) break;
      line(lane, begin, end);
    }
    for (const lane of rows) {
      const since = loop.handlers.get(lane)?.ready_since ?? null;
      if (since !== null) line(lane, since, loop.t);
    }
  }

  #callbacks(view, px, rows, marked) {
    const row_of = new Map(rows.map((lane, row) => [lane, row]));
    const reached = new Array(rows.length + 1).fill(-Infinity); // pixels that are painted already
    for (const one of view.seen) {
      const row = row_of.get(one.lane) ?? rows.length; // of those that share one
      const left = px(view.left_of(one));
      const right = Math.max(px(view.right_of(one)), left + 2);
      if (right < this.#label || (right <= reached[row] && one !== marked)) continue;
      reached[row] = right;
      this.#bar(one, row, left, right, one === marked);
    }
  }

  #bar(one, row, left, right, marked) {
    const pen = this.#pen;
    const size = this.#font;
    const top = this.#top(row) + ((ROW - BAR) / 2) * size;
    pen.fillStyle = this.#colours[group_of(one.callback)];
    pen.beginPath();
    pen.roundRect(left, top, right - left, BAR * size, Math.min(3, (right - left) / 2));
    pen.fill();
    if (marked) {
      pen.strokeStyle = this.#colours.ink;
      pen.lineWidth = 2;
      pen.stroke();
    }
    this.#drawn.push({ left, right, top: this.#top(row), bottom: this.#top(row + 1), callback: one });
    const from = Math.max(left, this.#label); // what is to be seen of it
    const fits = (words) => pen.measureText(words).width + size * 0.7 < right - from;
    const text = [this.#words.callback(one.callback), this.#words.short_callback(one.callback)].find(fits);
    if (!text) return;
    pen.fillStyle = this.#colours.panel;
    pen.fillText(text, from + size * 0.35, top + (BAR / 2) * size);
  }

  /// Where events are missing.
  #breaks(loop, view, px) {
    const pen = this.#pen;
    for (const { t } of loop.history.breaks) {
      const x = px(view.at(t));
      if (x < this.#label) continue;
      pen.strokeStyle = this.#colours.close;
      pen.lineWidth = 1.5;
      pen.beginPath();
      for (let y = 0; y < this.#high - this.#font * 1.6; y += 6) pen.lineTo(x + (y % 12 ? 2 : -2), y);
      pen.stroke();
    }
  }

  /// How long a callback is; round, and no wider than a sixth.
  #scale_bar(view) {
    const pen = this.#pen;
    const size = this.#font;
    const most = view.span / 6;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((digit) => digit * power).find((one) => one <= most);
    const wide = (length / view.span) * this.width;
    const right = this.#label + this.width - 1;
    const y = this.#high - size * 0.7;
    pen.strokeStyle = this.#colours.muted;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.moveTo(right - wide, y - 4);
    pen.lineTo(right - wide, y);
    pen.lineTo(right, y);
    pen.lineTo(right, y - 4);
    pen.stroke();
    const text = this.#words.time(length);
    pen.fillStyle = this.#colours.muted;
    pen.fillText(text, right - wide - pen.measureText(text).width - size * 0.5, y - 3);
  }

  #say_empty() {
    const pen = this.#pen;
    pen.fillStyle = this.#colours.muted;
    const text = this.#words.text("nobody_called");
    pen.fillText(text, this.#label + Math.max((this.width - pen.measureText(text).width) / 2, 0), this.#font * 0.9);
  }
}
