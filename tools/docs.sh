#!/usr/bin/env bash
# Builds the site, in both languages, into build/site/: open build/site/index.html, or serve the folder
# with any static server. A warning is an error, and so is a link that leads nowhere.
#   tools/docs.sh
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh docs
out=build/docs
site=build/site
mkdir -p "$out"
rm -rf "$site" "$out"/{xml,en,ja}  # Breathe stumbles over what it remembers

export BUNSHIN_FIGURES=$PWD/$out/figures
docs/course/loop/build.sh "$BUNSHIN_FIGURES/loop"

export BUNSHIN_DOXYGEN=$PWD/$out/xml
{ cat docs/site/Doxyfile; echo "OUTPUT_DIRECTORY = $out"; } | doxygen - >"$out/doxygen.log" 2>&1 ||
  { cat "$out/doxygen.log"; exit 1; }
docs/site/stage.py "$out/source"
docs/site/reference.py "$BUNSHIN_DOXYGEN" "$out/source/en" "$out/source/ja"

for language in en ja; do
  sphinx-build -q -W --keep-going -b html -c docs/site -D language="$language" \
    -d "$out/$language" "$out/source/$language" "$site/$language"
done
# Debian's Furo is as its authors edit it: a module, and a style that is looked for in the root of a
# web server. From the file system neither is found.
for theme in "$site"/*/_static; do
  esbuild "$theme/scripts/furo.js" --bundle --log-level=warning --allow-overwrite \
    --outfile="$theme/scripts/furo.js"
  sed -i 's|/javascript/normalize.css/normalize.css|normalize.css|' "$theme/styles/furo.css"
  cp /usr/share/javascript/normalize.css/normalize.css "$theme/styles/"
done
cp docs/site/start.html "$site/index.html"
docs/site/check_links.py "$site"
node docs/site/try_search.js "$site"
echo "docs: $site/index.html, $(du -sh "$site" | cut -f1)"
