// The events of a running server, as it sends them (docs/events.md).

import { overloaded_reader } from "./overload.js";

const FIRST_RETRY = 500; // ms
const LAST_RETRY = 5000;
const TURN = 20; // ms of reading, then the page has its turn

/// A source: start(), pause(), step(), go_on(), slow(), model(), and background(), which asks for
/// the scope's own connections, too. `on_event` is told of what the server sends, and of
/// {"event": "line", "state": "open", "lost" or "refused", "text"}.
export class LiveSource {
  #viewer = random_name();
  #on_event = null;
  #stopped = false;
  #line = new AbortController(); // of the stream that is read
  #path = "/events";

  get viewer() {
    return this.#viewer;
  }

  start(on_event) {
    this.#on_event = on_event;
    this.#listen();
  }

  stop() {
    this.#stopped = true;
    this.#line.abort();
  }

  background(wanted) {
    this.#path = wanted ? "/events?background=1" : "/events";
    this.#line.abort();
  }

  pause() {
    return this.#ask("/pause");
  }

  step() {
    return this.#ask("/step");
  }

  go_on() {
    return this.#ask("/go_on");
  }

  slow(ms) {
    return this.#ask(`/slow?ms=${ms}`);
  }

  model(name) {
    return this.#ask(`/model?name=${encodeURIComponent(name)}`);
  }

  async #ask(path) {
    try {
      const answer = await fetch(path, { method: "POST", headers: this.#headers() });
      if (!answer.ok) this.#tell("refused", (await answer.text()).trim());
    } catch {
      this.#tell("lost");
    }
  }

  #headers() {
    return { "X-Bunshin-Viewer": this.#viewer };
  }

  #tell(state, text = "") {
    if (!this.#stopped) this.#on_event({ event: "line", state, text });
  }

  /// A fetch instead of an EventSource: what comes faster than a page can look at it is thinned out
  /// here, before each event would become a task of its own.
  async #listen() {
    let retry = FIRST_RETRY;
    while (!this.#stopped) {
      this.#line = new AbortController();
      const { signal } = this.#line;
      try {
        const answer = await fetch(this.#path, { headers: this.#headers(), signal, cache: "no-store" });
        if (!answer.ok) throw new Error((await answer.text()).trim());
        retry = FIRST_RETRY;
        this.#tell("open");
        await this.#read(answer.body.getReader());
        this.#tell("lost");
      } catch (error) {
        if (signal.aborted) continue;
        this.#tell("lost", error instanceof TypeError ? "" : error.message);
      }
      await new Promise((resolve) => setTimeout(resolve, retry));
      retry = Math.min(retry * 2, LAST_RETRY);
    }
  }

  async #read(reader) {
    const take = overloaded_reader(this.#on_event);
    const decoder = new TextDecoder();
    let rest = "";
    let began = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (performance.now() - began > TURN) {
        await new Promise((resolve) => setTimeout(resolve));
        began = performance.now();
      }
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop();
      take(lines);
    }
  }
}

function random_name() {
  return Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
}
