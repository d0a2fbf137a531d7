// The parts of the page as figures in another page: several of each, fed by loops of their own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser_for_all, in_state, with_page } from "./support/browser.mjs";
import { HELLO, loop_in_words, opened, round_of } from "./support/loop_in_words.mjs";

const all = browser_for_all();

test("parts are mounted several times, and do not disturb each other", { timeout: 60_000 }, async () => {
  const loop = await loop_in_words();
  await with_page(all, loop.url, {}, async (page) => {
    await in_state(page, "running");
    const told = await page.evaluate(async ([first, second]) => {
      const modules = await Promise.all(
        ["ring", "poll_set", "timeline", "notes", "controls"].map((name) => import(`/${name}.js`)));
      const { Loop } = await import("/loop.js");
      const { Words } = await import("/words.js");
      const figure = (language, events) => {
        const root = document.createElement("figure");
        document.body.append(root);
        const known = new Loop();
        for (const event of events) known.take(event);
        const asked = [];
        const ask = (what) => () => asked.push(what);
        const source = { start() {}, pause: ask("pause"), step: ask("step"), go_on() {}, slow() {}, model() {} };
        const words = new Words(language);
        const parts = modules.map((module) => {
          const Part = Object.values(module).find((one) => one.prototype?.draw);
          const place = document.createElement("div");
          root.append(place);
          return new Part(place, words);
        });
        parts.at(-1).use(source);
        return { root, known, parts, asked };
      };
      const figures = [figure("en", first), figure("ja", second)];
      for (const { known, parts } of figures) {
        for (const part of parts) {
          part.translate();
          part.draw(known);
        }
      }
      figures[0].root.querySelector(".controls button").click();
      return figures.map(({ root, asked }) => ({
        round: root.querySelector(".ring-round").textContent,
        rows: [...root.querySelectorAll("tbody .cell-handler")].map((cell) => cell.textContent),
        head: root.querySelector("thead").textContent,
        asked,
      }));
    }, [
      [HELLO, opened(1), ...round_of(1, 1e6, [1])],
      [HELLO, opened(2), opened(3), ...round_of(7, 1e6, [2, 3])],
    ]);
    assert.deepEqual(told.map(({ round, rows, asked }) => ({ round, rows, asked })), [
      { round: "1", rows: ["EchoHandler #1"], asked: ["pause"] },
      { round: "7", rows: ["EchoHandler #2", "EchoHandler #3"], asked: [] },
    ]);
    assert.match(told[0].head, /handler/);
    assert.match(told[1].head, /ハンドラー/);
  });
});

test("the ring lights each step that the round comes to", { timeout: 60_000 }, async () => {
  const loop = await loop_in_words([HELLO, opened(1), opened(2)]);
  await with_page(all, loop.url, {}, async (page) => {
    await in_state(page, "running");
    loop.tell({ t: 1, round: 1, event: "paused", by: null });
    const lit = (step) => page.locator(`.ring svg .step-${step}.here`).waitFor();
    const at = { t: 10, round: 5 };
    loop.tell({ ...at, event: "round_begins" });
    await lit("wait");
    loop.tell({ ...at, t: 5_000_010, event: "waited", limit: null, events: 1 });
    await lit("events");
    await page.locator(".step-line.step-wait .step-did", { hasText: "5 ms" }).waitFor();
    loop.tell({ ...at, event: "posts", count: 2 });
    await lit("posts");
    await page.locator(".step-line.step-posts .step-did", { hasText: "2 functions" }).waitFor();
    loop.tell({ ...at, event: "ready", handler: 1, bits: ["readable"] }, { ...at, event: "begins", handler: 1, callback: "read" });
    await lit("events");
    loop.tell({ ...at, event: "ends", handler: 1, callback: "read", ns: 5 }, { ...at, event: "begins", handler: 2, callback: "read" });
    await lit("ready");
    loop.tell({ ...at, event: "ends", handler: 2, callback: "read", ns: 5 }, { ...at, event: "timers" });
    await lit("timers");
    loop.tell({ ...at, event: "corked", count: 3 });
    await lit("corked");
    await page.locator(".step-line.step-corked .step-did", { hasText: "3 sent to" }).waitFor();
    loop.tell({ ...at, event: "round_ends" });
    await lit("wait"); // of the next round, which is told when it ends
  });
});
