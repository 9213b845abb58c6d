// The state as columns of cells with arrows between them. Fill: whose it really is. Border: whose
// it is as the tables have it. What the step changed, and what makes the claim false, stands out.

const CELL_WIDTH = 148;
const CELL_GAP = 16;
const HEAD_Y = 44;
const ROUND = 34; // the room above and below for wires that go round a column

/** Return what each ink shows in a state, and how that differs from the state before. */
function inkState(ink, index) {
  const now = ink.values[index];
  const before = index > 0 ? ink.values[index - 1] : now;
  const status = now === before ? (now ? "kept" : "none") : now ? (before ? "changed" : "new") : "gone";
  return { ink, now, before, status };
}

function cellInks(diagram, index) {
  const table = diagram.columns.map((column) => column.cells.map(() => ({ owner: [], claim: [], mark: [] })));
  for (const ink of diagram.inks) {
    if (ink.kind === "link") continue;
    const state = inkState(ink, index);
    if (state.status !== "none") table[ink.source[0]][ink.source[1]][ink.kind].push(state);
  }
  return table;
}

/** Return the marks of a cell broken into rows of boxes. */
function markRows(marks) {
  const rows = [];
  let width = Infinity;
  for (const mark of marks) {
    const shown = mark.now || mark.before;
    const text = short(shown === "1" ? mark.ink.label : `${mark.ink.label} ${shown}`, 20);
    const needed = text.length * 6.1 + 12;
    if (width + needed > CELL_WIDTH - 16) { rows.push([]); width = 0; }
    rows[rows.length - 1].push({ ...mark, text, x: width, width: needed });
    width += needed + 5;
  }
  return rows;
}

/** Heights follow from what a cell ever shows, so that nothing moves from step to step. */
function cellHeights(diagram, count) {
  return diagram.columns.map((column, c) => column.cells.map((cell, n) => {
    let most = 0;
    for (let index = 0; index < count; index += 1) {
      const inks = cellInks(diagram, index)[c][n];
      most = Math.max(most, inks.claim.length * 17 + markRows(inks.mark).length * 20 + (inks.owner.length ? 17 : 0));
    }
    return 32 + most;
  }));
}

/** Return the layer of each column: as far to the right as its links lead, back links aside. */
function layersOf(diagram) {
  const links = diagram.inks.filter((ink) => ink.kind === "link" && ink.source[0] < ink.target[0]);
  const layers = diagram.columns.map(() => 0);
  diagram.columns.forEach((_, column) => {
    for (const ink of links) {
      if (ink.target[0] === column) layers[column] = Math.max(layers[column], layers[ink.source[0]] + 1);
    }
  });
  return layers;
}

/** Return where every heading and cell stands. Columns of one layer stand above one another. */
function layOut(diagram, count) {
  const heights = cellHeights(diagram, count);
  const layers = layersOf(diagram);
  const links = diagram.inks.filter((ink) => ink.kind === "link");
  const depth = Math.max(0, ...layers) + 1;
  const stacks = Array.from({ length: depth }, (_, layer) =>
    diagram.columns.map((_, column) => column).filter((column) => layers[column] === layer));
  const tall = (column) => HEAD_Y + heights[column].reduce((sum, height) => sum + height + CELL_GAP, 0);
  const totals = stacks.map((stack) => stack.reduce((sum, column) => sum + tall(column), 0));
  const tallest = Math.max(60, ...totals);
  const boxes = diagram.columns.map(() => []);
  const heads = diagram.columns.map(() => null);
  let x = 10;
  stacks.forEach((stack, layer) => {
    let y = (tallest - totals[layer]) / 2;
    for (const column of stack) {
      heads[column] = { x: x + CELL_WIDTH / 2, y };
      y += HEAD_Y;
      for (const height of heights[column]) {
        boxes[column].push({ x, y, width: CELL_WIDTH, height });
        y += height + CELL_GAP;
      }
    }
    const across = links.filter((ink) => {
      const ends = [layers[ink.source[0]], layers[ink.target[0]]];
      return Math.min(...ends) <= layer && Math.max(...ends) > layer;
    });
    const longest = Math.max(0, ...across.map((ink) => ink.label.length));
    x += CELL_WIDTH + (across.length ? Math.max(120, longest * 6.4 + 70) : 40);
  });
  const skips = links.some((ink) => Math.abs(layers[ink.source[0]] - layers[ink.target[0]]) > 1);
  if (skips) {
    for (const part of [...heads, ...boxes.flat()]) part.y += ROUND;
  }
  const spans = stacks.map((stack) => {
    const tops = stack.map((column) => heads[column].y);
    const ends = stack.flatMap((column) => boxes[column].map((box) => box.y + box.height));
    return { x: boxes[stack[0]] && boxes[stack[0]][0] ? boxes[stack[0]][0].x : 0, top: Math.min(...tops), bottom: Math.max(...ends) };
  });
  const within = links.some((ink) => layers[ink.source[0]] === layers[ink.target[0]]);
  const right = Math.max(...boxes.flat().map((box) => box.x + box.width), 0);
  return { boxes, heads, layers, spans, width: right + 12 + (within ? 96 : 0),
    height: tallest + 6 + (skips ? 2 * ROUND : 0) };
}

class Diagram {
  constructor(diagram, take) {
    this.diagram = diagram;
    this.take = take;
    this.layout = layOut(diagram, take.count);
    this.svg = s("svg", {
      viewBox: `0 0 ${this.layout.width} ${this.layout.height}`, width: this.layout.width,
      height: this.layout.height, role: "img",
    });
  }

  /** Draw a state; `pointed` are numbers of places that the reader points at. */
  draw(index, pointed = new Set()) {
    const { diagram, layout, take, svg } = this;
    const isEnd = index === take.count - 1 && take.evidence.size > 0;
    const unchecked = take.unchecked.get(index) || new Set();
    const classOf = (state) => {
      const words = [];
      if (state.status === "new" || state.status === "changed") words.push("new");
      if (state.status === "gone") words.push("gone");
      if (isEnd && (state.now || state.status === "gone") && state.ink.places.some((place) => take.evidence.has(place))) words.push("evidence");
      if (state.now && state.ink.places.some((place) => unchecked.has(place))) words.push("unchecked");
      if (state.ink.places.some((place) => pointed.has(place))) words.push("pointed");
      return words.join(" ");
    };
    this.named = new Set(index > 0 ? take.steps[index - 1].values : []);
    svg.replaceChildren();
    svg.setAttribute("aria-label", this.describe(index));
    diagram.columns.forEach((column, c) => {
      const { x, y } = layout.heads[c];
      svg.append(s("text", { class: "heading", x, y: y + 18, "text-anchor": "middle" }, short(column.heading, 24)));
      if (column.kinds.toLowerCase() !== column.heading.toLowerCase()) {
        svg.append(s("text", { class: "kinds", x, y: y + 33, "text-anchor": "middle" }, short(column.kinds, 26)));
      }
    });
    const inks = cellInks(diagram, index);
    const cells = s("g");
    diagram.columns.forEach((column, c) => column.cells.forEach((cell, n) => {
      cells.append(this.cell(cell, layout.boxes[c][n], inks[c][n], classOf));
    }));
    const wires = s("g");
    const labels = s("g");
    const taken = new Map();
    for (const ink of diagram.inks) {
      if (ink.kind !== "link") continue;
      const state = inkState(ink, index);
      if (state.status === "none") continue;
      const [wire, text] = this.wire(state, classOf(state), taken);
      wires.append(wire);
      labels.append(text);
    }
    // A wire that passes a column on its way goes behind its cells; what it says stays in front.
    svg.prepend(wires, cells, labels);
  }

  cell(cell, box, inks, classOf) {
    const owners = inks.owner.filter((state) => state.now);
    const own = owners.length ? owners[0].ink.principal : cell.owner;
    const principal = this.take.principals.indexOf(own);
    const all = [...inks.owner, ...inks.claim, ...inks.mark];
    const classes = all.map(classOf).join(" ");
    const touched = all.some((state) => state.status !== "kept") ? "touched" : "";
    const also = ["evidence", "unchecked", "pointed"].filter((word) => classes.includes(word)).join(" ")
      + (this.isNamed(cell) ? " named" : "");
    const group = s("g", { class: `cell ${touched} ${also}`,
      transform: `translate(${box.x} ${box.y})` });
    group.append(s("rect", { class: "halo", x: -2, y: -2, width: box.width + 4, height: box.height + 4, rx: 9 }));
    const body = s("rect", { class: "body", width: box.width, height: box.height, rx: 7 });
    if (principal >= 0) body.style.fill = tintOf(principal);
    group.append(body);
    const claims = inks.claim.filter((state) => state.now);
    claims.slice(0, 3).forEach((state, number) => {
      const inset = number * 3.5;
      const rim = s("rect", { x: inset, y: inset, width: box.width - 2 * inset, height: box.height - 2 * inset,
        rx: Math.max(7 - inset, 2), fill: "none", "stroke-width": 2.6 });
      rim.style.stroke = colourOf(this.take.principals.indexOf(state.ink.principal));
      group.append(rim);
    });
    group.append(s("title", {}, this.title(cell, inks)));
    const left = 12;
    group.append(s("text", { class: "name", x: left, y: 21 }, short(cell.name, owners.length ? 9 : 16)));
    if (principal >= 0) group.append(swatch(principal, box.width - 24, 10));
    let y = 38;
    for (const state of inks.owner) {
      const text = `${state.ink.label}: ${state.ink.principal}`;
      group.append(s("text", { class: `small ${state.status === "gone" ? "gone" : ""}`, x: left, y }, short(text, 20)));
      y += 17;
      if (owners.length && state.status !== "gone") break;
    }
    for (const state of inks.claim) {
      group.append(swatch(this.take.principals.indexOf(state.ink.principal), left, y - 9));
      group.append(s("text", { class: `claim-text ${state.status === "gone" ? "gone" : ""}`, x: left + 17, y },
        short(`${state.ink.label}: ${state.ink.principal}`, 18)));
      y += 17;
    }
    markRows(inks.mark).forEach((row) => {
      for (const mark of row) {
        const fresh = mark.status === "new" || mark.status === "changed";
        const tag = s("g", { class: mark.status === "gone" ? "gone" : "" });
        tag.append(s("rect", { class: `mark-box ${fresh ? "new-box" : ""}`, x: left + mark.x - 2, y: y - 11, width: mark.width, height: 16, rx: 4 }));
        tag.append(s("text", { class: "mark", x: left + mark.x + 4, y: y + 0.8 }, mark.text));
        group.append(tag);
      }
      y += 20;
    });
    return group;
  }

  wire(state, classes, taken) {
    const { source, target, label } = state.ink;
    const a = this.layout.boxes[source[0]][source[1]];
    const b = this.layout.boxes[target[0]][target[1]];
    const slot = (key) => { const used = taken.get(key) || 0; taken.set(key, used + 1); return used; };
    const out = slot(`out ${source}`);
    const into = slot(`in ${target}`);
    let path, head, middle, back = false;
    const [from, to] = [this.layout.layers[source[0]], this.layout.layers[target[0]]];
    if (from === to) {
      const x = a.x + a.width;
      const y1 = a.y + a.height / 2;
      const y2 = b.y + b.height / 2 + 4;
      const bulge = 34 + Math.min(Math.abs(y2 - y1) / 4, 40);
      path = `M${x} ${y1}C${x + bulge} ${y1} ${x + bulge} ${y2} ${x + 8} ${y2}`;
      head = `M${x} ${y2}l9 -4.5v9Z`;
      middle = { x: x + bulge * 0.75 + 4, y: (y1 + y2) / 2, anchor: "start" };
    } else {
      back = from > to;
      const sign = back ? -1 : 1;
      const x1 = back ? a.x : a.x + a.width;
      const x2 = back ? b.x + b.width : b.x;
      const y1 = a.y + (back ? a.height * 0.72 : Math.min(18 + 11 * out, a.height - 6));
      const y2 = b.y + (back ? b.height * 0.72 : Math.min(18 + 11 * into, b.height - 6));
      const bend = Math.max(Math.abs(x2 - x1) * 0.45, 30);
      const round = Math.abs(from - to) === 2 ? this.way(Math.min(from, to) + 1, (y1 + y2) / 2, slot("round")) : null;
      path = round === null
        ? `M${x1} ${y1}C${x1 + sign * bend} ${y1} ${x2 - sign * bend} ${y2} ${x2 - sign * 8} ${y2}`
        : this.detour(x1, y1, x2 - sign * 8, y2, round, sign);
      head = `M${x2} ${y2}l${-sign * 9} -4.5v9Z`;
      const place = 0.4 + 0.16 * (out % 3);
      middle = { x: x1 + (x2 - x1) * (y1 === y2 ? 0.5 : place), anchor: "middle" };
      const t = y1 === y2 ? 0.5 : place;
      middle.y = y1 + (y2 - y1) * (3 * t * t - 2 * t * t * t) - 5;
      if (round !== null) {
        const along = 0.35 + 0.2 * (round.slot % 3);
        const near = sign > 0 ? round.start : round.end;
        middle = { x: x1 + (near - x1) * along, y: y1 + (round.y - y1) * along - 4, anchor: "middle" };
      }
    }
    const ends = [source, target].map(([column, cell]) => this.diagram.columns[column].cells[cell]);
    const kind = `link ${classes} ${back ? "back" : ""} ${ends.every((cell) => this.isNamed(cell)) ? "named" : ""}`;
    return [
      s("g", { class: kind },
        s("title", {}, `${label}: ${this.nameOf(source)} → ${this.nameOf(target)}`),
        s("path", { class: "wire", d: path }), s("path", { class: "head", d: head })),
      s("g", { class: kind },
        s("text", { x: middle.x, y: middle.y, "text-anchor": middle.anchor }, short(label, 22))),
    ];
  }

  /** Whether the step that led here names the cell: all its elements are among the arguments. */
  isNamed(cell) {
    return cell.name.split(", ").every((element) => this.named.has(element));
  }

  /** Return how to pass a layer's cells: above them or below, whichever is nearer. */
  way(layer, y, slot) {
    const { x, top, bottom } = this.layout.spans[layer];
    const above = Math.abs(y - top) < Math.abs(bottom - y);
    const aside = 12 + 9 * (slot % 3);
    return { y: above ? top - aside + 8 : bottom + aside, start: x - 8, end: x + CELL_WIDTH + 8, slot };
  }

  detour(x1, y1, x2, y2, round, sign) {
    const [near, far] = sign > 0 ? [round.start, round.end] : [round.end, round.start];
    const first = sign * Math.max(Math.abs(near - x1) * 0.5, 16);
    const last = sign * Math.max(Math.abs(x2 - far) * 0.5, 16);
    return `M${x1} ${y1}C${x1 + first} ${y1} ${near - first} ${round.y} ${near} ${round.y}H${far}`
      + `C${far + last} ${round.y} ${x2 - last} ${y2} ${x2} ${y2}`;
  }

  nameOf([column, cell]) {
    return this.diagram.columns[column].cells[cell].name;
  }

  title(cell, inks) {
    const words = [];
    for (const state of [...inks.owner, ...inks.claim, ...inks.mark]) {
      if (!state.now) continue;
      const value = state.ink.principal || (state.now === "1" ? "yes" : state.now);
      words.push(`${state.ink.label}: ${value}`);
    }
    return [cell.name, ...words].join("\n");
  }

  /** Say the whole picture in words. */
  describe(index) {
    const words = [];
    for (const ink of this.diagram.inks) {
      const { now } = inkState(ink, index);
      if (!now) continue;
      const source = this.nameOf(ink.source);
      if (ink.kind === "link") words.push(`${source} ${ink.label} ${this.nameOf(ink.target)}`);
      else words.push(`${source} ${ink.label} ${ink.principal || (now === "1" ? "" : now)}`.trim());
    }
    return `${this.diagram.name} after step ${index}: ${words.join("; ") || "nothing"}`;
  }
}

/** Return the explanation of signs that the diagram uses. */
function legend(diagram, take) {
  const has = (kind) => diagram.inks.some((ink) => ink.kind === kind);
  const sample = (draw) => s("svg", { width: 26, height: 16, viewBox: "0 0 26 16", "aria-hidden": "true" }, draw);
  const entries = take.principals.map((name, index) => h("span", {}, swatchImage(index), short(name, 16)));
  const box = (fill, stroke, width) => {
    const rect = s("rect", { x: 2, y: 2, width: 22, height: 12, rx: 3, "stroke-width": width });
    rect.style.fill = fill;
    rect.style.stroke = stroke;
    return rect;
  };
  if (has("owner")) entries.push(h("span", {}, sample(box("var(--t0)", "var(--line)", 1)), "fill: whose it really is"));
  if (has("claim")) entries.push(h("span", {}, sample(box("var(--panel)", "var(--p0)", 2.6)), "border: whose, as a table has it"));
  const wire = (classes) => sample(s("g", { class: `link ${classes}` }, s("path", { class: "wire", d: "M1 8H18" }), s("path", { class: "head", d: "M25 8l-9 -4.5v9Z" })));
  entries.push(h("span", {}, wire("named"), "named by this step"));
  entries.push(h("span", {}, wire("new"), "changed by this step"));
  if ([...take.unchecked.values()].some((places) => places.size)) entries.push(h("span", {}, wire("unchecked"), "what the missing guard would have looked at"));
  if (take.evidence.size) entries.push(h("span", {}, wire("evidence"), "makes the claim false"));
  return h("div", { class: "legend", "aria-label": "Legend" }, entries);
}

function ledgerPanel(ledger, take, index) {
  const numbers = ledger.bars.map(([name, values]) => [name, values[index]]);
  const sum = numbers.reduce((total, [, value]) => total + value, 0);
  const whole = ledger.whole ? ledger.whole[index] : null;
  const most = Math.max(1, ...ledger.bars[0][1].map((_, state) => Math.max(
    ledger.bars.reduce((total, [, values]) => total + values[state], 0), ledger.whole ? ledger.whole[state] : 0)));
  const off = whole !== null && whole !== sum;
  const bar = h("div", { class: "bar" });
  for (const [name, value] of numbers) {
    if (!value) continue;
    const part = h("div", { class: "part" }, `${short(name, 10)}: ${value}`);
    const principal = take.principals.indexOf(name);
    part.style.width = `${(100 * value) / most}%`;
    part.style.background = tintOf(principal);
    part.style.color = colourOf(principal);
    bar.append(part);
  }
  const verdict = whole === null ? `sum ${sum}`
    : off ? `✕ ${sum} does not add up to ${whole}` : `✓ ${sum} adds up to ${ledger.wholeText}`;
  const panel = h("div", { class: `ledger ${off ? "off" : ""}` },
    h("div", { class: "label" }, h("b", {}, ledger.label), h("span", { class: `sum ${off ? "off" : "soft"}` }, verdict)), bar);
  if (whole !== null) {
    const rule = h("div", { class: "whole", title: ledger.wholeText });
    rule.style.width = `${Math.max((100 * whole) / most, 0.5)}%`;
    panel.append(rule);
  }
  return panel;
}
