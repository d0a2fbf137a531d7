// What has happened in a figure, and the picture of it: people on the left, what the kernel told in
// the middle, callbacks on the right, time downwards. The same for the page and, when the site is
// built, for the picture that stands there without JavaScript.

const SHOWN = 14; // lines
const WIDTH = 800;
const ROW = 26;
const HEAD = 34;
const LANES = { people: 20, kernel: 270, loop: 410 };
const TEXT = 34; // letters of what somebody says

function short(text) {
  const line = text.replace(/\n/g, "⏎");
  return line.length > TEXT ? `${line.slice(0, TEXT - 1)}…` : line;
}

export class Story {
  #words;
  #running = new Map(); // by handler: the line of its callback
  #names = new Map(); // by handler
  lines = []; // {lane, text}

  constructor(words) {
    this.#words = words;
  }

  /// Somebody has done something: one step of a script, or the reader.
  person(name, [what, , text]) {
    const key = what === "read" ? (text ? "reads_again" : "stops_reading") : what;
    this.#add("people", this.#words.say(`did_${key}`, { name, text: short(String(text ?? "")) }));
  }

  take(event) {
    TAKES[event.event]?.(this, event, this.#words);
  }

  name(id, name) {
    this.#names.set(id, `${name} #${id}`);
  }

  begins(id, call) {
    this.#running.set(id, this.#add("loop", `${this.#names.get(id) ?? ""} ${call}()`.trim()));
  }

  /// Adds to the line of the callback that runs.
  more(id, text) {
    const line = this.#running.get(id);
    if (line) line.text += line.text.endsWith("()") ? `: ${text}` : `, ${text}`;
  }

  tells(id, text) {
    this.#add("kernel", `#${id} ${text}`);
  }

  #add(lane, text) {
    const line = { lane, text };
    this.lines.push(line);
    if (this.lines.length > 200) this.lines.splice(0, 100);
    return line;
  }
}

const TAKES = {
  __proto__: null,
  opened(story, event) {
    story.name(event.handler, event.class);
  },
  ready(story, event, words) {
    const bits = event.bits.filter((bit) => bit !== "writable");
    if (bits.length) story.tells(event.handler, ` ${bits.map((bit) => words.say(`bit_${bit}`)).join(" ")}`);
  },
  begins(story, event) {
    const unnamed = event.callback === "other" || event.callback === "discard";
    story.begins(event.handler, unnamed ? event.callback : `handle_${event.callback}`);
  },
  did(story, event, words) {
    const key = event.status === "done" || event.bytes > 0 ? event.operation : event.status;
    story.more(event.handler, words.say(`op_${key}`, { bytes: event.bytes }));
  },
  starved(story, event, words) {
    story.more(event.handler, words.say("op_starved"));
  },
};

const escaped = (text) => text.replace(/[&<>]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[letter]);

/// The same again and again is one line.
function folded(lines) {
  const kept = [];
  for (const { lane, text } of lines) {
    const last = kept.at(-1);
    if (last && last.lane === lane && last.text === text) ++last.count;
    else kept.push({ lane, text, count: 1 });
  }
  return kept.map(({ lane, text, count }) => ({ lane, text: count > 1 ? `${text} ×${count}` : text }));
}

/// The last lines as SVG.
export function story_svg(story, words) {
  const lines = folded(story.lines).slice(-SHOWN);
  const height = HEAD + Math.max(lines.length, 3) * ROW + 12;
  const heads = Object.entries(LANES).map(([lane, x]) =>
    `<text x="${x}" y="22" class="head">${escaped(words.say(`lane_${lane}`))}</text>`);
  const rows = lines.map(({ lane, text }, index) => {
    const y = HEAD + index * ROW;
    const x = LANES[lane];
    return `<g class="${lane}"><circle cx="${x - 9}" cy="${y + 12}" r="4"/>` +
      `<text x="${x}" y="${y + 17}">${escaped(text)}</text></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
<style>
text { font: 13px "DejaVu Sans", "Noto Sans CJK JP", sans-serif; fill: #1c2126 }
.head { font-weight: bold; fill: #5c6269 }
.people circle { fill: #74479c } .kernel circle { fill: #d08a10 } .loop circle { fill: #1a6aa8 }
.ground { fill: #faf9f5; stroke: #dcd9d0 }
</style>
<rect class="ground" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
${heads.join("\n")}
${rows.join("\n")}
</svg>
`;
}
