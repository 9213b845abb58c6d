// What stands around the pictures: the claim and why it is false, this step, and time.

function valueSign(value) {
  if (value === "true") return h("span", { class: "sign true", title: "true" }, "✓");
  if (value === "false") return h("span", { class: "sign false", title: "false" }, "✕");
  return h("span", { class: "sign" }, "=");
}

function pairsAfter(list) {
  return list.length ? `: ${pairs(list)}` : "";
}

function pairs(list, joint = " = ") {
  return list.map(([name, value]) => `${name}${joint}${value}`).join(", ");
}

/** Return a part of the claim with all below it; pointing at it points at its cells. */
function truthNode(truth, take, point, select) {
  const places = placesBelow(truth, take);
  const line = h("div", {
    class: "node", tabindex: "0",
    onmouseenter: () => point(places), onmouseleave: () => point(new Set()),
    onfocus: () => point(places), onblur: () => point(new Set()),
  }, valueSign(truth.value));
  if (truth.label) line.append(h("b", {}, `${truth.label}:`));
  line.append(h("code", {}, truth.text));
  if (truth.names.length) line.append(h("span", { class: "with" }, `for ${pairs(truth.names)}`));
  if (truth.places.length) line.append(h("span", { class: "reads" }, pairs(truth.places)));
  if (truth.since !== null && !truth.parts.length) {
    line.append(h("button", { class: "since", onclick: () => select(truth.since) },
      truth.since > 0 ? `since step ${truth.since}` : take.banner ? "before it, too" : "from the start"));
  }
  if (truth.others) line.append(h("span", { class: "faint" }, `and ${plural(truth.others, "more binding")}`));
  const item = h("li", {}, line);
  if (truth.parts.length) item.append(h("ul", {}, truth.parts.map((part) => truthNode(part, take, point, select))));
  return item;
}

function placesBelow(truth, take) {
  const found = new Set();
  const walk = (node) => {
    for (const [place] of node.places) {
      const number = take.numbers.get(place.replace(/^next\((.*)\)$/, "$1"));
      if (number !== undefined) found.add(number);
    }
    node.parts.forEach(walk);
  };
  walk(truth);
  return found;
}

function explanationPanel(take, point, select) {
  const why = take.explanation;
  if (!why) return null;
  const panel = h("section", { class: "panel", "aria-label": "Why the claim is false" },
    h("h2", {}, "Why it is false", h("span", { class: "right faint" }, "point at a line to see its cells")));
  if (why.remark) panel.append(h("p", {}, why.remark));
  if (why.truth.length) {
    panel.append(h("ul", { class: "truth" }, why.truth.map((truth) => truthNode(truth, take, point, select))));
  } else if (why.line) {
    panel.append(h("p", {}, valueSign("false"), " ", h("code", {}, why.line)));
  }
  if (why.location) panel.append(h("p", { class: "faint mono" }, why.location));
  if (why.fairness) panel.append(fairnessTable(why.fairness, select));
  const causes = h("div", { class: "causes" });
  const jump = (number) => number > 0
    ? h("button", { class: "since", onclick: () => select(number) }, `step ${number}`) : null;
  if (why.causes.length) {
    causes.append(h("h3", {}, "What let it happen"), h("ul", {}, why.causes.slice(0, 6).map((cause) => h("li", {},
      h("code", {}, `${cause.name}${cause.text ? `: ${cause.text}` : ""}`),
      h("div", { class: "where" }, jump(cause.step), cause.step > 0 ? " · " : "", cause.reason, " · ", h("span", { class: "mono" }, cause.location))))));
  }
  if (why.strengthening) {
    const { action, guard, refused, instances } = why.strengthening;
    causes.append(h("h3", {}, "A guard that would have refused it"), h("p", {}, h("code", {}, guard), ` on ${action}`),
      h("p", { class: "where soft" }, instances ? `it refuses ${refused} of ${plural(instances, "other instance")} seen on the way that break nothing`
        : "no other instance of the action was possible on the way"));
  }
  if (why.neighbour) {
    causes.append(h("h3", {}, "Nearest step that breaks nothing"), h("p", {}, h("code", {}, why.neighbour.call), ` by ${why.neighbour.actor}`));
  }
  if (causes.children.length) panel.append(causes);
  return panel;
}

/** Return what a round owes to each fair action: where it is enabled, and which steps take it. */
function fairnessTable(rows, select) {
  const states = rows[0].states;
  const jump = (number, text) => h("button", { class: "since", onclick: () => select(number) }, text);
  const joined = (parts) => parts.flatMap((part, index) => index ? [", ", part] : [part]);
  const line = ({ action, names, strong, enabled, taken, instances }) => {
    const who = Object.entries(names);
    const lacking = states.find((number) => !enabled.includes(number));
    const why = taken.length ? ["✓ taken at step ", ...joined(taken.map((number) => jump(number, number)))]
      : lacking === undefined ? ["✕ never taken"]
      : ["✓ not enabled in ", jump(lacking, lacking ? `state ${lacking}` : "the first state")];
    return h("tr", {}, h("td", {}, h("code", {}, action.split(".").pop() + (who.length ? `(${pairs(who)})` : "")),
      instances > 1 ? h("span", { class: "faint" }, ` ${instances} instances`) : null),
    h("td", { class: "kind" }, strong ? "strongly fair" : "fair"),
    h("td", {}, `${enabled.length} of ${plural(states.length, "state")}`), h("td", {}, why));
  };
  return h("div", { class: "changes" }, h("h3", {}, states.length > 1 || rows.some((row) => row.taken.length) ? "Fairness in the round" : "Fairness in the state where it stays"),
    h("table", { class: "fairness" }, h("tr", {}, ["action", "", "enabled in", "why nothing more is owed"].map((head) => h("th", { class: "kind", scope: "col" }, head))),
      rows.map(line)));
}

/** Return the changes of a step by path, and the guards that let it happen. */
function stepPanel(take, index, mode) {
  const panel = h("div", { class: "changes" });
  if (index === 0) {
    panel.append(h("p", { class: "soft" }, "The state in which the run starts."));
  } else {
    const step = take.steps[index - 1];
    const stroke = take.strokes[index - 1];
    panel.append(h("p", {}, h("code", {}, step.call), h("span", { class: "soft" }, ` by ${step.actor} · `),
      h("span", { class: "mono faint" }, stroke.location)));
    if (stroke.text) panel.append(h("p", { class: "soft" }, stroke.text));
    if (index >= take.states.length) {
      panel.append(h("p", {}, "The step has no outcome: it breaks its obligation."));
    } else {
      panel.append(h("h3", {}, "Changes"));
      const rows = changesOf(take, index);
      panel.append(rows.length ? h("table", {}, rows.map(([place, before, after]) => h("tr", {},
        h("td", {}, place), h("td", { class: "before" }, before), h("td", {}, "→"), h("td", { class: "after" }, after))))
        : h("p", { class: "soft" }, "nothing"));
    }
    if (stroke.guards.length) {
      panel.append(h("h3", {}, "Guards, all true"), h("table", { class: "guards" }, stroke.guards.map(([name, text, kind]) => h("tr", {},
        h("td", {}, name), h("td", {}, text), h("td", { class: "kind" }, `@${kind}`)))));
    }
  }
  const shown = mode === "all" ? take.places.map((_, number) => number) : [];
  if (shown.length) panel.append(h("h3", {}, "Whole state"), wholeState(take, Math.min(index, take.states.length - 1)));
  return panel;
}

/** Return what the claim names and the picture does not draw, with its values. */
function undrawnPlaces(take, diagram, index) {
  const drawn = new Set([...diagram.inks, ...diagram.ledgers].flatMap((part) => part.places));
  const rest = [...take.evidence].filter((place) => !drawn.has(place));
  if (!rest.length) return [];
  const last = index === take.count - 1;
  return [h("span", { class: "soft" }, "The claim reads, too: "), ...rest.slice(0, 6).map((place) => h("code", { class: last ? "evidence" : "" },
    last ? "✕ " : "", `${take.places[place]} = ${take.states[index][place]}`))];
}

function changesOf(take, index) {
  const before = take.states[index - 1];
  const after = take.states[index];
  return take.places.flatMap((place, number) =>
    before[number] === after[number] ? [] : [[place, before[number], after[number]]]);
}

function wholeState(take, index) {
  const groups = new Map();
  take.places.forEach((place, number) => {
    const name = place.split("[")[0];
    if (!groups.has(name)) groups.set(name, []);
    const changed = index > 0 && take.states[index][number] !== take.states[index - 1][number];
    groups.get(name).push(h("div", { class: changed ? "changed" : "" }, `${place} = ${take.states[index][number]}`));
  });
  return h("div", { class: "all-state" }, [...groups.values()].map((rows) => h("div", { class: "group" }, rows)));
}

/** Return the table of what holds, and who has what, over all states. */
function timePanel(take, select) {
  const count = take.count;
  const cells = [];
  const row = (head, make, title) => {
    const line = h("tr", {}, h("th", { scope: "row", title }, head));
    for (let index = 0; index < count; index += 1) {
      const cell = make(index);
      cell.dataset.at = index;
      cells.push(cell);
      line.append(cell);
    }
    return line;
  };
  // Of a step from some state, nothing is a start.
  const names = take.banner ? ["before", "after"] : ["start"];
  const body = h("tbody", {}, row(take.banner ? "the step" : "after step", (index) => h("td", { class: "index" },
    h("button", { tabindex: "-1", "aria-label": `after step ${index}`, onclick: () => select(index) }, names[index] ?? index))));
  const falls = [...take.rows];
  falls.sort((one, other) => (other.path === take.property) - (one.path === take.property));
  for (const item of falls) {
    const name = item.path.split(".").pop();
    body.append(row(item.path === take.property ? h("b", {}, short(name, 44)) : short(name, 44), (index) => {
      const truth = item.truths[index];
      // That a witness is not reached yet is no fault.
      if (take.kind === "witness" && item.path === take.property) {
        return h("td", { class: truth ? "true" : "" }, truth ? "✓ reached" : "");
      }
      if (take.kind === "progress" && item.path === take.property) {
        return h("td", { class: truth ? "" : "false", title: truth ? "" : "the answer is due, and has not come" }, truth ? "" : "waits");
      }
      return h("td", { class: truth === undefined ? "" : truth ? "true" : "false", title: item.text },
        truth === undefined ? "" : truth ? "✓" : "✕");
    }, item.text || item.path));
  }
  for (const track of take.diagrams.flatMap((diagram) => diagram.tracks)) {
    for (const [name, values, owners] of track.rows) {
      body.append(row(`${track.label} ${name}`, (index) => {
        const principal = take.principals.indexOf(owners[index]);
        const cell = h("td", { title: values[index] || "none" }, short(values[index], 8));
        if (values[index]) {
          cell.style.background = tintOf(principal);
          cell.prepend(principal >= 0 ? swatchImage(principal) : "", " ");
        }
        return cell;
      }));
    }
  }
  if (take.round) {
    body.append(row("the round", (index) => {
      const inside = index >= take.round.start;
      return h("td", { class: inside ? "round" : "", title: inside ? "in the round" : "before it" }, index === take.round.start ? "↻" : inside ? "→" : "");
    }));
  }
  const whole = take.held;
  const slider = h("input", { type: "range", min: 0, max: count - 1, step: 1, value: 0, "aria-label": "Step", id: "scrub",
    oninput: (event) => select(Number(event.target.value)) });
  const panel = h("section", { class: "panel wide", "aria-label": "Over time" }, h("h2", {}, "Over time"),
    h("div", { class: "scrub" }, slider, h("span", { class: "soft", id: "where" })),
    h("div", { class: "scroll" }, h("table", { class: "time" }, body)),
    whole ? h("p", { class: "faint" }, `${whole} other ${whole === 1 ? "property of this run holds" : "properties of this run hold"} in every state shown`) : null);
  return { panel, cells, slider };
}

/** Return what the run beside shows in a state, and at the last step why the two part. */
function companionPanel(take, index) {
  const { companion } = take;
  const at = Math.min(index, companion.states.length - 1);
  const panel = h("div", { class: "changes" });
  const before = companion.states[Math.max(at - 1, 0)];
  const rows = companion.places.flatMap((place, number) =>
    before[number] === companion.states[at][number] ? [] : [[place, before[number], companion.states[at][number]]]);
  panel.append(h("h3", {}, "Changes"), rows.length ? h("table", {}, rows.map(([place, old, value]) => h("tr", {},
    h("td", {}, place), h("td", { class: "before" }, old), h("td", {}, "→"), h("td", { class: "after" }, value))))
    : h("p", { class: "soft" }, "nothing"));
  if (index >= companion.steps.length) panel.append(...partingRows(companion));
  return panel;
}

function partingRows({ refusals, differences, headings, remarks }) {
  const parts = [];
  if (refusals.length) {
    parts.push(h("h3", {}, "Guards that refuse the step"), h("table", { class: "refusals" }, refusals.map(([name, line, location]) =>
      h("tr", {}, h("td", {}, valueSign("false")), h("td", {}, name), h("td", {}, line), h("td", { class: "kind" }, location)))));
  }
  if (differences.length) {
    parts.push(h("h3", {}, "Where the two part"), h("table", { class: "differences" },
      h("tr", {}, h("td"), headings.map((heading) => h("th", { class: "kind", scope: "col" }, heading))),
      differences.map(([place, made, seen]) => h("tr", { class: "differs" },
        h("td", {}, place), h("td", {}, made), h("td", { class: "after" }, `✕ ${seen}`)))));
  }
  if (remarks.length) parts.push(h("h3", {}, "What was found"), remarks.map((remark) => h("p", { class: "mono" }, remark)));
  return parts.flat();
}

function partingSentences({ companion }) {
  const [refusal] = companion.refusals;
  const [difference] = companion.differences;
  const [ours, theirs] = companion.headings;
  const rest = companion.differences.length - 1;
  const second = refusal ? ["There, ", h("code", {}, refusal[1]), ` (${refusal[0]}) refuses it.`]
    : difference ? ["After it, ", h("code", {}, difference[0]), ` is ${difference[1]} `, h("i", {}, `(${ours})`), " and ", h("span", { class: "false" }, `✕ ${difference[2]}`), " ", h("i", {}, `(${theirs})`),
      rest > 0 ? `; ${plural(rest, "more place")} ${rest === 1 ? "differs" : "differ"}.` : "."]
      : companion.remarks.length ? [companion.remarks[0]] : null;
  return h("div", { class: "why" }, h("p", {}, h("span", { class: "false" }, "✕ "), companion.sentence),
    second ? h("p", { class: "soft" }, second) : null);
}

function waitingSentences(why, box) {
  box.append(h("p", {}, why.binding.length ? `For ${pairs(why.binding)}, ` : "", h("code", {}, why.line), " ", h("span", { class: "false" }, "✕ need never happen"), "."),
    h("p", { class: "soft" }, why.remark));
  return box;
}

/** Say in two sentences what happened. */
function whySentences(take) {
  if (take.companion) return partingSentences(take);
  const why = take.explanation;
  if (!why) {
    return h("div", { class: "why reached" }, h("p", {}, `The last state makes the witness true, after ${plural(take.steps.length, "step")}.`));
  }
  const box = h("div", { class: "why" });
  if (take.kind === "progress") return waitingSentences(why, box);
  const last = take.steps[take.steps.length - 1];
  const first = h("p", {});
  if (take.banner) first.append("From a state that satisfies everything known, ");
  if (last) first.append(take.banner ? "step " : `Step ${take.steps.length}, `, h("code", {}, last.call), ` by ${last.actor}, makes `);
  else first.append("The initial state makes ");
  if (why.line) first.append(h("code", {}, why.line), " ", h("span", { class: "false" }, "✕ false"));
  else first.append(why.remark || "the claim false");
  if (why.binding.length) first.append(` for ${pairs(why.binding)}`);
  first.append(".");
  box.append(first);
  const varied = why.causes.filter((item) => item.varied);
  const cause = varied.find((item) => item.step === take.steps.length) || varied.find((item) => item.step > 0) || why.causes[0];
  if (cause) {
    const what = h("code", {}, cause.text || cause.name);
    const name = cause.text ? ` (${cause.name})` : "";
    box.append(cause.varied
      ? h("p", { class: "soft" }, "The design has ", what, name, cause.step > 0 ? `, which the variant leaves out at step ${cause.step}` : "", pairsAfter(cause.places), ".")
      : h("p", { class: "soft" }, `Nothing but a promise stands against step ${cause.step}: `, what, name, "."));
  } else if (why.strengthening) {
    box.append(h("p", { class: "soft" }, "The guard ", h("code", {}, why.strengthening.guard), ` on ${why.strengthening.action} would have refused it.`));
  }
  return box;
}
