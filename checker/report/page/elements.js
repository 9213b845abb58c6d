// Making elements. Whatever comes from outside becomes a text node or an attribute, never markup.

const SVG = "http://www.w3.org/2000/svg";

/** Return an HTML element with attributes and children; `on…` attributes are listeners. */
function h(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** Return an SVG element. */
function s(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

/** Names from outside may be as long as they like; what is drawn in a box may not. */
function short(text, most) {
  const letters = Array.from(String(text));
  return letters.length <= most ? String(text) : letters.slice(0, most - 1).join("") + "…";
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Return a call as text that breaks between its arguments, and nowhere else if that suffices. */
function callText(call) {
  const parts = String(call).split(/(?<=\(|, )/);
  return h("span", { class: "call" }, parts.map((part, index) => [index ? h("wbr") : null, h("span", { class: "unit" }, part)]));
}

/** Return a name that may break after an underscore. */
function breakable(name) {
  return String(name).split(/(?<=_)/).map((part, index) => [index ? h("wbr") : null, part]);
}

// Principals: a colour, and a shape for those who do not see it.

const SHAPES = [
  "M6 1.2A4.8 4.8 0 1 1 5.99 1.2Z",
  "M1.6 1.6H10.4V10.4H1.6Z",
  "M6 1L11 10.6H1Z",
  "M6 0.6L11.4 6L6 11.4L0.6 6Z",
  "M4 1H8V4H11V8H8V11H4V8H1V4H4Z",
  "M6 11L1 1.4H11Z",
];

function shapeOf(index) {
  return SHAPES[index % SHAPES.length];
}

function colourOf(index) {
  return index < 0 ? "var(--faint)" : `var(--p${index % SHAPES.length})`;
}

function tintOf(index) {
  return index < 0 ? "var(--tint)" : `var(--t${index % SHAPES.length})`;
}

/** Return the swatch of a principal as an SVG group, its corner at (x, y). */
function swatch(index, x, y) {
  return s("path", { d: shapeOf(index), fill: colourOf(index), transform: `translate(${x} ${y})` });
}

/** Return the swatch as an image of its own. */
function swatchImage(index) {
  return s("svg", { width: 13, height: 13, viewBox: "0 0 12 12", "aria-hidden": "true" },
    swatch(index, 0, 0));
}
