// The steps as rows, with lanes beside them: who acts, towards whom, across which boundary.

const NUMBER_WIDTH = 34;
const CALL_WIDTH = 156;
const ROW_HEIGHT = 44;
const HEAD_HEIGHT = 62;

/** Return where each lane stands, and where the borders between the sides run. */
function laneGeometry(lanes) {
  const width = lanes.length > 6 ? 52 : lanes.length > 5 ? 59 : 72;
  const places = [];
  const borders = [];
  const zones = [];
  let x = width / 2;
  lanes.forEach((lane, index) => {
    if (index > 0 && lanes[index - 1].side !== lane.side) {
      const kind = lane.side === "inside" || lanes[index - 1].side === "inside" ? "boundary" : "border";
      borders.push({ x: x - width / 2 + 7, kind: lane.side === "tenant" ? "border" : kind });
      x += 14;
    }
    places.push(x);
    const zone = zones[zones.length - 1];
    if (zone && zone.side === lane.side) zone.end = x + width / 2;
    else zones.push({ side: lane.side, start: x - width / 2, end: x + width / 2 });
    x += width;
  });
  return { places, borders, zones, width: x - width / 2, lane: width };
}

const SIDE_NAMES = { outside: "HOST", inside: "CONFIDENTIAL VM", tenant: "TENANT" };

/** Return what stands behind all rows: the confidential VM, the lifelines, the boundaries. */
function lifelines(geometry) {
  const lives = geometry.places.map((x) =>
    s("line", { class: "life", x1: x, x2: x, y1: HEAD_HEIGHT - 8, y2: "100%" }));
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
    const most = Math.floor(geometry.lane / 5.5);
    return s("g", {},
      s("title", {}, `${lane.name} ${lane.element}`),
      s("text", { x, y: 34, "text-anchor": "middle" }, short(lane.name, most)),
      s("text", { class: "element", x, y: 48, "text-anchor": "middle" }, short(lane.element, most)));
  });
  const sides = geometry.zones.map((zone) =>
    s("text", { class: "side", x: (zone.start + zone.end) / 2, y: 13, "text-anchor": "middle" },
      zone.end - zone.start < 130 && zone.side === "inside" ? "CVM" : SIDE_NAMES[zone.side]));
  return s("svg", { class: `lane-strip ${lanes.length > 6 ? "many" : ""}`, width: geometry.width, height: HEAD_HEIGHT, "aria-hidden": "true" },
    sides, labels);
}

function strokeDrawing(stroke, geometry) {
  const y = ROW_HEIGHT / 2;
  const from = geometry.places[stroke.source];
  const group = s("g", { class: stroke.hostile ? "hostile" : "" });
  group.append(s("circle", { class: "dot", cx: from, cy: y, r: 4.5 }));
  if (stroke.target !== null) {
    const to = geometry.places[stroke.target];
    const sign = to > from ? 1 : -1;
    group.append(s("path", { class: "arrow", d: `M${from} ${y}H${to - sign * 8}` }));
    group.append(s("path", { class: "head", d: `M${to} ${y}l${-sign * 10} -5v10Z` }));
  }
  return s("svg", { class: "lane-strip", width: geometry.width, height: ROW_HEIGHT, "aria-hidden": "true" },
    group);
}

function whoActs(take, stroke) {
  const lanes = take.lanes;
  const name = (lane) => `${lane.name}${lane.element ? " " + lane.element : ""}`;
  const from = name(lanes[stroke.source]);
  return stroke.target === null ? from : `${from} → ${name(lanes[stroke.target])}`;
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
  const words = step ? h("span", { class: "call" }, step.call) : h("span", { class: "who" }, "stutters");
  return h("span", { class: `other ${step ? "" : "stutter"} ${parts ? "parts" : ""}` },
    h("span", { class: "is", "aria-label": "is" }, parts ? "✕" : "≙"), words,
    parts ? h("span", { class: "tag bad" }, companion.refusals.length ? "refused" : "leads elsewhere") : null);
}

/** Return the panel of steps; `select` is called with the number of a state. */
function sequencePanel(take, select) {
  const geometry = laneGeometry(take.lanes);
  const beside = take.companion ? `minmax(${CALL_WIDTH}px, 1fr) ` : "";
  const columns = `${NUMBER_WIDTH}px minmax(${CALL_WIDTH}px, 1fr) ${beside}${geometry.width}px`;
  const rows = [];
  const list = h("ol", { role: "listbox", "aria-label": "Steps", id: "sequence", tabindex: "-1" });
  const add = (number, call, who, tags, strip, dropped) => {
    const row = h("li", {
      class: `step${dropped ? " dropped" : ""}`, role: "option", tabindex: "-1", "data-step": number,
      onclick: () => select(number),
    },
    h("span", { class: "number" }, number === 0 ? "" : number),
    h("span", { class: "what" }, h("span", { class: "call" }, call),
      h("span", { class: "who" }, who, tags)), take.companion ? counterpart(take, number) : null, strip);
    row.style.gridTemplateColumns = columns;
    rows.push(row);
    list.append(row);
  };
  add(0, take.start, "", [], s("svg", { class: "lane-strip", width: geometry.width, height: 30, "aria-hidden": "true" }), false);
  take.strokes.forEach((stroke, index) => {
    const tags = [];
    if (stroke.hostile) tags.push(h("span", { class: "tag hostile" }, "hostile"));
    if (crosses(take, stroke)) tags.push(h("span", { class: "visually-hidden" }, ", across the trust boundary"));
    if (index + 1 === take.breaks) tags.push(h("span", { class: "tag bad" }, "✕ breaks it"));
    add(index + 1, take.steps[index].call, whoActs(take, stroke), tags, strokeDrawing(stroke, geometry),
      stroke.dropped);
  });
  const head = h("div", { class: "lanes-head" }, h("span"), h("span"),
    take.companion ? h("b", { class: "companion-head" }, take.companion.name) : null, laneHead(take.lanes, geometry));
  head.style.gridTemplateColumns = columns;
  const score = h("div", { class: "score" }, lifelines(geometry), head, list);
  score.style.minWidth = `${NUMBER_WIDTH + CALL_WIDTH * (take.companion ? 2 : 1) + geometry.width}px`;
  const panel = h("section", { class: "panel", "aria-label": "Sequence of steps" },
    h("h2", {}, "What happens", h("span", { class: "right faint" }, "← → to step")),
    h("div", { class: "scroll" }, score));
  return { panel, rows, list };
}
