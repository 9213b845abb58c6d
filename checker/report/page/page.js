// The page: one selected step, and everything that follows it.

const STEPS_OF_A_SHORT_RUN = 8;
const NARROW = 1030; // one column
const PICTURE_LEAST = 500;
const PANEL_PADDING = 34;
const GAP = 16;

const KEYS = [
  ["→ or l", "next step"], ["← or h", "previous step"], ["Home, End", "first and last state"],
  ["[ and ]", "previous and next step of the same actor"], ["v", "first step after which the claim is false"],
  ["d", "changes only, or the whole state"], ["m", "minimised or original run"], ["1 to 9", "pictures"],
  ["/", "show some steps only"], ["y", "copy this step"], ["Shift Y", "copy all as text"], ["Shift J", "copy the trace as JSON"],
  ["c", "copy the command line"], ["t", "light or dark"], ["?", "this help"],
];

class Page {
  constructor(data) {
    this.data = data;
    this.takes = data.takes.map(prepare);
    this.number = 0;
    this.mode = "changes";
    this.tab = 0;
    this.build();
    const wanted = /^#step-(\d+)$/.exec(location.hash);
    this.select(wanted ? Number(wanted[1]) : this.take.count - 1);
    document.addEventListener("keydown", (event) => this.key(event));
    this.width = document.getElementById("main").clientWidth;
    window.addEventListener("resize", () => this.resize());
  }

  get take() {
    return this.takes[this.number];
  }

  build() {
    const { take } = this;
    const select = (index) => this.select(index);
    const point = (places) => this.point(places);
    document.getElementById("header").replaceChildren(...this.header());
    const filter = filterControl(take, (way) => this.filter(way));
    this.shows = filter.ways[0].test;
    this.sequence = sequencePanel(take, select, this.fitColumns(), filter.select);
    this.time = timePanel(take, select);
    this.tab = take.opened;
    this.stepBody = h("div");
    this.stateBody = h("div");
    const step = h("section", { class: "panel", "aria-label": "This step", id: "step" },
      h("h2", {}, h("span", { id: "step-title" }), h("button", { class: "tool", id: "mode", "aria-pressed": "false", onclick: () => this.toggleMode() }, "whole state")), this.stepBody);
    const state = h("section", { class: "panel", "aria-label": "State" }, this.tabs(), this.stateBody);
    this.otherBody = h("div");
    const other = take.companion ? h("section", { class: "panel", "aria-label": "The run beside", id: "beside" },
      h("h2", {}, take.companion.name), this.besideBody = h("div"), this.otherBody) : null;
    // A long sequence is a column of its own, and the picture stays beside the step that is read.
    const long = take.steps.length > STEPS_OF_A_SHORT_RUN;
    const left = h("div", { class: "stack" }, this.sequence.panel, long ? null : step);
    const right = h("div", { class: `stack ${long ? "follows" : ""}` }, state, other, long ? step : null,
      explanationPanel(take, point, select));
    document.getElementById("main").replaceChildren(left, right, this.time.panel);
    this.showDiagram();
  }

  /** Give the steps the width that they need, if the picture keeps enough; return their width. */
  fitColumns() {
    const main = document.getElementById("main");
    const whole = main.clientWidth;
    if (whole < NARROW) {
      main.style.gridTemplateColumns = "minmax(0, 1fr)";
      return whole - PANEL_PADDING;
    }
    const widths = sequenceWidths(this.take).map((width) => width + PANEL_PADDING);
    const room = whole - GAP - PANEL_PADDING - this.pictureWidth();
    const wanted = widths.find((width) => width <= room) ?? widths[widths.length - 1];
    const left = Math.round(Math.max(440, Math.min(wanted, whole - GAP - PICTURE_LEAST)));
    main.style.gridTemplateColumns = `${left}px minmax(0, 1fr)`;
    return left - PANEL_PADDING;
  }

  /** Return the width at which the widest picture is not made smaller. */
  pictureWidth() {
    const { take } = this;
    const widths = take.diagrams.filter((diagram) => diagram.inks.length).map((diagram) => layOut(asTree(diagram), take.count).width);
    return Math.max(PICTURE_LEAST, ...widths);
  }

  /** Lay everything out again when the window has another width. */
  resize() {
    const { mode, tab, index } = this;
    const { clientWidth } = document.getElementById("main");
    if (clientWidth === this.width) return;
    this.width = clientWidth;
    this.build();
    this.mode = mode;
    document.getElementById("mode").setAttribute("aria-pressed", String(mode === "all"));
    this.chooseTab(tab);
    this.select(index);
  }

  header() {
    const { take } = this;
    const verdict = h("span", { class: `verdict ${take.banner ? "open" : take.explanation || take.companion ? "" : "reached"}` }, take.verdict);
    const module = take.property.includes(".") ? take.property.slice(0, take.property.lastIndexOf(".") + 1) : "";
    const fact = (name, value) => value ? h("span", {}, `${name} `, h("b", {}, value)) : null;
    const tools = h("div", { class: "tools" },
      this.takes.length > 1 ? h("button", { class: "tool", id: "take", onclick: () => this.toggleTake() },
        `${this.takes[0].name} / ${this.takes[1].name}: ${take.name}`) : null,
      copyMenu(this),
      h("button", { class: "tool", id: "theme", onclick: () => this.toggleTheme() }, "light / dark"),
      h("button", { class: "tool", id: "help", "aria-haspopup": "dialog", onclick: () => this.help() }, "? keys"));
    return [
      h("div", {},
        h("p", { class: "kicker" }, verdict, ` · ${take.kind}`),
        h("h1", {}, h("span", { class: "module" }, module), breakable(take.property.slice(module.length))),
        take.title ? h("p", { class: "claim" }, take.title) : null,
        h("div", { class: "facts" }, fact("model", take.model), fact("variant", take.variant), fact("against", take.adversary),
          fact("scope", take.scope), fact("length", plural(take.steps.length, "step"))),
        take.difference ? h("p", { class: "facts" }, take.difference) : null),
      tools,
      take.banner ? h("p", { class: "banner" }, take.banner) : null,
      whySentences(take),
    ].filter(Boolean);
  }

  tabs() {
    const { diagrams } = this.take;
    if (diagrams.length < 2) return h("h2", {}, diagrams.length ? diagrams[0].name.replaceAll("_", " ") : "State");
    return h("div", { class: "tabs", role: "tablist", "aria-label": "Pictures" }, diagrams.map((diagram, index) =>
      h("button", { class: "tab", role: "tab", "aria-selected": index === this.tab ? "true" : "false", onclick: () => this.chooseTab(index) },
        diagram.name.replaceAll("_", " "))));
  }

  chooseTab(index) {
    if (index >= this.take.diagrams.length) return;
    this.tab = index;
    document.querySelectorAll("[role=tab]").forEach((tab, number) => tab.setAttribute("aria-selected", String(number === index)));
    this.showDiagram();
    this.draw();
  }

  showDiagram() {
    const diagram = this.take.diagrams[this.tab];
    this.drawn = null;
    this.stateBody.replaceChildren();
    if (!diagram) return;
    if (diagram.text) this.stateBody.append(h("p", { class: "diagram-text" }, diagram.text));
    if (diagram.inks.length) {
      this.drawn = new Diagram(diagram, this.take);
      const canvas = h("div", { class: "canvas" }, this.drawn.svg);
      this.stateBody.append(this.withBefore(diagram, canvas), legend(diagram, this.take));
    }
    this.ledgers = h("div");
    this.undrawn = h("p", { class: "undrawn" });
    this.stateBody.append(this.ledgers, this.undrawn);
    this.showBeside(diagram.name);
  }

  /** Of a step from a state that nobody may reach, both states are shown at once. */
  withBefore(diagram, canvas) {
    if (!this.take.banner || this.take.count < 2) return canvas;
    const before = new Diagram(diagram, { ...this.take, evidence: new Set(), unchecked: new Map() });
    before.draw(0);
    const moment = (name, shown) => {
      const part = h("div", { class: "moment" }, h("h3", {}, name), shown);
      part.style.flexBasis = `${before.layout.width}px`;
      return part;
    };
    return h("div", { class: "moments" }, moment("Before the step", h("div", { class: "canvas", id: "before" }, before.svg)), moment("After it", canvas));
  }

  /** Show the same picture of the run beside, if it has one. */
  showBeside(name) {
    this.beside = null;
    const { companion } = this.take;
    if (!companion) return;
    const diagram = companion.diagrams.find((item) => item.name === name && item.inks.length);
    this.besideBody.replaceChildren();
    if (!diagram) return;
    this.beside = new Diagram(diagram, companionTake(this.take));
    this.besideBody.append(h("div", { class: "canvas" }, this.beside.svg));
  }

  /** Show the state after step `index`; 0 is the initial one. */
  select(index) {
    this.index = Math.max(0, Math.min(index, this.take.steps.length));
    this.sequence.rows.forEach((row, number) => {
      row.setAttribute("aria-selected", String(number === this.index));
      row.tabIndex = number === this.index ? 0 : -1;
    });
    const row = this.sequence.rows[this.index];
    if (this.sequence.list.contains(document.activeElement)) row.focus({ preventScroll: false });
    this.draw();
    for (const cell of this.time.cells) cell.classList.toggle("now", Number(cell.dataset.at) === this.shown);
    this.time.slider.value = this.shown;
    this.follow();
    const call = this.index === 0 ? this.take.start : this.take.steps[this.index - 1].call;
    document.getElementById("where").textContent = this.index === 0 ? call : `${this.index}  ${call}`;
    document.getElementById("live").textContent = this.index === 0 ? call : `Step ${this.index} of ${this.take.steps.length}: ${call}`;
    history.replaceState(null, "", `#step-${this.index}`);
  }

  /** Bring the column of the state that is shown into sight, and leave the page where it is. */
  follow() {
    const cell = this.time.cells.find((each) => Number(each.dataset.at) === this.shown);
    const table = cell.closest(".scroll");
    const [column, sight] = [cell.getBoundingClientRect(), table.getBoundingClientRect()];
    const names = cell.parentElement.firstElementChild.offsetWidth; // they stay at the left
    if (column.right > sight.right) table.scrollLeft += column.right - sight.right;
    else if (column.left < sight.left + names) table.scrollLeft -= sight.left + names - column.left;
  }

  /** The number of the state that is drawn: a step without an outcome leaves the one before. */
  get shown() {
    return Math.min(this.index, this.take.count - 1);
  }

  get drawnState() {
    return this.take.banner ? this.take.count - 1 : this.shown;
  }

  draw() {
    const { take } = this;
    if (this.drawn) this.drawn.draw(this.drawnState);
    const diagram = take.diagrams[this.tab];
    if (diagram) this.undrawn.replaceChildren(...undrawnPlaces(take, diagram, this.shown));
    if (diagram) this.ledgers.replaceChildren(...diagram.ledgers.map((ledger) => ledgerPanel(ledger, take, this.shown)));
    document.getElementById("step-title").textContent = this.index === 0 ? "Before the first step" : `Step ${this.index} of ${take.steps.length}`;
    this.stepBody.replaceChildren(stepPanel(take, this.index, this.mode));
    if (take.companion) this.otherBody.replaceChildren(companionPanel(take, this.index));
    if (this.beside) this.beside.draw(Math.min(this.index, take.companion.states.length - 1));
  }

  point(places) {
    if (this.drawn) this.drawn.draw(this.drawnState, places);
  }

  /** Show the steps that pass a test, and the state before them all. */
  filter({ test }) {
    this.shows = test;
    let hidden = 0;
    this.sequence.rows.forEach((row, number) => {
      row.hidden = number > 0 && !test(number);
      hidden += row.hidden ? 1 : 0;
    });
    document.getElementById("hidden").textContent = hidden ? `${plural(hidden, "step")} hidden` : "";
  }

  /** Move to the next step in a direction that is shown. */
  move(direction) {
    const count = this.take.steps.length;
    let index = this.index + direction;
    while (index > 0 && index <= count && !this.shows(index)) index += direction;
    if (index <= count) this.select(index);
  }

  toggleMode() {
    this.mode = this.mode === "changes" ? "all" : "changes";
    document.getElementById("mode").setAttribute("aria-pressed", String(this.mode === "all"));
    this.draw();
  }

  toggleTake() {
    if (this.takes.length < 2) return;
    this.number = 1 - this.number;
    this.build();
    this.select(this.take.count - 1);
  }

  toggleTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  help() {
    let dialog = document.querySelector("dialog");
    if (!dialog) {
      dialog = h("dialog", { "aria-label": "Keys" }, h("h2", {}, "Keys"),
        h("dl", {}, KEYS.map(([key, what]) => [h("dt", {}, key), h("dd", {}, what)])),
        h("button", { class: "tool", onclick: () => dialog.close() }, "close"));
      document.body.append(dialog);
    }
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  /** Move to the nearest step of the selected step's actor in a direction. */
  sameActor(direction) {
    const { steps } = this.take;
    const actor = this.index > 0 ? steps[this.index - 1].actor : null;
    for (let index = this.index + direction; index >= 1 && index <= steps.length; index += direction) {
      if (actor === null || steps[index - 1].actor === actor) return this.select(index);
    }
    return undefined;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || ["scrub", "filter"].includes(event.target.id)) return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const moves = {
      ArrowRight: () => this.move(1), l: () => this.move(1), ArrowLeft: () => this.move(-1), h: () => this.move(-1),
      ArrowDown: () => this.move(1), ArrowUp: () => this.move(-1), "/": () => document.getElementById("filter").focus(),
      Home: () => this.select(0), End: () => this.select(this.take.steps.length),
      v: () => this.select(this.take.breaks), "[": () => this.sameActor(-1), "]": () => this.sameActor(1),
      d: () => this.toggleMode(), m: () => this.toggleTake(), t: () => this.toggleTheme(), "?": () => this.help(),
    };
    // Up and down scroll the page, except among the steps.
    const vertical = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (vertical && !this.sequence.list.contains(document.activeElement)) return;
    const copy = copiesOf(this).find(({ key }) => key === event.key);
    if (copy) copyText(copy.name, copy.text());
    else if (/^[1-9]$/.test(event.key)) this.chooseTab(Number(event.key) - 1);
    else if (moves[event.key]) moves[event.key]();
    else return;
    event.preventDefault();
  }
}

/** Return the run beside as what a diagram draws: it highlights where the two part. */
function companionTake(take) {
  const { companion } = take;
  const numbers = new Map(companion.places.map((place, number) => [place, number]));
  const evidence = new Set(companion.differences.map(([place]) => numbers.get(place)));
  return { ...take, count: companion.states.length, evidence, unchecked: new Map() };
}

/** Return where a run that goes round begins to: its last state is one before. */
function roundOf(take) {
  if (take.kind !== "progress" || take.states.length < 2) return null;
  const last = JSON.stringify(take.states[take.states.length - 1]);
  const start = take.states.slice(0, -1).findIndex((state) => JSON.stringify(state) === last);
  return start < 0 ? null : { start };
}

/** Make lists of pairs of what the document keeps as objects. */
function listPairs(explanation) {
  explanation.binding = Object.entries(explanation.binding);
  explanation.facts = Object.entries(explanation.facts);
  const walk = (truth) => {
    truth.names = Object.entries(truth.names);
    truth.places = Object.entries(truth.places);
    truth.parts.forEach(walk);
  };
  explanation.truth.forEach(walk);
  for (const cause of explanation.causes) cause.places = Object.entries(cause.places);
}

/** Add what is derived from the data of a run. */
function prepare(take) {
  if (take.explanation) listPairs(take.explanation);
  const numbers = new Map(take.places.map((place, number) => [place, number]));
  const evidence = new Set();
  const unchecked = new Map();
  for (const cause of take.explanation ? take.explanation.causes : []) {
    if (!cause.varied) continue;
    const known = cause.places.map(([place]) => numbers.get(place)).filter((number) => number !== undefined);
    const at = Math.min(cause.step, take.states.length - 1);
    unchecked.set(at, new Set([...(unchecked.get(at) || []), ...known]));
  }
  const prepared = { ...take, numbers, evidence, unchecked, count: take.states.length };
  for (const truth of take.explanation ? take.explanation.truth : []) {
    for (const place of placesBelow(truth, prepared)) evidence.add(place);
  }
  for (const [place] of take.explanation ? take.explanation.facts : []) {
    if (numbers.has(place)) evidence.add(numbers.get(place));
  }
  prepared.round = roundOf(prepared);
  for (const [place] of take.companion ? take.companion.differences : []) {
    if (numbers.has(place)) evidence.add(numbers.get(place));
  }
  return prepared;
}

window.page = new Page(JSON.parse(document.getElementById("data").textContent));
