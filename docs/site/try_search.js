// Is found what a reader would look for? Runs the search of the built site as its page does.
//   node docs/site/try_search.js build/site
"use strict";
const fs = require("fs");
const path = require("path");
const vm = require("vm");

// What is looked for, and a page that has to be found.
const QUERIES = {
  ja: [["記述子", "course/01-socket"], ["イベントループ", "index"], ["二番目のクライアント", "course/02-one-by-one"],
       ["epoll", "design"], ["背圧", "glossary"], ["accept 待つ", "course/02-one-by-one"]],
  en: [["descriptor", "course/01-socket"], ["second client", "course/02-one-by-one"],
       ["epoll", "design"], ["backpressure", "glossary"]],
};
const NOTHING = {ja: "無花果", en: "xylophone"};

function element() {
  return new Proxy(function () {}, {
    get: (_, name) => (name === Symbol.toPrimitive ? () => "" : element()),
    set: () => true, apply: () => element(), construct: () => element(),
  });
}

function search(folder) {
  const found = [];
  const context = vm.createContext({
    document: {getElementById: () => element(), createElement: () => element(), addEventListener() {},
               head: element(), body: element(), documentElement: {dataset: {content_root: ""}},
               readyState: "loading"},
    window: {location: {search: ""}, setTimeout() {}}, localStorage: {setItem() {}},
    Documentation: {gettext: text => text}, DOCUMENTATION_OPTIONS: {}, _: text => text,
    SPHINX_HIGHLIGHT_ENABLED: false, _ready() {}, setTimeout() {}, setInterval() {}, clearInterval() {}, console,
  });
  const run = text => vm.runInContext(text, context);
  for (const name of ["searchtools.js", "language_data.js"])
    run(fs.readFileSync(path.join(folder, "_static", name), "utf8")
      .replace(/^const (_displayNextItem|_removeChildren|Search) =/gm, "var $1 ="));
  context._displayNextItem = results => found.push(...results.map(result => result[0]));
  context._removeChildren = () => {};
  run(fs.readFileSync(path.join(folder, "searchindex.js"), "utf8"));
  return query => {
    found.length = 0;
    context.query = query;
    run("Search.query(query)");
    return [...found];
  };
}

let wrong = 0;
for (const [language, queries] of Object.entries(QUERIES)) {
  const find = search(path.join(process.argv[2], language));
  for (const [query, page] of queries) {
    const pages = find(query);
    if (pages.includes(page)) continue;
    console.log(`search: ${language}: "${query}" does not find ${page}, but ${pages.join(", ") || "nothing"}`);
    wrong++;
  }
  const pages = find(NOTHING[language]);
  if (pages.length) {
    console.log(`search: ${language}: "${NOTHING[language]}" finds ${pages.join(", ")}`);
    wrong++;
  }
}
if (wrong) process.exit(1);
console.log("search: what a reader looks for is found, in both languages");
