// The page beside a real echo server: who is there, pause, step, go on, the model.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser_for_all, in_state, row, with_page } from "./support/browser.mjs";
import { bunshin, client, listen } from "./support/bunshin.mjs";

const all = browser_for_all();
const LIMIT = { timeout: 60_000 };
const NEXT = ".next-call";

/// A server, a page on it, and what is done there.
async function beside_echo(act, options = {}) {
  const program = await bunshin("echo", "127.0.0.1:0");
  const address = await program.listens();
  try {
    await with_page(all, program.scope, options, async (page) => {
      await in_state(page, "running");
      await act(page, address, program);
    });
  } finally {
    await program.stop();
  }
}

/// The callbacks of watched handlers that ended, as the stream tells them.
function callbacks(ear) {
  const background = new Set(ear.events.filter((event) => event.background).map(({ handler }) => handler));
  return ear.events.filter(({ event, handler }) => event === "ends" && !background.has(handler));
}

test("clients appear in the poll set, and go", LIMIT, () =>
  beside_echo(async (page, address) => {
    await row(page, "EchoServer").waitFor();
    const [one, two] = [await client(address), await client(address)];
    await row(page, one.name).waitFor();
    await row(page, two.name).waitFor();
    one.send("seventeen bytes!\n");
    await one.gets("seventeen bytes!\n");
    await row(page, one.name).locator(".cell-received", { hasText: "17 B" }).waitFor();
    await row(page, one.name).locator(".cell-sent", { hasText: "17 B" }).waitFor();
    one.socket.end();
    await row(page, one.name).waitFor({ state: "detached" });
    await row(page, two.name).waitFor();
  }));

test("paused, nothing comes back; a step runs exactly one callback; resumed, the rest comes", LIMIT, () =>
  beside_echo(async (page, address, program) => {
    const [one, two] = [await client(address), await client(address)];
    await row(page, two.name).waitFor();
    const ear = await listen(program.scope);
    await page.getByRole("button", { name: "Pause" }).click();
    await in_state(page, "paused");

    one.send("seventeen bytes!\n");
    await page.locator(NEXT, { hasText: /^EchoHandler #\d+ handle_read\(\): 17 bytes wait$/ }).waitFor();
    two.send("two\n");
    await row(page, two.name).locator(".tag", { hasText: "waits" }).waitFor();
    await row(page, one.name).locator(".tag", { hasText: "next" }).waitFor();
    await row(page, one.name).locator(".bit-readable.lit").waitFor();
    await row(page, two.name).locator(".cell-kernel_in", { hasText: "4 B" }).waitFor();
    assert.equal(one.got + two.got, "");

    const before = callbacks(ear).length;
    await page.getByRole("button", { name: "Step" }).click();
    await one.gets("seventeen bytes!\n");
    await page.locator(NEXT, { hasText: "4 bytes wait" }).waitFor();
    const step = callbacks(ear).at(-1);
    await ear.hears("a sample after the step", ({ event, t }) => event === "sample" && t > step.t);
    assert.deepEqual(callbacks(ear).slice(before).map(({ callback }) => callback), ["read"]);
    assert.equal(two.got, "");

    await page.getByRole("button", { name: "Go on" }).click();
    await two.gets("two\n");
    await in_state(page, "running");
    ear.stop();
  }));

test("the keyboard alone pauses, steps and goes on", LIMIT, () =>
  beside_echo(async (page, address) => {
    const one = await client(address);
    await row(page, one.name).waitFor();
    await page.keyboard.press("Space");
    await in_state(page, "paused");
    one.send("by key\n");
    await page.locator(NEXT, { hasText: "7 bytes wait" }).waitFor();
    assert.equal(one.got, "");
    await page.keyboard.press("Space");
    await one.gets("by key\n");
    await in_state(page, "paused");
    await page.keyboard.press("p");
    await in_state(page, "running");
    one.send("again\n");
    await one.gets("by key\nagain\n");
  }));

test("slow motion: each callback is named before it happens", LIMIT, () =>
  beside_echo(async (page, address) => {
    const one = await client(address);
    await row(page, one.name).waitFor();
    await page.getByLabel("Slow motion").selectOption("500");
    await in_state(page, "slow");
    one.send("slowly\n");
    await page.locator(NEXT, { hasText: /handle_read\(\)/ }).waitFor();
    await one.gets("slowly\n");
    await page.getByLabel("Slow motion").selectOption("0");
    await in_state(page, "running");
  }));

test("the model is switched for new connections, and its system calls are counted", LIMIT, () =>
  beside_echo(async (page, address) => {
    const level = page.locator(".model", { hasText: "level" });
    await level.getByRole("radio").check();
    await page.locator(".model:has(input:checked)", { hasText: "level" }).waitFor();
    const one = await client(address);
    await row(page, one.name).locator(".tag-model", { hasText: "level" }).waitFor();
    let sent = "";
    for (let message = 0; message < 50; ++message) {
      one.send("message\n");
      await one.gets((sent += "message\n"));
    }
    await level.locator(".model-calls", { hasText: /^\d+\.\d\d$/ }).waitFor();
    await page.locator(".calls", { hasText: /^\d+\.\d\d system calls a message$/ }).waitFor();
  }));

test("two pages: the one that acted last steers, and both say who", LIMIT, () =>
  beside_echo(async (page, _, program) => {
    await with_page(all, program.scope, {}, async (other) => {
      await in_state(other, "running");
      await page.locator(".controls .aside", { hasText: "1 other page looks on." }).waitFor();
      await page.keyboard.press("p");
      await in_state(other, "paused");
      await page.locator(".controls .aside", { hasText: "This page steers." }).waitFor();
      await other.locator(".controls .aside", { hasText: "Another page steers." }).waitFor();
      await other.keyboard.press("p");
      await in_state(page, "running");
      await other.locator(".controls .aside", { hasText: "This page steers." }).waitFor();
    });
  }));

test("a page that is closed leaves no loop paused", LIMIT, () =>
  beside_echo(async (page, address, program) => {
    const one = await client(address);
    await with_page(all, program.scope, {}, async (other) => {
      await in_state(other, "running");
      await page.goto("about:blank");
      await other.keyboard.press("p");
      await in_state(other, "paused");
    });
    one.send("is anybody there?\n");
    await one.gets("is anybody there?\n");
  }));

test("a server that goes is said to be gone, and found again", LIMIT, async () => {
  const program = await bunshin("echo", "127.0.0.1:0");
  const complains = [/Failed to load resource/]; // the browser's own words on the lost line
  await with_page(all, program.scope, { complains }, async (page) => {
    await in_state(page, "running");
    await program.stop();
    await in_state(page, "lost");
  });
});
