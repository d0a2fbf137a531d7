// The program itself, and clients of it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import net from "node:net";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "./until.mjs";

const PROGRAM = process.env.BUNSHIN ?? fileURLToPath(new URL("../../../build/release/tools/bunshin", import.meta.url));

const started = new Set();
after(async () => {
  for (const { child } of started) child.kill("SIGKILL"); // of a test that failed
});

/// Runs `bunshin WORDS... --scope 127.0.0.1:0`. `scope` is where the page is; `stop()` ends it, in order.
export async function bunshin(...words) {
  const child = spawn(PROGRAM, [...words, "--scope", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  const program = { child, said: "", ended: null };
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (program.said += data));
  child.on("error", (error) => (program.ended = error.message));
  child.on("exit", (code, signal) => (program.ended = `exit ${code ?? signal}`));
  started.add(program);
  program.stop = async () => {
    child.kill("SIGTERM");
    await until("the program ends", () => program.ended !== null);
    assert.equal(program.ended, "exit 0", program.said);
  };
  const found = (pattern) =>
    until(`${pattern} in what it says: ${program.said}`, () => {
      if (program.ended !== null) throw new Error(`${PROGRAM}: ${program.ended}\n${program.said}`);
      return pattern.exec(program.said)?.[1];
    });
  program.scope = await found(/(http:\/\/\S+\d\/?)\s/);
  program.listens = () => found(/listening on (\S+:\d+)\s/);
  return program;
}

/// A client that keeps what it got.
export async function client(address) {
  const [, host, port] = /^(.*):(\d+)$/.exec(address);
  const socket = net.connect(Number(port), host);
  const one = { socket, got: "", ended: false };
  socket.on("data", (data) => (one.got += data));
  socket.on("close", () => (one.ended = true));
  socket.on("error", () => {}); // "close" follows
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  one.name = `${socket.localAddress}:${socket.localPort}`;
  one.send = (text) => socket.write(text);
  one.gets = (text) => until(`${JSON.stringify(text)} comes back`, () => one.got === text);
  return one;
}

/// Listens to the event stream beside the page: `events` are those that came.
export async function listen(scope) {
  const stop = new AbortController();
  const answer = await fetch(new URL("/events", scope), { signal: stop.signal });
  const ear = { events: [], stop: () => stop.abort() };
  const decoder = new TextDecoder();
  let rest = "";
  (async () => {
    for await (const chunk of answer.body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop();
      for (const line of lines) if (line.startsWith("data:")) ear.events.push(JSON.parse(line.slice(5)));
    }
  })().catch(() => {}); // it was stopped
  ear.hears = (what, fits) => until(what, () => ear.events.find(fits));
  return ear;
}
