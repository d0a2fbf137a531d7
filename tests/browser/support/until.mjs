// Waiting for what has to come, and no longer than it may take.

export const PATIENCE = 15_000; // ms

/// What `check` gives, as soon as that is something.
export async function until(what, check, limit = PATIENCE) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
