// Those whom the reader plays: what each may do, and what it has heard.

import { element, set_text } from "../../../tools/scope/page/dom.js";

class Person {
  #said;
  #state = element("span", { class: "aside" });
  #heard = element("pre", { class: "heard", tabindex: "0" });
  #counts = element("p", { class: "aside" });
  #reading;
  #reads = true;
  #acts = []; // what is possible only while it is connected
  node;

  constructor(name, number, scenario, said, act) {
    this.#said = said;
    const button = (key, step) => {
      const made = element("button", { type: "button" }, said.say(key));
      made.addEventListener("click", () => act(step()));
      this.#acts.push(made);
      return made;
    };
    const text = element("input", { type: "text", value: scenario.phrases?.[0]?.trim() ?? "hello",
      "aria-label": said.say("what_to_say", { name }) });
    const form = element("form", {}, text, element("button", {}, said.say("say")));
    this.#acts.push(text, form.lastElementChild);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      act(["say", number, `${text.value}\n`]);
    });
    const talks = scenario.crowd || name === "Julius";
    const buttons = [];
    for (const phrase of (talks && scenario.phrases) || []) {
      const made = element("button", { type: "button" }, phrase.trim());
      made.addEventListener("click", () => act(["say", number, phrase]));
      this.#acts.push(made);
      buttons.push(made);
    }
    if (scenario.much) {
      this.#reading = button("stop_reading", () => ["read", number, this.#reads ? 0 : 1]);
      buttons.push(button("much", () => ["much", number]), this.#reading);
    }
    if (scenario.crowd) buttons.push(button("end", () => ["end", number]), button("leave", () => ["leave", number]));
    this.node = element("li", { class: "person" },
      element("p", {}, element("strong", {}, name), " ", this.#state),
      ...(talks ? [form] : []),
      element("div", { class: "acts" }, ...buttons), this.#heard, this.#counts);
  }

  draw(actor) {
    const said = this.#said;
    this.#reads = actor.reads;
    set_text(this.#state, said.say(`state_${actor.state}`));
    const before = this.#heard.textContent;
    set_text(this.#heard, actor.heard.length > 400 ? `…${actor.heard.slice(-399)}` : actor.heard);
    if (before !== this.#heard.textContent) this.#heard.scrollTop = this.#heard.scrollHeight;
    const waits = actor.unread || actor.unsent ? said.say("waiting", actor) : "";
    set_text(this.#counts, `${said.say("heard_bytes", { bytes: actor.heard_bytes })} ${waits}`);
    if (this.#reading) set_text(this.#reading, said.say(actor.reads ? "stop_reading" : "read_again"));
    const there = actor.state === "connecting" || actor.state === "connected";
    for (const node of this.#acts) node.disabled = !there;
  }
}

/// `act` is given a step, as scripts have them.
export class People {
  #scenario;
  #said;
  #act;
  #people = [];
  #list = element("ul", { class: "people" });
  node;

  constructor(scenario, said, act) {
    this.#scenario = scenario;
    this.#said = said;
    this.#act = act;
    const more = element("button", { type: "button" }, said.say("connect"));
    more.addEventListener("click", () => act(["connect"]));
    this.node = element("div", {}, this.#list, ...(scenario.crowd ? [more] : []));
  }

  draw(actors) {
    if (actors.length < this.#people.length) {
      this.#people = [];
      this.#list.replaceChildren();
    }
    actors.forEach((actor, number) => {
      if (!this.#people[number]) {
        this.#people[number] = new Person(actor.name, number, this.#scenario, this.#said, this.#act);
        this.#list.append(this.#people[number].node);
      }
      this.#people[number].draw(actor);
    });
  }
}
