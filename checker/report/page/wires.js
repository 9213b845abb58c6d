// The ways of links between cells, and where their names stand: where they cover nothing else.

const LABEL_LINE = 13;

/** Return the links from one cell to another together: they run side by side under one label. */
function bundlesOf(diagram) {
  const bundles = new Map();
  for (const ink of diagram.inks) {
    if (ink.kind !== "link") continue;
    const key = `${ink.source}>${ink.target}`;
    if (!bundles.has(key)) bundles.set(key, { source: ink.source, target: ink.target, inks: [] });
    bundles.get(key).inks.push(ink);
  }
  return [...bundles.values()];
}

/** Give every bundle its wires, as lists of curves, and the place of its label. */
function route(diagram, layout) {
  const bundles = bundlesOf(diagram);
  const box = ([column, cell]) => layout.boxes[column][cell];
  const ports = new Map();
  const port = (end, side, other, bundle, role) => {
    const key = `${end} ${side}`;
    if (!ports.has(key)) ports.set(key, []);
    ports.get(key).push({ box: box(end), far: box(other).y + box(other).height / 2, bundle, role });
  };
  for (const bundle of bundles) {
    const [from, to] = [layout.layers[bundle.source[0]], layout.layers[bundle.target[0]]];
    bundle.level = from === to;
    bundle.back = from > to;
    bundle.returns = bundle.back && bundle.source[0] > bundle.target[0];
    port(bundle.source, bundle.back ? "left" : "right", bundle.target, bundle, "from");
    port(bundle.target, bundle.back || bundle.level ? "right" : "left", bundle.source, bundle, "to");
  }
  for (const list of ports.values()) {
    // Forth goes above back, and what leads up leaves above what leads down.
    list.sort((one, other) => one.far - other.far || one.bundle.back - other.bundle.back);
    const { y, height } = list[0].box;
    list.forEach(({ bundle, role }, number) => {
      bundle[role] = y + (height * (number + 1)) / (list.length + 1);
    });
  }
  const rounds = new Map();
  for (const bundle of bundles) {
    const spread = Math.min(7, 18 / bundle.inks.length);
    bundle.wires = bundle.inks.map((_, number) => {
      const aside = (number - (bundle.inks.length - 1) / 2) * spread;
      return way(bundle, aside, layout, rounds);
    });
  }
  placeLabels(bundles, layout);
  return bundles;
}

/** Return the curves of one wire: each has a start, two handles and an end. */
function way(bundle, aside, layout, rounds) {
  const a = layout.boxes[bundle.source[0]][bundle.source[1]];
  const b = layout.boxes[bundle.target[0]][bundle.target[1]];
  const [y1, y2] = [bundle.from + aside, bundle.to + aside];
  if (bundle.level) {
    const x = a.x + a.width;
    const loop = bundle.source.join() === bundle.target.join();
    const bulge = loop ? 46 : 34 + Math.min(Math.abs(y2 - y1) / 4, 40);
    const [start, end] = loop ? [a.y + a.height / 2 - 9 + aside, a.y + a.height / 2 + 9 + aside] : [y1, y2];
    return { curves: [[x, start, x + bulge, start, x + bulge, end, x + 8, end]], head: [x, end, 1] };
  }
  const sign = bundle.back ? -1 : 1;
  const [x1, x2] = bundle.back ? [a.x, b.x + b.width] : [a.x + a.width, b.x];
  const head = [x2, y2, -sign];
  const end = x2 - sign * 8;
  const [first, last] = [layout.layers[bundle.source[0]], layout.layers[bundle.target[0]]].sort((one, other) => one - other);
  if (last - first < 2) {
    const bend = Math.max(Math.abs(x2 - x1) * 0.45, 30);
    return { curves: [[x1, y1, x1 + sign * bend, y1, x2 - sign * bend, y2, end, y2]], head };
  }
  // Past what stands between: above it or below, whichever is nearer.
  const passed = layout.spans.slice(first + 1, last);
  const [top, bottom] = [Math.min(...passed.map((span) => span.top)), Math.max(...passed.map((span) => span.bottom))];
  const middle = (y1 + y2) / 2;
  const above = Math.abs(middle - top) < Math.abs(bottom - middle);
  const key = `${above}`;
  if (aside === 0 || !rounds.has(key)) rounds.set(key, (rounds.get(key) ?? -1) + 1);
  const far = 12 + 9 * (rounds.get(key) % 3) + Math.abs(aside);
  const y = above ? top - far + 8 : bottom + far;
  const [start, stop] = [passed[0].x - 8, passed[passed.length - 1].x + CELL_WIDTH + 8];
  const [near, away] = sign > 0 ? [start, stop] : [stop, start];
  const [h1, h2] = [sign * Math.max(Math.abs(near - x1) * 0.5, 16), sign * Math.max(Math.abs(end - away) * 0.5, 16)];
  return { curves: [
    [x1, y1, x1 + h1, y1, near - h1, y, near, y], [near, y, near, y, away, y, away, y], [away, y, away + h2, y, end - h2, y2, end, y2],
  ], head };
}

function curveText(curves) {
  return curves.map(([x, y, ...rest], number) => `${number ? "" : `M${x} ${y}`}C${rest.join(" ")}`).join("");
}

/** Return points along a wire, from its start to its end. */
function along(curves) {
  return curves.flatMap(([x0, y0, x1, y1, x2, y2, x3, y3]) => Array.from({ length: 17 }, (_, step) => {
    const t = step / 16;
    const u = 1 - t;
    const mix = (a, b, c, d) => u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c + t * t * t * d;
    return { x: mix(x0, x1, x2, x3), y: mix(y0, y1, y2, y3) };
  }));
}

function overlap(one, other) {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Put each label where it covers no cell, no other label and few wires; the middle is best. */
function placeLabels(bundles, layout) {
  const cells = layout.boxes.flat();
  const heads = layout.heads.map(({ x, y }) => ({ x: x - 60, y: y + 4, width: 120, height: 32 }));
  const points = bundles.map((bundle) => bundle.wires.flatMap((wire) => along(wire.curves)));
  const placed = [];
  bundles.forEach((bundle, number) => {
    const width = Math.max(...bundle.inks.map((ink) => Math.min(ink.label.length, 22))) * 6.5 + 6;
    const height = bundle.inks.length * LABEL_LINE + 2;
    const own = along(bundle.wires[Math.floor(bundle.wires.length / 2)].curves);
    let best = null;
    for (let at = 1; at < own.length - 1; at += 1) {
      for (const lift of [-height / 2 - 5, height / 2 + 5, 0, -height / 2 - 16, height / 2 + 16]) {
        const spot = { x: own[at].x - width / 2, y: own[at].y + lift - height / 2, width, height };
        const outside = Math.max(0, -spot.y) + Math.max(0, -spot.x) + Math.max(0, spot.y + height - layout.height) + Math.max(0, spot.x + width - layout.width);
        let cost = outside * 40 + Math.abs(at - own.length / 2) * (16 / own.length) + (lift === 0 ? 30 : Math.abs(lift) * 0.4);
        for (const other of cells) cost += overlap(spot, other) * 2;
        for (const other of heads) cost += overlap(spot, other);
        for (const other of placed) cost += overlap(spot, other) * 4;
        points.forEach((list, index) => {
          if (index === number) return;
          cost += 7 * list.filter((p) => p.x > spot.x && p.x < spot.x + width && p.y > spot.y && p.y < spot.y + height).length;
        });
        if (best === null || cost < best.cost) best = { ...spot, cost };
      }
    }
    placed.push(best);
    bundle.label = best;
  });
}
