// A figure's world: the module, what is done in it, and the events that come out.

import { MUCH, SCENARIOS } from "./scripts.js";

const MOMENT = 3; // ms of the world's time that what is done takes to have happened

/// `create`: the module's own function, as emscripten makes it.
export async function make_world(create) {
  return new World(await create());
}

class World {
  #call;
  #on_event = () => {};
  #on_person = () => {};
  actors = [];

  constructor(module) {
    const strings = { loop_open: ["string", "string"], loop_say: ["number", "string"], loop_model: ["string"] };
    const numbers = { loop_end: 1, loop_leave: 1, loop_read: 2, loop_slow: 1, loop_pass: 1 };
    const answers = { loop_open: "string", loop_events: "string", loop_actors: "string", loop_connect: "number" };
    this.#call = (name, ...values) =>
      module.ccall(name, answers[name] ?? null, strings[name] ?? Array(numbers[name] ?? 0).fill("number"), values);
  }

  /// `on_event` hears what the loop tells, `on_person` what somebody does.
  open(scenario, choice, on_event, on_person) {
    this.#on_event = on_event;
    this.#on_person = on_person;
    const wrong = this.#call("loop_open", scenario, choice);
    if (wrong) throw new Error(wrong);
    this.#look();
  }

  /// One step of a script.
  act(step) {
    const [what, actor, value] = step;
    if (what === "connect") {
      this.#call("loop_connect");
      this.#actors();
      this.#on_person(this.actors.at(-1).name, step);
    } else {
      this.#on_person(this.actors[actor].name, step);
      if (what === "read") this.#call("loop_read", actor, value);
      else if (what === "say") this.#call("loop_say", actor, value);
      else if (what === "much") this.#call("loop_say", actor, MUCH);
      else this.#call(`loop_${what}`, actor);
    }
    this.pass(MOMENT);
  }

  steer(name, ...values) {
    this.#call(`loop_${name}`, ...values);
    this.pass(MOMENT);
  }

  pass(ms) {
    this.#call("loop_pass", ms);
    this.#look();
  }

  #look() {
    for (const line of this.#call("loop_events").split("\n")) if (line) this.#on_event(JSON.parse(line));
    this.#actors();
  }

  #actors() {
    this.actors = JSON.parse(this.#call("loop_actors"));
  }
}

export { SCENARIOS };
