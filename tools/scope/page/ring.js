// The round as a ring of its steps, lit as it turns, and beside it what each step did last.

import { element, set_text, svg } from "./dom.js";
import { STEPS } from "./loop.js";

const SIZE = 240;
const MIDDLE = SIZE / 2;
const OUTER = 112;
const INNER = 74;
const GAP = 0.022; // between two steps, as a share of a step's angle on either side
const SETTLES = 250; // ms: the figures change no more often while the loop runs

function point(radius, turn) {
  const angle = (turn - 0.25) * 2 * Math.PI;
  const x = MIDDLE + radius * Math.cos(angle);
  const y = MIDDLE + radius * Math.sin(angle);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

function arc_of(index) {
  const from = (index + GAP) / STEPS.length;
  const to = (index + 1 - GAP) / STEPS.length;
  return (
    `M${point(OUTER, from)} A${OUTER} ${OUTER} 0 0 1 ${point(OUTER, to)} ` +
    `L${point(INNER, to)} A${INNER} ${INNER} 0 0 0 ${point(INNER, from)} Z`
  );
}

function number_at(index) {
  const [x, y] = point((OUTER + INNER) / 2, (index + 0.5) / STEPS.length).split(" ");
  return svg("text", { x, y, class: "ring-number" }, String(index + 1));
}

/// Lives in `root`; draw() as often as you like.
export class Ring {
  #words;
  #steps;
  #lines;
  #seen = STEPS.map(() => 0);
  #told = -Infinity; // when the figures were last changed
  #title = svg("text", { x: MIDDLE, y: MIDDLE - 22, class: "ring-small" });
  #number = svg("text", { x: MIDDLE, y: MIDDLE + 6, class: "ring-round" });
  #doing = svg("text", { x: MIDDLE, y: MIDDLE + 30, class: "ring-small" });

  constructor(root, words) {
    this.#words = words;
    this.#steps = STEPS.map((name, index) =>
      svg("g", { class: `step step-${name}` }, svg("path", { d: arc_of(index) }), number_at(index)));
    this.#lines = STEPS.map((name) => {
      const what = element("span", { class: "step-what" });
      const did = element("span", { class: "step-did" });
      return { what, did, line: element("li", { class: `step-line step-${name}` }, what, did) };
    });
    root.classList.add("ring");
    root.append(
      svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, "aria-hidden": "true", focusable: "false" },
        ...this.#steps, this.#title, this.#number, this.#doing),
      element("ol", { class: "steps" }, ...this.#lines.map(({ line }) => line)));
    this.translate();
  }

  translate() {
    STEPS.forEach((name, index) => set_text(this.#lines[index].what, this.#words.text(`step_${name}`)));
    set_text(this.#title, this.#words.text("round"));
    this.#told = -Infinity;
  }

  draw(loop, now = performance.now()) {
    const settled = loop.paused || now - this.#told > SETTLES;
    STEPS.forEach((_, index) => {
      const here = loop.step === index;
      // What was passed since the last drawing was lit, too, if only for microseconds.
      const passed = loop.visits[index] !== this.#seen[index];
      for (const node of [this.#steps[index], this.#lines[index].line]) {
        node.classList.toggle("here", here);
        node.classList.toggle("passed", passed && !here);
      }
      this.#seen[index] = loop.visits[index];
    });
    if (!settled) return;
    this.#told = now;
    set_text(this.#number, this.#words.number(loop.round));
    set_text(this.#doing, this.#words.text(this.#state(loop)));
    STEPS.forEach((name, index) => set_text(this.#lines[index].did, this.#did(name, loop.last_round)));
  }

  #state(loop) {
    if (!loop.hello) return "nothing_yet";
    if (loop.paused) return "paused";
    return loop.current.length ? "calls" : "turns";
  }

  #did(name, round) {
    if (!round) return "";
    const value = round[name];
    if (name === "wait") {
      return value ? this.#words.text("did_wait", { time: this.#words.time(value.ns) }) : "";
    }
    if (name === "events") {
      const events = round.wait?.events ?? 0;
      return events ? this.#words.text("did_events", { count: events, calls: value }) : "";
    }
    return value ? this.#words.text(`did_${name}`, { count: value }) : "";
  }
}
