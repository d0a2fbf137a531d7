// Says things in the viewer's language: texts, numbers, times, bytes, callbacks.

import { TEXTS } from "./texts.js";

export const LANGUAGES = ["en", "ja"];

const CALLBACKS = ["accept", "read", "write", "expt", "connect", "connect_error", "close", "error", "finish"];

export class Words {
  constructor(language) {
    this.speak(language);
  }

  speak(language) {
    this.language = LANGUAGES.includes(language) ? language : "en";
    this.#number = new Intl.NumberFormat(this.language);
  }

  /// What stands in texts.js under `key`, with its {names} filled in. Numbers of one thing may have
  /// a text of their own in English: "1 event|{count} events".
  text(key, values = {}) {
    const text = TEXTS[key][this.language];
    const forms = text.split("|");
    const form = forms.length > 1 && values.count !== 1 ? forms[1] : forms[0];
    return form.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === "number" ? this.number(value) : String(value ?? "");
    });
  }

  /// The same for a word of the stream, of which later servers may have more: then it is its own.
  name(kind, word) {
    const key = `${kind}_${word}`;
    return Object.hasOwn(TEXTS, key) ? this.text(key) : String(word);
  }

  number(value) {
    return this.#number.format(value);
  }

  /// Nanoseconds, with three digits that count.
  time(ns) {
    if (ns < 1000) return `${Math.round(ns)} ns`;
    if (ns < 1e6) return `${rounded(ns / 1e3)} µs`;
    if (ns < 1e9) return `${rounded(ns / 1e6)} ms`;
    if (ns < 60e9) return `${rounded(ns / 1e9)} s`;
    return this.#long(Math.round(ns / 1e9));
  }

  #long(seconds) {
    const two = (value) => String(value).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }

  bytes(count) {
    if (count < 10_000) return `${this.number(count)} B`;
    const [unit, divisor] =
      count < 1 << 20 ? ["KiB", 1 << 10] : count < 1 << 30 ? ["MiB", 1 << 20] : ["GiB", 1 << 30];
    return `${rounded(count / divisor)} ${unit}`;
  }

  /// What a callback is called in the code: `handle_read()`.
  callback(name) {
    return CALLBACKS.includes(name) ? `handle_${name}()` : this.name("callback", name);
  }

  short_callback(name) {
    return this.name("short", name);
  }

  /// `EchoHandler #5 handle_read(): 17 bytes wait`
  held(loop) {
    const { held } = loop;
    if (!held || held.handler === null) return this.text("held_nobody");
    const call = `${loop.handler_name(held.handler, held.class)} ${this.callback(held.callback)}`;
    return held.waiting ? this.text("held_bytes", { call, count: held.waiting }) : call;
  }

  #number;
}

function rounded(value) {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
