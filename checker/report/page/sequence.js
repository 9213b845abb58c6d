// The steps as rows, with lanes beside them: who acts, towards whom, across which boundary.

const NUMBER_WIDTH = 34;
const CALL_LEAST = 132;
const LETTER = 7.75; // the width of a letter of a call
const LANE_WIDTHS = [72, 64, 58, 52];
const BORDER_WIDTH = 14;
const ROW_HEIGHT = 44;
const STACKED_HEIGHT = 26;
const HEAD_HEIGHT = 62;

/** Return where each lane stands, and where the borders between the sides run. */
function laneGeometry(lanes, width) {
  const places = [];
  const borders = [];
  const zones = [];
  let x = width / 2;
  lanes.forEach((lane, index) => {
    if (index > 0 && lanes[index - 1].side !== lane.side) {
      const kind = lane.side === "inside" || lanes[index - 1].side === "inside" ? "boundary" : "border";
      borders.push({ x: x - width / 2 + 7, kind: lane.side === "tenant" ? "border" : kind });
      x += BORDER_WIDTH;
    }
    places.push(x);
    const zone = zones[zones.length - 1];
    if (zone && zone.side === lane.side) zone.end = x + width / 2;
    else zones.push({ side: lane.side, start: x - width / 2, end: x + width / 2 });
    x += width;
  });
  return { places, borders, zones, width: x - width / 2, lane: width };
}

/** Return how wide the longest of some texts is, as a whole and in the parts that are not broken. */
function callWidths(calls) {
  const width = (text) => Math.min(Array.from(text).length, 44) * LETTER + 12;
  const parts = calls.flatMap((call) => call.split(/(?<=\(|, )/));
  return { whole: Math.max(CALL_LEAST, ...calls.map(width)), broken: Math.max(CALL_LEAST, ...parts.map(width)) };
}

function callsOf(take) {
  return { own: callWidths(take.steps.map((step) => step.call)),
    other: take.companion ? callWidths(take.companion.steps.map((step) => `≙ ${step}`)) : null };
}

/** Return the widths at which no call of a sequence is broken, from the widest lanes to the narrowest. */
function sequenceWidths(take) {
  const { own, other } = callsOf(take);
  const calls = NUMBER_WIDTH + own.whole + (other ? other.whole : 0);
  return LANE_WIDTHS.map((lane) => Math.ceil(calls + laneGeometry(take.lanes, lane).width));
}

/** Return how a sequence fits into a width: calls and lanes beside one another, as wide as can be, or
 * the lanes below the calls. */
function fit(take, width) {
  const { own, other } = callsOf(take);
  const sums = ["whole", "broken"].map((kind) => [kind, NUMBER_WIDTH + own[kind] + (other ? other[kind] : 0)]);
  for (const [kind, sum] of sums) {
    for (const lane of LANE_WIDTHS) {
      const geometry = laneGeometry(take.lanes, lane);
      if (sum + geometry.width > width) continue;
      const beside = other ? `minmax(${other[kind]}px, ${other[kind]}fr) ` : "";
      return { geometry, stacked: false,
        columns: `${NUMBER_WIDTH}px minmax(${own[kind]}px, ${own[kind]}fr) ${beside}${geometry.width}px` };
    }
  }
  const borders = laneGeometry(take.lanes, 0).width;
  const lane = Math.min(72, Math.max(30, (width - NUMBER_WIDTH - borders) / Math.max(1, take.lanes.length)));
  return { geometry: laneGeometry(take.lanes, lane), stacked: true, columns: `${NUMBER_WIDTH}px minmax(0, 1fr)` };
}

const SIDE_NAMES = { outside: "HOST", inside: "CONFIDENTIAL VM", tenant: "TENANT" };

/** Return what stands behind all rows: the confidential VM, the lifelines, the boundaries. */
function lifelines(geometry, top) {
  const lives = geometry.places.map((x) =>
    s("line", { class: "life", x1: x, x2: x, y1: top, y2: "100%" }));
  return s("svg", { class: "lane-strip behind", width: geometry.width, "aria-hidden": "true" },
    geometry.zones.filter((zone) => zone.side === "inside").map((zone) =>
      s("rect", { class: "zone", x: zone.start, y: 0, width: zone.end - zone.start, height: "100%", rx: 8 })),
    lives,
    geometry.borders.map((border) =>
      s("line", { class: border.kind, x1: border.x, x2: border.x, y1: 0, y2: "100%" })));
}

function laneHead(lanes, geometry) {
  const labels = lanes.map((lane, index) => {
    const x = geometry.places[index];
    const most = Math.max(4, Math.floor(geometry.lane / 5.1));
    return s("g", {},
      s("title", {}, `${lane.name} ${lane.element}`),
      s("text", { x, y: 34, "text-anchor": "middle" }, short(lane.name, most)),
      s("text", { class: "element", x, y: 48, "text-anchor": "middle" }, short(lane.element, most)));
  });
  const sides = geometry.zones.map((zone) =>
    s("text", { class: "side", x: (zone.start + zone.end) / 2, y: 13, "text-anchor": "middle" },
      zone.end - zone.start < 130 && zone.side === "inside" ? "CVM" : SIDE_NAMES[zone.side]));
  return s("svg", { class: `lane-strip ${geometry.lane < 58 ? "many" : ""}`, width: geometry.width, height: HEAD_HEIGHT, "aria-hidden": "true" },
    sides, labels);
}

function strokeDrawing(stroke, geometry, height) {
  const y = height / 2;
  const from = geometry.places[stroke.source];
  const group = s("g", { class: stroke.hostile ? "hostile" : "" });
  if (stroke.source >= 0) group.append(s("circle", { class: "dot", cx: from, cy: y, r: 4.5 }));
  if (stroke.target !== null) {
    const to = geometry.places[stroke.target];
    const sign = to > from ? 1 : -1;
    group.append(s("path", { class: "arrow", d: `M${from} ${y}H${to - sign * 8}` }));
    group.append(s("path", { class: "head", d: `M${to} ${y}l${-sign * 10} -5v10Z` }));
  }
  return s("svg", { class: "lane-strip", width: geometry.width, height, "aria-hidden": "true" },
    group);
}

function laneName(lane) {
  return `${lane.name}${lane.element ? " " + lane.element : ""}`;
}

function whoActs(take, stroke) {
  if (stroke.source < 0) return "";
  const from = laneName(take.lanes[stroke.source]);
  return stroke.target === null ? from : `${from} → ${laneName(take.lanes[stroke.target])}`;
}

function crosses(take, stroke) {
  return stroke.target !== null
    && (take.lanes[stroke.source].side === "outside") !== (take.lanes[stroke.target].side === "outside");
}

/** Return what a step is in the run beside it. */
function counterpart(take, number) {
  const { companion } = take;
  if (number === 0) return h("span", { class: "other" });
  const step = companion.steps[number - 1];
  const parts = number === companion.steps.length;
  const words = step ? callText(step) : h("span", { class: "who" }, companion.idle);
  return h("span", { class: `other ${step ? "" : "stutter"} ${parts ? "parts" : ""}` },
    h("span", { class: "is", "aria-label": "is" }, parts ? "✕" : "≙"), words,
    parts && companion.word ? h("span", { class: "tag bad" }, companion.word) : null);
}

/** Return the panel of steps; `select` is called with the number of a state. */
function sequencePanel(take, select, width, filter) {
  const { geometry, stacked, columns } = fit(take, width);
  const height = stacked ? STACKED_HEIGHT : ROW_HEIGHT;
  const rows = [];
  const list = h("ol", { role: "listbox", "aria-label": "Steps", id: "sequence", tabindex: "-1" });
  const add = (number, call, who, tags, strip, dropped) => {
    const row = h("li", {
      class: `step${dropped ? " dropped" : ""}${stacked ? " stacked" : ""}`, role: "option", tabindex: "-1", "data-step": number,
      onclick: () => select(number),
    },
    h("span", { class: "number" }, number === 0 ? "" : number),
    h("span", { class: "what" }, callText(call),
      h("span", { class: "who" }, who, tags)), take.companion ? counterpart(take, number) : null, strip);
    row.style.gridTemplateColumns = columns;
    rows.push(row);
    list.append(row);
  };
  const start = s("svg", { class: "lane-strip", width: geometry.width, height: stacked ? 2 : 30, "aria-hidden": "true" });
  add(0, take.start, "", [], start, false);
  take.strokes.forEach((stroke, index) => {
    const tags = [];
    if (stroke.hostile) tags.push(h("span", { class: "tag hostile" }, "hostile"));
    if (crosses(take, stroke)) tags.push(h("span", { class: "visually-hidden" }, ", across the trust boundary"));
    if (stroke.dropped) tags.push(h("span", { class: "tag crosses" }, "not needed"));
    if (index + 1 === take.breaks && !take.companion && take.kind !== "progress") tags.push(h("span", { class: "tag bad" }, "✕ breaks it"));
    if (take.round && index === take.round.start) tags.push(h("span", { class: "tag round" }, "↻ the round begins"));
    if (take.round && index + 1 === take.steps.length) tags.push(h("span", { class: "tag round" }, `↻ as ${stateName(take, take.round.start)}`));
    const drawing = strokeDrawing(stroke, geometry, height);
    if (stacked) drawing.prepend(...rowLines(geometry, height));
    add(index + 1, take.steps[index].call, whoActs(take, stroke), tags, drawing, stroke.dropped);
  });
  const head = h("div", { class: `lanes-head${stacked ? " stacked" : ""}` }, h("span"), h("span"),
    take.companion && !stacked ? h("b", { class: "companion-head" }, take.companion.name) : null, laneHead(take.lanes, geometry));
  head.style.gridTemplateColumns = columns;
  const score = h("div", { class: "score" }, stacked ? null : lifelines(geometry, HEAD_HEIGHT - 8), head, list);
  const panel = h("section", { class: "panel", "aria-label": "Sequence of steps" },
    h("h2", {}, "What happens", h("span", { class: "right soft" }, filter, " ", h("span", { id: "hidden" }))),
    h("div", { class: "scroll" }, score));
  return { panel, rows, list };
}

/** Return the lifelines and boundaries of one row. */
function rowLines(geometry, height) {
  return [
    ...geometry.places.map((x) => s("line", { class: "life", x1: x, x2: x, y1: 0, y2: height })),
    ...geometry.borders.map((border) => s("line", { class: border.kind, x1: border.x, x2: border.x, y1: 0, y2: height })),
  ];
}

function stateName(take, number) {
  return number === 0 ? "at the start" : `after step ${number}`;
}
