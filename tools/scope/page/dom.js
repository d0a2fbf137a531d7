// Making elements. What peers sent goes through here as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/// Sets what has changed, and nothing else: the page has little to lay out again.
export function set_text(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function set_attribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
