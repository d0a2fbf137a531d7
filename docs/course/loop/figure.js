// The course's figures: where the page has <div class="loop-figure" data-scenario="NAME">, the
// project's own loop runs in simulated sockets, and the reader is its clients. It is drawn by the
// scope's own parts. Bundled into one classic script, which a page from the file system may load.

import controls_css from "../../../tools/scope/page/controls.css";
import page_css from "../../../tools/scope/page/page.css";
import poll_set_css from "../../../tools/scope/page/poll_set.css";
import ring_css from "../../../tools/scope/page/ring.css";
import themes_css from "../../../tools/scope/page/themes.css";
import figure_css from "./figure.css";
import { Controls } from "../../../tools/scope/page/controls.js";
import { element, set_text } from "../../../tools/scope/page/dom.js";
import { Loop } from "../../../tools/scope/page/loop.js";
import { PollSet } from "../../../tools/scope/page/poll_set.js";
import { Ring } from "../../../tools/scope/page/ring.js";
import { Words } from "../../../tools/scope/page/words.js";
import { FigureWords } from "./figure_words.js";
import { People } from "./people.js";
import { make_world, SCENARIOS } from "./play.js";
import { Story, story_svg } from "./story.js";

const HERE = document.currentScript.src;
const TICK = 50; // ms, of the reader's time and of the world's
const EXAMPLE = 900; // ms between two steps of the example

/// The scope's styles are for a whole page: here the figure is the page.
const styles = [themes_css, page_css, ring_css, controls_css, poll_set_css, figure_css]
  .join("\n")
  .replace(/:root(\[[^\]]*\]|\.[\w-]+)/g, ":host($1)")
  .replace(/:root/g, ":host");

class Figure {
  #host;
  #scenario;
  #name;
  #words;
  #said;
  #world;
  #loop = new Loop();
  #story;
  #choice;
  #parts;
  #people;
  #picture = element("div", { class: "story" });
  #drawn = false;
  #example = 0; // its timer

  constructor(host, world) {
    this.#host = host;
    this.#name = host.dataset.scenario;
    this.#scenario = SCENARIOS[this.#name];
    this.#choice = this.#scenario.choices?.[0] ?? "";
    const language = document.documentElement.lang;
    this.#words = new Words(language);
    this.#said = new FigureWords(language);
    this.#world = world;
    this.#build();
    this.#begin();
    this.#follow_theme();
    setInterval(() => this.#tick(), TICK);
  }

  #build() {
    const said = this.#said;
    const [ring, controls, poll_set] = ["div", "div", "div"].map((name) => element(name));
    this.#parts = [new Ring(ring, this.#words), new Controls(controls, this.#words), new PollSet(poll_set, this.#words)];
    const source = {
      pause: () => this.#steer("pause"), step: () => this.#steer("step"), go_on: () => this.#steer("go_on"),
      slow: (ms) => this.#steer("slow", ms), model: (name) => this.#steer("model", name),
    };
    this.#parts[1].use(source);
    this.#people = new People(this.#scenario, said, (step) => this.#act(step));
    const part = (title, ...nodes) => element("section", { class: "part" }, element("h3", {}, said.say(title)), ...nodes);
    const root = this.#host.attachShadow({ mode: "open" });
    root.append(
      element("style", {}, styles),
      element("div", { class: "figure" },
        element("div", { class: "tools" }, this.#button("example", () => this.#play()),
          this.#button("again", () => this.#begin()), ...this.#choices()),
        part("people", this.#people.node),
        part("happened", this.#picture),
        part("the_loop", element("div", { class: "loop" }, controls, ring), poll_set)));
  }

  #button(key, act) {
    const button = element("button", { type: "button" }, this.#said.say(key));
    button.addEventListener("click", act);
    return button;
  }

  #choices() {
    const { choices } = this.#scenario;
    if (!choices) return [];
    const select = element("select", {},
      ...choices.map((choice) => element("option", { value: choice }, this.#said.say(`choice_${choice}`))));
    select.addEventListener("change", () => {
      this.#choice = select.value;
      this.#begin();
    });
    return [element("label", { class: "field" }, element("span", {}, this.#said.say("server")), select)];
  }

  /// Everything anew.
  #begin() {
    clearTimeout(this.#example);
    this.#loop.forget();
    this.#story = new Story(this.#said);
    this.#world.open(this.#name, this.#choice,
      (event) => {
        this.#loop.take(event);
        this.#story.take(event);
      },
      (name, step) => this.#story.person(name, step));
    this.#draw();
  }

  #act(step) {
    this.#world.act(step);
    this.#draw();
  }

  #steer(...what) {
    this.#world.steer(...what);
    this.#draw();
  }

  #play() {
    this.#begin();
    const steps = [...this.#scenario.script];
    const next = () => {
      this.#act(steps.shift());
      if (steps.length) this.#example = setTimeout(next, EXAMPLE);
    };
    next();
  }

  #tick() {
    if (document.hidden) return;
    const before = this.#story.lines.length;
    this.#world.pass(TICK);
    if (this.#story.lines.length !== before || this.#loop.paused || this.#loop.steering?.slow) this.#draw();
    else this.#people.draw(this.#world.actors);
  }

  #draw() {
    for (const part of this.#parts) part.draw(this.#loop);
    this.#people.draw(this.#world.actors);
    const svg = story_svg(this.#story, this.#said);
    if (this.#picture.innerHTML !== svg) this.#picture.innerHTML = svg;
  }

  #follow_theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const contrast = matchMedia("(prefers-contrast: more)");
    const follow = () => {
      const wanted = document.body.dataset.theme;
      const is_dark = wanted === "dark" || (wanted !== "light" && dark.matches);
      this.#host.dataset.theme = contrast.matches ? "contrast" : is_dark ? "dark" : "light";
    };
    new MutationObserver(follow).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });
    for (const query of [dark, contrast]) query.addEventListener("change", follow);
    follow();
  }
}

let module_script = null;

/// The loop itself, which a page loads when its first figure comes into sight.
function loaded() {
  module_script ??= new Promise((resolve, reject) => {
    const script = element("script", { src: new URL("loop_module.js", HERE).href });
    script.addEventListener("load", () => resolve(globalThis.createLoop));
    script.addEventListener("error", () => reject(new Error("there is no loop_module.js")));
    document.head.append(script);
  });
  return module_script;
}

async function run(host) {
  try {
    new Figure(host, await make_world(await loaded()));
  } catch (error) {
    console.error(error);
    const { lang } = document.documentElement;
    host.append(element("p", {}, new FigureWords(lang).say("cannot")));
  }
}

/// A figure that nobody has come to costs nothing.
document.addEventListener("DOMContentLoaded", () => {
  if (!globalThis.WebAssembly) return;
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      run(target);
    }
  });
  for (const host of document.querySelectorAll(".loop-figure")) seen.observe(host);
});
