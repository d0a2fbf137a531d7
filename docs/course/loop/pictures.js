// Draws the pictures that stand in the pages where a figure can not run: the example of each
// scenario, played by the module under node and drawn as the figure draws it.
//   node pictures.cjs MODULE OUT_FOLDER

import { writeFileSync } from "fs";
import { resolve } from "path";
import { FigureWords } from "./figure_words.js";
import { make_world, SCENARIOS } from "./play.js";
import { Story, story_svg } from "./story.js";

const LANGUAGES = ["en", "ja"];

function play(world, name, { script, choices }, words) {
  const story = new Story(words);
  world.open(name, choices?.[0] ?? "", (event) => story.take(event), (who, step) => story.person(who, step));
  for (const step of script) world.act(step);
  world.pass(300);
  if (!story.lines.some(({ lane }) => lane === "loop")) throw new Error(`${name}: the loop was never called`);
  return story;
}

async function main([module, folder]) {
  const world = await make_world(require(resolve(module)));
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    for (const language of LANGUAGES) {
      const words = new FigureWords(language);
      writeFileSync(`${folder}/${name}.${language}.svg`, story_svg(play(world, name, scenario, words), words));
    }
  }
  console.log(`loop: ${Object.keys(SCENARIOS).length} scenarios played, and drawn in ${LANGUAGES.length} languages`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
