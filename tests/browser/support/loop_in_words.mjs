// A loop that is only told of: the page's files, and events that a test makes up. For what a real
// server does not do on demand: markup where names should be, ten thousand handlers, a lost line.

import fs from "node:fs/promises";
import http from "node:http";
import { after } from "node:test";

const PAGE = new URL("../../../tools/scope/page/", import.meta.url);
const TYPES = {
  html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8", svg: "image/svg+xml",
};

// As tools/scope/scope_server.cpp has it.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const HELLO = {
  t: 0, round: 0, event: "hello", schema: 1, program: "bunshin echo", version: "0.1.0",
  engine: "epoll", pid: 4242, time: 1_700_000_000_000, budget: 65536,
};

export function opened(handler, more = {}) {
  return {
    t: 0, round: 0, event: "opened", handler, class: "EchoHandler", fd: handler + 6,
    kind: "connection", model: "remembered", peer: `127.0.0.1:${40000 + handler}`,
    local: "127.0.0.1:9876", background: false, ...more,
  };
}

/// The events of a round in which each of `handlers` reads once.
export function round_of(round, t, handlers, ns = 5_000) {
  const events = [
    { t, event: "round_begins" },
    { t: t + 1_000_000, event: "waited", limit: null, events: handlers.length },
  ];
  let now = t + 1_000_000;
  for (const handler of handlers) {
    events.push({ t: now, event: "ready", handler, bits: ["readable"] });
    events.push({ t: (now += 500), event: "begins", handler, callback: "read" });
    events.push({ t: (now += ns / 2), event: "did", handler, operation: "receive", asked: 65536, bytes: 17, status: "exhausted", error: null });
    events.push({ t: (now += ns / 2), event: "ends", handler, callback: "read", ns });
  }
  events.push({ t: now + 500, event: "round_ends" });
  return events.map((event) => ({ round, ...event }));
}

/// A server of the page. `tell(event...)` goes to every page that listens; a page that comes is
/// told `first`. `asked` holds what pages asked for; `answers` what is answered instead of 204.
export async function loop_in_words(first = [HELLO]) {
  const loop = { asked: [], answers: [], first, readers: new Set() };
  const write = (reader, events) =>
    reader.write(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
  loop.tell = (...events) => loop.readers.forEach((reader) => write(reader, events));
  loop.hang_up = () => loop.readers.forEach((reader) => reader.destroy());

  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST") {
      loop.asked.push(request.url);
      const { status, text } = loop.answers.shift() ?? { status: 204, text: "" };
      return response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(text);
    }
    if (pathname === "/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      loop.readers.add(response);
      response.on("close", () => loop.readers.delete(response));
      return write(response, loop.first);
    }
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    try {
      const file = await fs.readFile(new URL(name, PAGE));
      const headers = { "content-type": TYPES[name.split(".").pop()], "content-security-policy": POLICY };
      response.writeHead(200, headers).end(file);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    loop.hang_up();
    server.close();
    server.closeAllConnections?.();
  });
  loop.url = `http://127.0.0.1:${server.address().port}/`;
  return loop;
}
