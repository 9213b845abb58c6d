// What a reader does with a run: show some of its steps only, and take it along as text.

/** Return the ways to choose steps: a name, and a test of a step's number. */
function filtersOf(take) {
  const { strokes, steps, lanes } = take;
  const stroke = (number) => strokes[number - 1];
  const ways = [{ group: "", name: "all steps", test: () => true }];
  const needed = strokes.filter((item) => item.needed).length;
  if (needed && needed < strokes.length) {
    ways.push({ group: "", name: "steps that the claim depends on", test: (number) => stroke(number).needed });
  }
  if (strokes.some((item) => item.hostile)) ways.push({ group: "", name: "hostile steps", test: (number) => stroke(number).hostile });
  for (const actor of new Set(steps.map((step) => step.actor))) {
    ways.push({ group: "who acts", name: actor, test: (number) => steps[number - 1].actor === actor });
  }
  lanes.forEach((lane, index) => {
    ways.push({ group: "lane", name: laneName(lane),
      test: (number) => stroke(number).source === index || stroke(number).target === index });
  });
  for (const element of new Set(steps.flatMap((step) => step.values))) {
    ways.push({ group: "names", name: element, test: (number) => steps[number - 1].values.includes(element) });
  }
  return ways;
}

/** Return the control that chooses steps; `choose` is called with a way. */
function filterControl(take, choose) {
  const ways = filtersOf(take);
  const groups = new Map();
  ways.forEach((way, index) => {
    const option = h("option", { value: index }, short(way.name, 40));
    if (!groups.has(way.group)) groups.set(way.group, []);
    groups.get(way.group).push(option);
  });
  const select = h("select", { id: "filter", "aria-label": "Show", onchange: (event) => choose(ways[Number(event.target.value)]) },
    [...groups].map(([group, options]) => (group ? h("optgroup", { label: group }, options) : options)));
  return { select, ways };
}

/** Return a step as the command line prints it. */
function stepText(take, index) {
  if (index === 0) return `0  ${take.start}`;
  const step = take.steps[index - 1];
  const rows = index < take.states.length ? changesOf(take, index) : [];
  return [`${index}  ${step.call} by ${step.actor}`, ...rows.map(([place, before, after]) => `     ${place}: ${before} → ${after}`)].join("\n");
}

/** Return a run as a saved trace, which `splitspec view` reads. */
function traceText(take) {
  const steps = take.steps.map((step) => ({ action: step.action, actor: step.actor,
    arguments: Object.fromEntries(step.names.map((name, number) => [name, step.values[number]])) }));
  return `${JSON.stringify({ schema: "splitspec-trace/1", model: take.model, given: take.given, variant: take.variant || null,
    scope: take.sizes, property: take.property, places: take.places, states: take.states, steps, explanation: null }, null, 2)}\n`;
}

/** Return what can be taken along: a key, a name, and the text. */
function copiesOf(page) {
  const { take, data } = page;
  return [
    { key: "y", name: "this step", text: () => stepText(take, page.index) },
    { key: "Y", name: "all as text", text: () => document.getElementById("text").textContent },
    take.banner || take.companion ? null : { key: "J", name: "the trace as JSON", text: () => traceText(take) },
    data.command ? { key: "c", name: "the command line", text: () => data.command } : null,
  ].filter(Boolean);
}

/** Put a text where other programs paste from, and say so. */
async function copyText(name, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "visually-hidden", "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const note = document.getElementById("copied");
  note.textContent = `copied: ${name}`;
  document.getElementById("live").textContent = `Copied ${name}`;
}

function copyMenu(page) {
  const copies = copiesOf(page);
  return h("details", { class: "menu", id: "copy" }, h("summary", { class: "tool" }, "copy"),
    h("div", { class: "choices" }, copies.map(({ key, name, text }) =>
      h("button", { onclick: () => copyText(name, text()) }, h("kbd", {}, key), ` ${name}`)), h("span", { id: "copied", class: "soft" })));
}
