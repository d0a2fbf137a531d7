// What comes from peers, files and servers is text, whatever it looks like; and no amount of it
// stops the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser_for_all, in_state, row, with_page } from "./support/browser.mjs";
import { HELLO, loop_in_words, opened, round_of } from "./support/loop_in_words.mjs";

const all = browser_for_all();
const LIMIT = { timeout: 90_000 };
const SCRIPT = "<script>window.hit = 1</script>";
const IMAGE = "<img src=x onerror='window.hit = 2'>";

test("markup in names, peers, log lines, warnings and answers stays text", LIMIT, async () => {
  const loop = await loop_in_words([
    { ...HELLO, program: SCRIPT, engine: IMAGE },
    opened(1, { class: SCRIPT, peer: IMAGE, kind: IMAGE, model: IMAGE }),
    ...round_of(1, 1e6, [1]),
    { t: 3e6, round: 1, event: "ready", handler: 1, bits: ["readable", IMAGE] },
    { t: 3e6, round: 1, event: "log", level: IMAGE, text: `said ${SCRIPT}${IMAGE}` },
    { t: 3e6, round: 1, event: "warning", handler: 1, kind: IMAGE, text: SCRIPT },
    { t: 3e6, round: 1, event: "paused", by: IMAGE },
    { t: 3e6, round: 1, event: "held", handler: 1, callback: IMAGE, waiting: 17 },
  ]);
  const complains = [/Failed to load resource/]; // of the answer 400
  await with_page(all, loop.url, { complains }, async (page) => {
    await row(page, IMAGE).waitFor();
    await page.locator(".note-text", { hasText: `said ${SCRIPT}${IMAGE}` }).waitFor();
    await page.locator("#program", { hasText: SCRIPT }).waitFor();
    await page.locator(".next-call", { hasText: SCRIPT }).waitFor();
    loop.answers.push({ status: 400, text: IMAGE });
    await page.keyboard.press("p");
    await page.locator("#trouble", { hasText: IMAGE }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("ArrowLeft");
    await page.locator(".readout", { hasText: SCRIPT }).waitFor();
    assert.equal(await page.locator("body script, body img").count(), 0);
    assert.equal(await page.evaluate(() => window.hit), undefined);
  });
});

test("ten thousand handlers: the table shows some, says so, and finds the others", LIMIT, async () => {
  const loop = await loop_in_words([HELLO, ...Array.from({ length: 10_000 }, (_, index) => opened(index + 1))]);
  await with_page(all, loop.url, {}, async (page) => {
    await page.locator(".poll-set .aside", { hasText: "100 of 10,000" }).waitFor();
    assert.equal(await page.locator(".poll-set tbody tr").count(), 100);
    await page.getByLabel("Filter").fill("#7777");
    await row(page, "EchoHandler #7777").waitFor();
    assert.equal(await page.locator(".poll-set tbody tr").count(), 1);
  });
});

test("a hundred thousand events a second: the page answers, and says what it leaves out", LIMIT, async () => {
  const handlers = Array.from({ length: 1000 }, (_, index) => index + 1);
  const loop = await loop_in_words([HELLO, ...handlers.map((handler) => opened(handler))]);
  await with_page(all, loop.url, {}, async (page) => {
    await page.locator(".poll-set .aside", { hasText: "100 of 1,000" }).waitFor();
    let round = 0;
    const flood = setInterval(() => {
      for (let tenth = 0; tenth < 5; ++tenth) {
        ++round; // of 508 events or so
        loop.tell(...round_of(round, round * 5e6, Array.from({ length: 126 }, (_, index) => ((round * 126 + index) % 1000) + 1)));
      }
    }, 25);
    try {
      await page.locator(".ring-round", { hasText: /^[1-9]\d\d|,/ }).waitFor();
      const median = await page.evaluate(async () => {
        const frames = [];
        for (let before = performance.now(); frames.length < 9; ) {
          await new Promise(requestAnimationFrame);
          frames.push(performance.now() - before);
          before = performance.now();
        }
        return frames.sort((a, b) => a - b)[4];
      });
      assert.ok(median < 600, `a frame took ${median} ms`);
      await page.keyboard.press("?");
      await page.getByRole("dialog").waitFor();
      await page.keyboard.press("Escape");
    } finally {
      clearInterval(flood);
    }
  });
});

test("more than the page can take in is left out, and counted", LIMIT, async () => {
  const loop = await loop_in_words();
  await with_page(all, loop.url, {}, async (page) => {
    await in_state(page, "running");
    const told = await page.evaluate(async () => {
      const { overloaded_reader } = await import("/overload.js");
      let now = 0;
      const events = [];
      const take = overloaded_reader(
        (event) => {
          now += 1; // each takes a millisecond
          events.push(event);
        },
        () => now);
      const line = (event, more) => `data: ${JSON.stringify({ t: 1, round: 1, event, ...more })}`;
      take(Array.from({ length: 1000 }, () => line("ready")).concat(line("opened", { handler: 9 })));
      now = 1000;
      take([line("sample")]);
      return events;
    });
    const ready = told.filter(({ event }) => event === "ready").length;
    const dropped = told.filter(({ event }) => event === "dropped");
    assert.ok(ready < 200, `${ready} were let through`);
    assert.deepEqual(dropped, [{ event: "dropped", count: 1000 - ready, by_page: true }]);
    assert.ok(told.some(({ event }) => event === "opened"));
    loop.tell({ t: 5, round: 1, event: "dropped", count: 12 });
    await page.locator("#left-out", { hasText: "12 events" }).waitFor();
  });
});

test("a line that breaks is taken up again, with what is there then", LIMIT, async () => {
  const loop = await loop_in_words([HELLO, opened(1)]);
  const complains = [/Failed to load resource|ERR_/];
  await with_page(all, loop.url, { complains }, async (page) => {
    await row(page, "EchoHandler #1").waitFor();
    loop.first = [HELLO, opened(2)];
    loop.hang_up();
    await row(page, "EchoHandler #2").waitFor();
    assert.equal(await row(page, "EchoHandler #1").count(), 0);
    await in_state(page, "running");
  });
});
