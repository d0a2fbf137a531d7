// `bunshin demo --scope`: speech becomes motion in one loop, and who pauses the loop pauses the robot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { browser_for_all, in_state, row, with_page } from "./support/browser.mjs";
import { bunshin, listen } from "./support/bunshin.mjs";
import { until } from "./support/until.mjs";

const all = browser_for_all();

test("pausing the demo pauses the robot, and it goes on to its end", { timeout: 120_000 }, async () => {
  const program = await bunshin("demo", "--speed", "5");
  const complains = [/Failed to load resource|ERR_/]; // the demo ends, and its server with it
  await with_page(all, program.scope, { complains }, async (page) => {
    await row(page, "SimulatedRapiro").waitFor();
    await page.locator(".note-text", { hasText: /^heard: "前へ進め"/ }).waitFor();
    await page.locator(".note-text", { hasText: /^robot: .*walks forward/ }).waitFor();
    await page.keyboard.press("Space");
    await in_state(page, "paused");
    const ear = await listen(program.scope);
    const before = program.said;
    const bytes = () => row(page, "SimulatedRapiro").locator(".cell-received").textContent();
    const received = await bytes();
    const samples = () => ear.events.filter(({ event }) => event === "sample").length;
    await until("a second of samples", () => samples() > 4);
    assert.equal(program.said, before);
    assert.equal(await bytes(), received);
    ear.stop();

    await page.keyboard.press("p");
    await until("the demo ends", () => program.ended !== null, 60_000);
    assert.equal(program.ended, "exit 0");
    assert.notEqual(program.said, before);
  });
});
