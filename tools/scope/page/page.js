// The scope's page: puts the parts together, and says who feeds them.

import { Controls, MODELS } from "./controls.js";
import { set_text } from "./dom.js";
import { LiveSource } from "./live.js";
import { Loop } from "./loop.js";
import { Notes } from "./notes.js";
import { PollSet } from "./poll_set.js";
import { Ring } from "./ring.js";
import { Settings, THEMES } from "./settings.js";
import { Timeline } from "./timeline.js";
import { TraceError, TraceSource } from "./trace.js";
import { Words } from "./words.js";

const SLOWLY = 100; // ms between two drawings of what is costly: timeline and table
const CALMLY = 250; // the same for the table of a busy loop, and for all where motion is not wanted

const by_id = (id) => document.getElementById(id);
const settings = new Settings();
const words = new Words(settings.language);
const loop = new Loop();
const still = matchMedia("(prefers-reduced-motion: reduce)");

settings.show();
const ring = new Ring(by_id("ring"), words);
const controls = new Controls(by_id("controls"), words);
const timeline = new Timeline(by_id("timeline"), words);
const poll_set = new PollSet(by_id("poll-set"), words);
const notes = new Notes(by_id("notes"), words);
const parts = [ring, controls, timeline, poll_set, notes];

let source = null;
let line = { state: "connecting", text: "" };
const news = {}; // of each part: whether there is any since it was drawn

function use(new_source) {
  source?.stop();
  source = new_source;
  line = { state: source.seek ? "open" : "connecting", text: "" };
  loop.forget();
  controls.use(source);
  poll_set.use(source);
  say_trouble("");
  source.start((event) => {
    if (source !== new_source) return;
    hear();
    if (event.event === "line") told_of_line(event);
    else loop.take(event);
  });
  by_id("live").hidden = !source.seek;
}

function hear() {
  news.ring = news.timeline = news.table = true;
}

function told_of_line({ state, text }) {
  if (state === "refused") say_trouble(text);
  else line = { state, text };
  if (state === "open") say_trouble("");
}

function say_trouble(text) {
  set_text(by_id("trouble"), text);
  by_id("trouble").hidden = text === "";
}

// Drawing

function state_of() {
  if (line.state === "lost") return "lost";
  if (!loop.hello) return "connecting";
  if (source.seek && source.ended) return "ended";
  if (loop.paused) return "paused";
  return (loop.steering?.slow ?? 0) > 0 ? "slow" : "running";
}

function draw_head() {
  const state = state_of();
  set_text(by_id("state"), words.text(`state_${state}`));
  by_id("state").dataset.state = state;
  const { hello } = loop;
  set_text(by_id("program"), hello?.program ?? words.text("title"));
  const about = hello?.engine ? [words.text("about_loop", { engine: hello.engine, pid: String(hello.pid) })] : [];
  if (source.seek) about.push(words.text("about_trace", { name: source.name, events: source.count }));
  set_text(by_id("about"), about.join(" — "));
  document.title = `${words.text(`state_${state}`)} – ${hello?.program ?? words.text("title")}`;
  const left_out = ["server", "page"]
    .filter((by) => loop.left_out[by] > 0)
    .map((by) => words.text(`left_out_${by}`, { count: loop.left_out[by] }));
  set_text(by_id("left-out"), left_out.join(" "));
}

const drawn = { ring: -Infinity, timeline: -Infinity, table: -Infinity };

function is_due(part, now, pause) {
  if (!news[part] || now - drawn[part] < pause) return false;
  news[part] = false;
  drawn[part] = now;
  return true;
}

/// Ring and steering follow each frame, the rest a little behind. The timeline comes first, because
/// it measures the page, which would have to be laid out again after a change.
function frame(now) {
  requestAnimationFrame(frame);
  if (is_due("timeline", now, still.matches ? CALMLY : SLOWLY)) timeline.draw(loop);
  if (is_due("ring", now, still.matches ? CALMLY : 0)) {
    ring.draw(loop);
    controls.draw(loop);
  }
  if (is_due("table", now, loop.paused ? SLOWLY : CALMLY)) {
    draw_head();
    poll_set.draw(loop);
    notes.draw(loop);
  }
}

// The viewer

function translate() {
  words.speak(settings.language);
  for (const node of document.querySelectorAll("[data-text]")) set_text(node, words.text(node.dataset.text));
  set_text(by_id("language"), words.text("language"));
  by_id("language").lang = settings.language === "en" ? "ja" : "en";
  for (const part of parts) part.translate();
  show_settings();
}

function show_settings() {
  by_id("theme").value = settings.theme;
  by_id("large").setAttribute("aria-pressed", String(settings.large));
  by_id("single-keys").checked = settings.single_keys;
  hear();
}

function change(what) {
  settings.change(what);
  if (what.language) translate();
  else show_settings();
}

const next_of = (all, one) => all[(all.indexOf(one) + 1) % all.length];
const swap_language = () => change({ language: settings.language === "en" ? "ja" : "en" });
const open_file = () => by_id("file").click();
const show_keys = () => by_id("keys").showModal();

async function play(file) {
  try {
    const trace = await TraceSource.open(file);
    use(trace);
    if (trace.cut) say_trouble(words.text("trace_cut"));
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    say_trouble(`${file.name}: ${words.text(error.key, error.values)}`);
  }
}

const KEYS = {
  " ": () => controls.step(),
  p: () => controls.pause_or_go_on(),
  s: () => controls.slower(),
  f: () => poll_set.focus_filter(),
  g: () => by_id("timeline").querySelector("[tabindex]").focus(),
  o: open_file,
  b: () => change({ large: !settings.large }),
  t: () => change({ theme: next_of(THEMES, settings.theme) }),
  l: swap_language,
  "?": show_keys,
};
MODELS.forEach((model, index) => (KEYS[index + 1] = () => controls.model(model)));

/// Where a key has a meaning of its own, it keeps it.
function is_taken(target, key) {
  if (target.closest("dialog, textarea, input:not([type=radio], [type=checkbox], [type=range]), select")) return true;
  return key === " " && target.closest("button, a, input, summary") !== null;
}

document.addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey || event.altKey || is_taken(event.target, key)) return;
  if (!KEYS[key] || (!settings.single_keys && key !== "?" && key !== " ")) return;
  event.preventDefault();
  if (!event.repeat || key === " ") KEYS[key]();
});

// Whoever clicks does not mean that the space bar should press the same button again.
document.addEventListener("click", (event) => {
  if (event.detail > 0) event.target.closest("main button, header button")?.blur();
});

by_id("language").addEventListener("click", swap_language);
by_id("theme").addEventListener("change", (event) => change({ theme: event.target.value }));
by_id("large").addEventListener("click", () => change({ large: !settings.large }));
by_id("help").addEventListener("click", show_keys);
by_id("open").addEventListener("click", open_file);
by_id("live").addEventListener("click", () => use(new LiveSource()));
by_id("single-keys").addEventListener("change", (event) => change({ single_keys: event.target.checked }));
by_id("file").addEventListener("change", (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  if (file) play(file);
});

const has_files = (event) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!has_files(event)) return;
  event.preventDefault();
  by_id("drop").hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) by_id("drop").hidden = true;
});
document.addEventListener("drop", (event) => {
  if (!has_files(event)) return;
  event.preventDefault();
  by_id("drop").hidden = true;
  if (event.dataTransfer.files[0]) play(event.dataTransfer.files[0]);
});

for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
  matchMedia(query).addEventListener("change", () => change({}));
}
addEventListener("resize", hear);

translate();
use(new LiveSource());
requestAnimationFrame(frame);
