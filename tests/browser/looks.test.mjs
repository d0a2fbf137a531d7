// Who can use the page: both languages, three schemes of colours, any width, the keyboard alone.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { browser_for_all, in_state, row, with_page } from "./support/browser.mjs";
import { HELLO, loop_in_words, opened, round_of } from "./support/loop_in_words.mjs";
import { until } from "./support/until.mjs";

const all = browser_for_all();
const LIMIT = { timeout: 60_000 };
const AXE = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/// A paused loop in which something of everything is to be seen.
const RICH = [
  HELLO,
  opened(1, { class: "EchoServer", kind: "listener", peer: null }),
  opened(2), opened(3), opened(4, { model: "level" }), opened(5, { background: true, class: "HttpConnection" }),
  ...round_of(1, 1e8, [2, 3, 4]),
  { t: 2e8, round: 2, event: "log", level: "info", text: "127.0.0.1:40002 connected" },
  { t: 2e8, round: 2, event: "warning", handler: 3, kind: "slow_callback", text: "held the loop for 15.2 ms" },
  { t: 2.1e8, round: 2, event: "parked", handler: 4 },
  { t: 2.2e8, round: 2, event: "dropped", count: 3 },
  { t: 2.5e8, round: 2, event: "ready", handler: 2, bits: ["readable", "writable"] },
  { t: 2.5e8, round: 2, event: "ready", handler: 3, bits: ["readable"] },
  { t: 2.6e8, round: 2, event: "paused", by: "somebody" },
  { t: 2.6e8, round: 2, event: "held", handler: 2, callback: "read", waiting: 17 },
  { t: 2.6e8, round: 2, event: "steering", viewer: "somebody", viewers: 2, slow: 0, model: "remembered" },
];

async function beside_rich(options, act) {
  const loop = await loop_in_words(RICH);
  await with_page(all, loop.url, options, async (page) => {
    await in_state(page, "paused");
    await row(page, "EchoHandler #2").waitFor();
    await act(page, loop);
  });
}

/// What axe finds, in words.
async function faults(page) {
  await page.evaluate(AXE); // as the browser's own: the page forbids scripts from elsewhere
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} (${node.failureSummary})`));
}

for (const theme of ["light", "dark", "contrast"]) {
  for (const language of ["en", "ja"]) {
    test(`no accessibility fault: ${theme}, ${language}`, LIMIT, () =>
      beside_rich({ settings: { theme, language } }, async (page) => {
        assert.deepEqual(await faults(page), []);
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
        assert.deepEqual(await faults(page), []);
      }));
  }
}

test("no accessibility fault where it is narrow, and where letters are large", LIMIT, async () => {
  await beside_rich({ width: 320, height: 700 }, async (page) => assert.deepEqual(await faults(page), []));
  await beside_rich({ settings: { large: true } }, async (page) => assert.deepEqual(await faults(page), []));
});

test("the language follows the browser, and the button", LIMIT, async () => {
  await beside_rich({ locale: "ja-JP" }, async (page) => {
    await page.getByRole("heading", { name: "監視中の記述子" }).waitFor();
    await page.locator(".next-call", { hasText: "EchoHandler #2 handle_read()：17 バイト待っています" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "ja");
    await page.getByRole("button", { name: "English", exact: true }).click();
    await page.getByRole("heading", { name: "Poll set" }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await page.reload();
    await page.getByRole("heading", { name: "Poll set" }).waitFor(); // kept
  });
  await beside_rich({ locale: "fr-FR" }, async (page) => {
    await page.getByRole("heading", { name: "Poll set" }).waitFor();
  });
});

test("everything that is said is said in both languages", LIMIT, () =>
  beside_rich({}, async (page) => {
    const missing = await page.evaluate(async () => {
      const { TEXTS } = await import("/texts.js");
      const japanese = /[\u3040-\u30ff\u4e00-\u9fff]|^\{time\}$|^English$/;
      return Object.entries(TEXTS)
        .filter(([key, { en, ja }]) => !en || !ja || (key !== "language" && key !== "key_l" && !japanese.test(ja)))
        .map(([key]) => key);
    });
    assert.deepEqual(missing, []);
    await page.keyboard.press("l");
    const english = page.locator("body").getByText(/\b(the|of|and|handler|bytes)\b/);
    assert.deepEqual(await english.allTextContents(), ["held the loop for 15.2 ms"].map((text) => `EchoHandler #3: ${text}`));
  }));

for (const [language, large] of [["en", false], ["ja", false], ["en", true], ["ja", true]]) {
  test(`nothing sticks out at 320 pixels: ${language}${large ? ", large" : ""}`, LIMIT, () =>
    beside_rich({ width: 320, height: 640, settings: { language, large } }, async (page) => {
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll("body *")]
          .filter((node) => node.getBoundingClientRect().right > window.innerWidth + 0.5 && node.checkVisibility())
          .filter((node) => !node.closest("thead")) // there for those who do not see it
          .map((node) => node.outerHTML.slice(0, 100)));
      assert.deepEqual(wide, []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
    }));
}

test("the keyboard reaches everything, and shows where it is", LIMIT, () =>
  beside_rich({}, async (page) => {
    const reached = new Set();
    for (let presses = 0; presses < 40; ++presses) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const node = document.activeElement;
        if (node === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(node);
        const name = node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent;
        return { name: name.trim(), seen: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
      });
      if (at === null) break;
      assert.ok(at.seen, `${at.name} does not show that it has the focus`);
      reached.add(at.name);
    }
    for (const name of ["日本語", "Large", "Keys", "Go on", "Step", "waits to scale", "Poll set", "Filter"]) {
      assert.ok([...reached].some((one) => one.startsWith(name)), `${name} is not reached: ${[...reached].join("; ")}`);
    }
  }));

test("the timeline by keyboard: a callback is selected and told", LIMIT, () =>
  beside_rich({}, async (page) => {
    await page.keyboard.press("g");
    await page.keyboard.press("ArrowLeft");
    const told = page.locator(".readout");
    await told.filter({ hasText: "EchoHandler #4 handle_read() · 5 µs · round 1 · received 17 B of 64 KiB: exhausted" }).waitFor();
    await page.keyboard.press("ArrowLeft");
    await told.filter({ hasText: "EchoHandler #3" }).waitFor();
    await page.keyboard.press("Home");
    await told.filter({ hasText: "EchoHandler #2" }).waitFor();
    await page.keyboard.press("Escape");
    await told.filter({ hasText: "Point at a callback" }).waitFor();
  }));

test("the timeline by pointer: what lies under it is told, the wheel zooms, dragging moves", { timeout: 180_000 }, () =>
  beside_rich({}, async (page) => {
    const stage = page.locator(".stage");
    await stage.scrollIntoViewIfNeeded();
    const box = await stage.boundingBox();
    const size = await stage.locator("canvas").evaluate((canvas) => parseFloat(getComputedStyle(canvas).fontSize));
    const y = box.y + size * (1.5 + 1.9 * 1.5); // the second row: EchoHandler #2
    /// Where along that row a callback is told of, in steps of eight pixels.
    const told = async () => {
      const places = [];
      for (let x = box.x + 170; x < box.x + box.width; x += 8) {
        await page.mouse.move(x, y);
        if ((await page.locator(".readout").textContent()).includes("EchoHandler #2 handle_read()")) places.push(x);
      }
      return places;
    };
    const first = await told();
    assert.ok(first.length > 0);
    await page.mouse.move(first[0], y);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -300);
    await page.keyboard.up("Control");
    const closer = await told();
    assert.ok(closer.length > first.length, `${closer.length} after ${first.length}`);
    await page.mouse.move(closer[0], y);
    await page.mouse.down();
    await page.mouse.move(closer[0] - 60, y, { steps: 4 });
    await page.mouse.up();
    const moved = await told();
    assert.ok(Math.abs(moved[0] - (closer[0] - 60)) <= 16, `from ${closer[0]} to ${moved[0]}`);
    await page.mouse.click(moved[0] + 2, y);
    await page.mouse.move(box.x + 5, box.y + 5);
    await page.locator(".readout", { hasText: "EchoHandler #2 handle_read()" }).waitFor(); // it is selected
  }));

test("single keys can be turned off", LIMIT, () =>
  beside_rich({}, async (page, loop) => {
    await page.keyboard.press("?");
    await page.getByLabel("Single keys work anywhere on the page").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("l");
    await page.keyboard.press("Space");
    await page.getByRole("button", { name: "日本語" }).waitFor();
    await until("the step is asked for", () => loop.asked.length > 0);
    assert.deepEqual(loop.asked, ["/step"]);
  }));

test("a key in a field is a letter, and the space bar on a button presses that one", LIMIT, () =>
  beside_rich({}, async (page, loop) => {
    await page.keyboard.press("f");
    await page.keyboard.type("handler #3 p");
    assert.equal(await page.getByLabel("Filter").inputValue(), "handler #3 p");
    await page.getByRole("button", { name: "Large" }).focus();
    await page.keyboard.press("Space");
    await page.locator("html.large").waitFor();
    assert.deepEqual(loop.asked, []);
  }));

test("where motion is not wanted, nothing fades", LIMIT, () =>
  beside_rich({ reducedMotion: "reduce" }, async (page) => {
    const moves = await page.evaluate(() =>
      [...document.querySelectorAll("*")].filter((node) => getComputedStyle(node).transitionDuration !== "0s").length);
    assert.equal(moves, 0);
  }));

test("what the system prefers is followed until something is chosen", LIMIT, async () => {
  const theme = (page) => page.locator("html").getAttribute("data-theme");
  await beside_rich({ colorScheme: "dark" }, async (page) => {
    assert.equal(await theme(page), "dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("html[data-theme=light]").waitFor();
    await page.getByLabel("Colours").selectOption("contrast");
    assert.equal(await theme(page), "contrast");
  });
});
