// A trace that is dropped on the page: played, stepped, scrubbed; and files that are none.

import assert from "node:assert/strict";
import fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { browser_for_all, in_state, row, with_page } from "./support/browser.mjs";
import { bunshin, client } from "./support/bunshin.mjs";
import { HELLO, loop_in_words, opened, round_of } from "./support/loop_in_words.mjs";

const all = browser_for_all();
const LIMIT = { timeout: 60_000 };
const NEXT = ".next-call";

/// Ten rounds, a tenth of a second apart, in which #1 and #2 take turns.
function ten_rounds() {
  const events = [HELLO, opened(1), opened(2)];
  for (let round = 1; round <= 10; ++round) {
    events.push(...round_of(round, round * 1e8, [1 + ((round - 1) % 2)]));
  }
  return events;
}

function as_trace(events) {
  const entries = events.map((event) => ({ name: event.event, ph: "i", ts: event.t / 1000, pid: 1, tid: 1, args: event }));
  return `{"traceEvents":[\n${entries.map((entry) => JSON.stringify(entry)).join(",\n")}\n]}\n`;
}

function drop(page, name, text) {
  return page.evaluate(([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    for (const type of ["dragover", "drop"]) {
      document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, [name, text]);
}

async function beside_trace(act, text = as_trace(ten_rounds())) {
  const loop = await loop_in_words();
  await with_page(all, loop.url, {}, async (page) => {
    await in_state(page, "running");
    await drop(page, "demo.json", text);
    await act(page, loop);
  });
}

/// Of a handler: how many callbacks of 17 bytes it has read.
const has_read = (page, handler, bytes) => row(page, `#${handler}`).locator(".cell-received", { hasText: bytes });

test("a trace that is dropped is stepped callback by callback", LIMIT, () =>
  beside_trace(async (page) => {
    await in_state(page, "paused");
    await page.locator("#about", { hasText: "trace demo.json" }).waitFor();
    await page.locator(NEXT, { hasText: "EchoHandler #1 handle_read()" }).waitFor();
    await page.getByRole("button", { name: "Step" }).click();
    await has_read(page, 1, "17 B").waitFor();
    await has_read(page, 2, "0 B").waitFor();
    await page.locator(NEXT, { hasText: "EchoHandler #2 handle_read()" }).waitFor();
    await page.keyboard.press("Space");
    await has_read(page, 2, "17 B").waitFor();
    await has_read(page, 1, "17 B").waitFor();
    assert.equal(await page.locator(".models").isVisible(), false);
  }));

test("a trace plays to its end, and from the beginning again", LIMIT, () =>
  beside_trace(async (page) => {
    await in_state(page, "paused");
    await page.keyboard.press("p");
    await in_state(page, "ended");
    await has_read(page, 1, "85 B").waitFor();
    await has_read(page, 2, "85 B").waitFor();
    await page.keyboard.press("p");
    await has_read(page, 1, /^(0|17|34) B$/).waitFor();
  }));

test("a trace is scrubbed, forwards and back, by the keyboard", LIMIT, () =>
  beside_trace(async (page) => {
    const position = page.getByRole("slider", { name: "Position" });
    await position.focus();
    await page.keyboard.press("End");
    await has_read(page, 2, "85 B").waitFor();
    await page.keyboard.press("Home");
    await has_read(page, 2, "0 B").waitFor();
    await position.fill("550"); // of 1000
    await has_read(page, 1, /^51 B$/).waitFor();
  }));

test("a trace that the program wrote shows what happened", LIMIT, async () => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "bunshin-"));
  const file = path.join(folder, "echo.json");
  const program = await bunshin("echo", "127.0.0.1:0", "--trace", file);
  const one = await client(await program.listens());
  one.send("seventeen bytes!\n");
  await one.gets("seventeen bytes!\n");
  await program.stop();
  await beside_trace(async (page) => {
    await page.locator(NEXT, { hasText: /^EchoServer #\d+ handle_accept\(\)$/ }).waitFor();
    await page.keyboard.press("Space");
    await row(page, one.name).waitFor();
    const reads = page.locator(NEXT, { hasText: /^EchoHandler #\d+ handle_read\(\)$/ });
    for (let steps = 0; steps < 3 && (await reads.count()) === 0; ++steps) {
      await page.keyboard.press("Space"); // it accepts until nobody waits any more
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    }
    await reads.waitFor();
    await page.keyboard.press("Space");
    await row(page, one.name).locator(".cell-received", { hasText: "17 B" }).waitFor();
    await row(page, one.name).locator(".cell-sent", { hasText: "17 B" }).waitFor();
  }, await fs.readFile(file, "utf8"));
  await fs.rm(folder, { recursive: true });
});

test("back to the server", LIMIT, () =>
  beside_trace(async (page, loop) => {
    await in_state(page, "paused");
    await page.getByRole("button", { name: "Back to the server" }).click();
    await in_state(page, "running");
    loop.tell(opened(7));
    await row(page, "EchoHandler #7").waitFor();
  }));

test("a trace that is cut is shown as far as it goes, and said to be cut", LIMIT, () => {
  const whole = as_trace(ten_rounds());
  return beside_trace(async (page) => {
    await page.locator("#trouble", { hasText: "The file is cut" }).waitFor();
    await page.locator(NEXT, { hasText: "EchoHandler #1 handle_read()" }).waitFor();
  }, whole.slice(0, whole.length / 2));
});

const NO_TRACES = {
  "an empty file": ["", "The file is empty."],
  "a text": ["Call me Ishmael.\n", "it is not JSON"],
  "JSON of something else": ['{"traceEvents":[{"name":"x","args":{}}],"a":null}', "no event of a loop"],
  "a number": ["17", "no event of a loop"],
  "an event that is not like that": [
    as_trace([HELLO, opened(1), { t: 1, round: 1, event: "ready", handler: 1, bits: "readable" }, { t: 2, event: "sample" }]),
    "is not as a trace has it",
  ],
};
for (const [what, [text, complaint]] of Object.entries(NO_TRACES)) {
  test(`${what} is no trace, and the server is shown as before`, LIMIT, () =>
    beside_trace(async (page, loop) => {
      await page.locator("#trouble", { hasText: complaint }).waitFor();
      loop.tell(opened(3));
      await row(page, "EchoHandler #3").waitFor();
      await in_state(page, "running");
    }, text));
}
