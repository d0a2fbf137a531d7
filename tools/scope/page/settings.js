// What the viewer chose: language, colours, size of the letters. Kept by the browser.

import { LANGUAGES } from "./words.js";

const KEY = "bunshin.scope";
export const THEMES = ["auto", "light", "dark", "contrast"];

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // forbidden, or not ours
  }
}

export class Settings {
  constructor() {
    const { language, theme, large, single_keys } = kept();
    const spoken = navigator.language.slice(0, 2);
    this.language = LANGUAGES.includes(language) ? language : LANGUAGES.includes(spoken) ? spoken : "en";
    this.theme = THEMES.includes(theme) ? theme : "auto";
    this.large = large === true;
    this.single_keys = single_keys !== false;
  }

  /// Changes some of them, and what the page looks like.
  change(what) {
    Object.assign(this, what);
    this.show();
    try {
      localStorage.setItem(KEY, JSON.stringify(this));
    } catch {
      // Not kept, then.
    }
  }

  show() {
    const root = document.documentElement;
    root.lang = this.language;
    root.dataset.theme = this.theme === "auto" ? system_theme() : this.theme;
    root.classList.toggle("large", this.large);
  }
}

function system_theme() {
  if (matchMedia("(prefers-contrast: more)").matches) return "contrast";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
