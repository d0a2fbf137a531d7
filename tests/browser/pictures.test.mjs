// Makes the pictures of the documents: docs/scope.png and docs/scope.ja.png. What they show is tried
// by the other tests; here it is only arranged.

import fs from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { browser_for_all, in_state, row, with_page } from "./support/browser.mjs";
import { bunshin, client } from "./support/bunshin.mjs";

const all = browser_for_all();
const FOLDER = process.env.BUNSHIN_PICTURES || fileURLToPath(new URL("../../build/browser", import.meta.url));

for (const [language, name] of [["en", "scope.png"], ["ja", "scope.ja.png"]]) {
  test(`a picture of the page: ${name}`, { timeout: 60_000 }, async () => {
    await fs.mkdir(FOLDER, { recursive: true });
    const program = await bunshin("echo", "127.0.0.1:0");
    const address = await program.listens();
    await with_page(all, program.scope, { settings: { language, theme: "light" }, height: 1040 }, async (page) => {
      await in_state(page, "running");
      const clients = [];
      for (let index = 0; index < 6; ++index) clients.push(await client(address));
      for (const one of clients) await row(page, one.name).waitFor();
      for (let message = 0; message < 8; ++message) {
        const talking = clients.filter((_, index) => (message + index) % 3 !== 0);
        for (const one of talking) one.send(`message ${message}\n`);
        for (const one of talking) await one.gets((one.wants = `${one.wants ?? ""}message ${message}\n`));
      }
      await page.keyboard.press("Space");
      await in_state(page, "paused");
      for (const one of clients.slice(0, 4)) {
        one.send("seventeen bytes!\n");
        await row(page, one.name).locator(".bit-readable.lit").waitFor();
      }
      for (const one of clients.slice(0, 2)) {
        await page.locator(".next-call", { hasText: "17" }).waitFor();
        await page.keyboard.press("Space");
        await one.gets(`${one.wants}seventeen bytes!\n`);
      }
      await page.locator(".next-call", { hasText: "17" }).waitFor();
      await row(page, clients[2].name).locator(".tag-next").waitFor();
      for (const one of clients.slice(2, 4)) {
        await row(page, one.name).locator(".cell-kernel_in", { hasText: "17 B" }).waitFor();
      }
      await page.screenshot({ path: path.join(FOLDER, name) });
    });
    await program.stop();
  });
}
