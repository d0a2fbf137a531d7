// Debian's chromium, and pages in it that may not complain.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { PATIENCE } from "./until.mjs";

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/// One browser for the tests of a file; `open(url, options)` gives a page. Settings: what the page
/// has kept from the last time (tools/scope/page/settings.js).
export function browser_for_all() {
  const all = { browser: null };
  before(async () => {
    const executablePath = process.env.BUNSHIN_CHROMIUM ?? "/usr/bin/chromium";
    all.browser = await chromium.launch({ executablePath, args: FLAGS });
  });
  after(() => all.browser?.close());

  all.open = async (url, { settings, width = 1280, height = 900, complains = [], ...options } = {}) => {
    const context = await all.browser.newContext({
      viewport: { width, height }, locale: "en-GB", colorScheme: "light", ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    page.complaints = [];
    const complain = (text) => {
      if (!complains.some((pattern) => pattern.test(text))) page.complaints.push(text);
    };
    page.on("pageerror", (error) => complain(error.stack));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complain(message.text()));
    page.on("dialog", (dialog) => {
      complain(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    if (settings) {
      await page.addInitScript((kept) => localStorage.setItem("bunshin.scope", JSON.stringify(kept)), settings);
    }
    await page.goto(url);
    return page;
  };

  /// Closes it, and fails when it has complained.
  all.done = async (page) => {
    await page.context().close();
    assert.deepEqual(page.complaints, []);
  };
  return all;
}

/// Waits until the page says that it is in this state.
export function in_state(page, state) {
  return page.locator(`#state[data-state="${state}"]`).waitFor();
}

/// The row of the poll set with this text.
export function row(page, text) {
  return page.locator(".poll-set tbody tr", { hasText: text });
}

/// Does `act`, and no socket, file or error is left of the page.
export async function with_page(all, url, options, act) {
  const page = await all.open(url, options);
  try {
    await act(page);
  } catch (error) {
    await page.context().close();
    error.message += page.complaints.map((text) => `\n  the page says: ${text}`).join("");
    throw error;
  }
  await all.done(page);
}

