// The scenarios as the page knows them: what the reader may choose and do, and an example that plays
// by itself. The names are those of scenarios.cpp.

const connect = ["connect"];
const say = (actor, text) => ["say", actor, text];
const much = (actor) => ["much", actor];
const end = (actor) => ["end", actor];
const leave = (actor) => ["leave", actor];
const deaf = (actor) => ["read", actor, 0];

/// `choices`: of the server. `crowd`: whether clients come and go. `much`: whether they may say
/// 32 KiB at once. `phrases`: what may be said with one click.
export const SCENARIOS = {
  "two-clients-one-at-a-time": {
    choices: ["one_at_a_time", "at_once"], crowd: true,
    script: [connect, connect, say(1, "I wait\n"), say(0, "hello\n"), end(0)],
  },
  echo: { crowd: true, script: [connect, say(0, "hello\n"), connect, say(1, "me too\n"), end(0)] },
  "half-close": { crowd: true, much: true, script: [connect, say(0, "last words\n"), end(0)] },
  "slow-reader": {
    crowd: true, much: true,
    script: [connect, connect, deaf(0), ...Array(14).fill(much(0)), say(1, "hello\n")],
  },
  emfile: { crowd: true, script: [connect, connect, connect, say(2, "is there room?\n"), leave(0)] },
  "level-or-edge": {
    choices: ["sips", "forgetful"], crowd: true,
    script: [connect, say(0, "1234567890123456\n")],
  },
  chat: { crowd: true, script: [connect, connect, connect, say(0, "Is anybody there?\n"), say(2, "Yes.\n")] },
  "julius-to-tty": {
    phrases: ["#M1\n", "#PR255G000B000T010\n", "#M0\n"], script: [say(0, "#M1\n"), say(0, "#M0\n")],
  },
};

export const MUCH = "0123456789abcde\n".repeat(2048);
