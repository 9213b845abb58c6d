// Where the columns of a diagram stand, and the cells in them. It follows from what is ever drawn
// along the run, so that nothing moves from step to step.

const CELL_WIDTH = 136;
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

const MARK_ROOM = CELL_WIDTH - 20; // for the boxes of one row, within the cell's own border
const LEAST = 3; // letters of a name that is cut for its value
const measured = new Map();
const ruler = document.createElement("canvas").getContext("2d");

/** Return how wide the text of a mark is in the fonts that this browser has. */
function widthOf(text) {
  if (!measured.has(text)) {
    ruler.font = `560 10.5px ${getComputedStyle(document.body).fontFamily}`;
    measured.set(text, ruler.measureText(text).width);
  }
  return measured.get(text);
}

/**
 * Return the name of a mark and its value, or as much of them as has room in a box of its own; the
 * cell's title has all. The name gives way first: it is the same in all cells, and the value is not.
 */
function fitting(label, value) {
  const isTooWide = (text) => widthOf(text) + 12 > MARK_ROOM;
  const whole = (most) => (value ? `${short(label, most)} ${short(value, 40)}` : short(label, most));
  let most = Math.min(Array.from(String(label)).length, 40);
  while (most > LEAST && isTooWide(whole(most))) most -= 1;
  const text = whole(most);
  let rest = Array.from(text).length;
  while (rest > 1 && isTooWide(short(text, rest))) rest -= 1;
  return short(text, rest);
}

/** Return the marks of a cell broken into rows of boxes. */
function markRows(marks) {
  const rows = [];
  let width = Infinity;
  for (const mark of marks) {
    const shown = mark.now || mark.before;
    const text = fitting(mark.ink.label, shown === "1" ? "" : shown);
    const needed = widthOf(text) + 12;
    if (width + needed > MARK_ROOM) { rows.push([]); width = 0; }
    rows[rows.length - 1].push({ ...mark, text, x: width, width: needed });
    width += needed + 5;
  }
  return rows;
}

/** Return what names an owner, and who that is, in so many letters; the name gives way first. */
function owned(ink, most) {
  const room = most - Array.from(String(ink.principal)).length - 2;
  return short(`${short(ink.label, Math.max(room, LEAST))}: ${ink.principal}`, most);
}

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

/** Return a diagram of one column with links in it as a tree: who is linked to stands to the right. */
function asTree(diagram) {
  const links = diagram.inks.filter((ink) => ink.kind === "link" && ink.source[1] !== ink.target[1]);
  if (diagram.columns.length !== 1 || !links.length) return diagram;
  const [column] = diagram.columns;
  const depths = column.cells.map(() => 0);
  const deepen = (cell, way) => {
    for (const { source, target } of links) {
      if (source[1] !== cell || way.includes(target[1])) continue;
      depths[target[1]] = Math.max(depths[target[1]], depths[cell] + 1);
      deepen(target[1], [...way, target[1]]);
    }
  };
  const targets = new Set(links.map((ink) => ink.target[1]));
  column.cells.forEach((_, cell) => { if (!targets.has(cell)) deepen(cell, [cell]); });
  const places = column.cells.map((_, cell) => [depths[cell], depths.slice(0, cell).filter((depth) => depth === depths[cell]).length]);
  const columns = Array.from({ length: Math.max(...depths) + 1 }, (_, depth) => ({
    ...column, heading: depth ? "" : column.heading, kinds: depth ? "" : column.kinds,
    cells: column.cells.filter((_, cell) => depths[cell] === depth),
  }));
  const moved = (end) => end && places[end[1]];
  return { ...diagram, columns, inks: diagram.inks.map((ink) => ({ ...ink, source: moved(ink.source), target: moved(ink.target) })) };
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
  // What only leads to the last layers, past others, stands at their other side: hVA → PA ← gPA.
  diagram.columns.forEach((_, column) => {
    const own = links.filter((ink) => ink.source[0] === column);
    const nearest = Math.min(...own.map((ink) => layers[ink.target[0]]));
    const isTarget = diagram.inks.some((ink) => ink.kind === "link" && ink.target[0] === column);
    if (own.length && !isTarget && nearest > 1 && nearest === Math.max(...layers)) layers[column] = nearest + 0.5;
  });
  const order = [...new Set(layers)].sort((one, other) => one - other);
  return layers.map((layer) => order.indexOf(layer));
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
    x += CELL_WIDTH + (across.length ? Math.max(84, Math.min(longest, 22) * 6.3 + 34) : 36);
  });
  const skips = links.some((ink) => Math.abs(layers[ink.source[0]] - layers[ink.target[0]]) > 1);
  if (skips) {
    for (const part of [...heads, ...boxes.flat()]) part.y += ROUND;
  }
  const spans = stacks.map((stack) => {
    const tops = stack.map((column) => heads[column].y);
    const ends = stack.flatMap((column) => boxes[column].map((box) => box.y + box.height));
    const first = stack.flatMap((column) => boxes[column])[0];
    return { x: first ? first.x : 0, top: Math.min(...tops), bottom: Math.max(...ends) };
  });
  const within = links.some((ink) => layers[ink.source[0]] === layers[ink.target[0]]);
  const right = Math.max(...boxes.flat().map((box) => box.x + box.width), 0);
  return { boxes, heads, layers, spans, width: right + 12 + (within ? 110 : 0),
    height: tallest + 6 + (skips ? 2 * ROUND : 0) };
}
