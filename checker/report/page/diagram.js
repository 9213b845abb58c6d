// The state as columns of cells with arrows between them. Fill: whose it really is. Border: whose
// it is as the tables have it. What the step changed, and what makes the claim false, stands out.

class Diagram {
  constructor(declared, take) {
    const diagram = asTree(declared);
    this.diagram = diagram;
    this.take = take;
    this.layout = layOut(diagram, take.count);
    this.bundles = route(diagram, this.layout);
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
    for (const bundle of this.bundles) this.bundle(bundle, index, classOf, wires, labels);
    // A wire that passes a column on its way goes behind its cells; what it says stays in front.
    svg.prepend(wires, cells, labels);
  }

  /** Draw the links from one cell to another that there are, with their names below one another. */
  bundle(bundle, index, classOf, wires, labels) {
    const { source, target, returns, label } = bundle;
    const ends = [source, target].map(([column, cell]) => this.diagram.columns[column].cells[cell]);
    const named = ends.every((cell) => this.isNamed(cell)) ? "named" : "";
    const states = bundle.inks.map((ink) => inkState(ink, index));
    const shown = states.filter((state) => state.status !== "none");
    const top = label.y + (LABEL_LINE * (states.length - shown.length)) / 2;
    states.forEach((state, number) => {
      if (state.status === "none") return;
      const { curves, head: [x, y, way] } = bundle.wires[number];
      const kind = `link ${classOf(state)} ${returns ? "back" : ""} ${named}`;
      wires.append(s("g", { class: kind },
        s("title", {}, `${state.ink.label}: ${this.nameOf(source)} → ${this.nameOf(target)}`),
        s("path", { class: "wire", d: curveText(curves) }), s("path", { class: "head", d: `M${x} ${y}l${way * 9} -4.5v9Z` })));
      labels.append(s("g", { class: kind }, s("text", {
        x: label.x + label.width / 2, y: top + LABEL_LINE * (shown.indexOf(state) + 0.8), "text-anchor": "middle",
      }, short(state.ink.label, 22))));
    });
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
    group.append(s("text", { class: "name", x: left, y: 21 }, short(cell.name, owners.length ? 9 : 13)));
    if (principal >= 0) group.append(swatch(principal, box.width - 24, 10));
    let y = 38;
    for (const state of inks.owner) {
      const text = owned(state.ink, 19);
      group.append(s("text", { class: `small ${state.status === "gone" ? "gone" : ""}`, x: left, y }, text));
      y += 17;
      if (owners.length && state.status !== "gone") break;
    }
    for (const state of inks.claim) {
      group.append(swatch(this.take.principals.indexOf(state.ink.principal), left, y - 9));
      group.append(s("text", { class: `claim-text ${state.status === "gone" ? "gone" : ""}`, x: left + 17, y },
        owned(state.ink, 17)));
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

  /** Whether the step that led here names the cell: all its elements are among the arguments. */
  isNamed(cell) {
    return cell.name.split(", ").every((element) => this.named.has(element));
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
  const drawn = (places) => diagram.inks.some((ink) => ink.places.some((place) => places.has(place)));
  entries.push(h("span", {}, wire("named"), "named by this step"));
  entries.push(h("span", {}, wire("new"), "changed by this step"));
  if ([...take.unchecked.values()].some(drawn)) entries.push(h("span", {}, wire("unchecked"), "what the missing guard would have looked at"));
  if (drawn(take.evidence)) entries.push(h("span", {}, wire("evidence"), take.companion ? "where the two part" : "makes the claim false"));
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
    if (principal >= 0) part.prepend(swatchImage(principal));
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
