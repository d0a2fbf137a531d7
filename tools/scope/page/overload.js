// A loop can tell more than a page can take in. Then what tells of single callbacks is left out for
// moments, counted, and the count is told; what tells who is there is never left out.

const DETAIL = /"event":\s*"(?:round_begins|round_ends|waited|ready|begins|ends|did|parked|posts|timers|corked)"/;
const WINDOW = 100; // ms
const BUDGET = 40; // ms of each window that the details may take

/// A function that takes lines of an event stream, and tells `on_event` of their events.
export function overloaded_reader(on_event, clock = () => performance.now()) {
  let window_ends = 0;
  let spent = 0;
  let left_out = 0;
  const admit = () => {
    if (left_out > 0) on_event({ event: "dropped", count: left_out, by_page: true });
    left_out = 0;
  };
  return (lines) => {
    let began = clock();
    lines.forEach((line, index) => {
      if (!line.startsWith("data:")) return;
      if (index % 64 === 0) {
        const now = clock();
        spent += now - began;
        began = now;
        if (now >= window_ends) {
          window_ends = now + WINDOW;
          spent = 0;
          admit();
        }
      }
      if (spent > BUDGET && DETAIL.test(line)) ++left_out;
      else on_event(JSON.parse(line.slice(5)));
    });
    spent += clock() - began;
  };
}
