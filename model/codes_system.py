"""The codes of the system as a whole: rows of the list in `splitspec.model.codes`."""

from __future__ import annotations

from splitspec.model.code import Code

SYSTEM = (
    Code(
        "SS401",
        "two states outside a step property",
        "`next`, `unchanged` and `actor` speak of a step; other places see one state.",
        "invariant a\n  next(full)",
        "Write a `step` property.",
    ),
    Code(
        "SS402",
        "nested next",
        "A step has two states, not three.",
        "step a\n  next(next(full))",
        "Leave out the inner one.",
    ),
    Code(
        "SS403",
        "count outside a property",
        "A number of bindings is read by properties only; what actions read is maintained.",
        "action f() by host\n  when few: (count g: Page where used[g]) < 3\n  full := true",
        "Declare a counter, and read it.",
    ),
    Code(
        "SS404",
        "ghost state is read",
        "Ghost state is for properties: no guard, argument, counter or update of other state "
        "reads it.",
        "ghost var secret: bool\naction f() by host\n  when known: secret\n  full := true",
        "Leave out `ghost` if the system itself depends on it.",
    ),
    Code(
        "SS405",
        "constant is written",
        "A constant never changes.",
        "const limit: nat\naction f() by host\n  limit := 3",
        "Declare it as `var`; or narrow its values by `assume`.",
    ),
    Code(
        "SS406",
        "counter is given a value",
        "A counter changes by `+=` and `-=`, and begins with the number that it counts.",
        "action f() by host\n  usage := 0",
        "Write how much it changes; leave it out of `init`.",
    ),
    Code(
        "SS407",
        "counter changes by something else than a number",
        "A proof of the counter needs to see by how much each step changes it.",
        "action f() by host\n  usage += size",
        "Write `+= 1`, with `for` over indices of the counter at most. Where many elements begin "
        "or cease to count at one index, take one in each step.",
    ),
    Code(
        "SS408",
        "counter over counters",
        "The condition of a counter reads variables and constants only.",
        "counter rich counts c: Container where usage[c] > 3",
        "Say by variables what is to be counted.",
    ),
    Code(
        "SS409",
        "not rigid",
        "`init` and assumptions read constants only: there is no state yet.",
        "assume a\n  phase[zygote] = sealed",
        "Read a constant, or claim an invariant.",
    ),
    Code(
        "SS410",
        "no first value",
        "A sort has no first element, so `init` gives its variables a value at every place.",
        "sort Page\nvar root: Page",
        "Write `init` with an unconditional update, or make the type optional.",
    ),
    Code(
        "SS411",
        "bound names are not the indices",
        "What an update binds by `for` are the free indices of its left side, each once, by "
        "itself.",
        "action f(g: Page) by host\n  used[g] := true for h: Page",
        "Bind the indices that vary; all else is a parameter or stands in the condition.",
    ),
    Code(
        "SS412",
        "label twice",
        "A label names one line of a flattened action, or of a block.",
        "action f() by host\n  when full: a\n  when full: b\n  a := false",
        "Choose another label.",
    ),
    Code(
        "SS413",
        "recursion",
        "A definition calls itself, or a part does itself.",
        "def full = not full",
        "Keep what is needed in a variable; say `for` for all of something.",
    ),
    Code(
        "SS414",
        "extension of an own action",
        "`extend` is for actions of imported modules.",
        "action f() by host\n  full := true\nextend f()\n  when ready: a",
        "Write the lines in the action.",
    ),
    Code(
        "SS415",
        "unknown actor",
        "Actors are host, container, kernel, hardware and verifier.",
        "action f() by hypervisor\n  full := true",
        "Name one of them.",
    ),
    Code(
        "SS416",
        "not a parameter",
        "`by` and `fair for` name parameters of the action.",
        "action f() by kernel for c\n  full := true",
        "Add the parameter or name another.",
    ),
    Code(
        "SS417",
        "given someone who is honest always",
        "Only the host and the container can be dishonest.",
        "invariant a given honest kernel\n  full",
        "Write `given honest host` or `given honest container`, or nothing.",
    ),
    Code(
        "SS418",
        "hostile action of a trusted actor",
        "A hostile action exists where its actor is not honest; this actor is honest always.",
        "action f() by kernel hostile\n  full := true",
        "Leave out `hostile`, or name another actor.",
    ),
    Code(
        "SS419",
        "guard asks for a witness",
        "A guard is a condition on its parameters, or an `all`. A `some` hides a choice that the "
        "step makes, which engines and readers should see.",
        "action f(c: Container) by host\n  when backed: some g: Page: pool[g] = c\n  full := true",
        "Make the witness a parameter of the action, or keep the answer in a variable.",
    ),
    Code(
        "SS420",
        "some under all",
        "An invariant is the hypothesis of its own proof, and an assumption of every proof. With "
        "a witness for every value, no engine can promise an answer.",
        "invariant a\n  all c: Container: some g: Page: pool[g] = c",
        "Hold the witness in a (ghost) variable, or count witnesses by a counter.",
    ),
    Code(
        "SS421",
        "unknown kind of guard",
        "A guard's kind is an actor or `assumption`.",
        "action f() by host\n  when ready: a                @firmware\n  full := true",
        "Write one of host, container, kernel, hardware, verifier, assumption.",
    ),
    Code(
        "SS422",
        "`+=` in init",
        "There is no value before the first one.",
        "init\n  level += 1",
        "Write `:=`.",
    ),
    Code(
        "SS423",
        "which one acts?",
        "There are many containers and one of each other actor.",
        "action f(c: Container) by container for c\n  full := true",
        "Write `by container[c]`, and `by kernel for c` for the others.",
    ),
    Code(
        "SS424",
        "no such label",
        "A variant drops what the action or part does not have.",
        "variant v of memory\n  drop accept_page.onec\n  expect redundant",
        "Write the label of a guard or update.",
    ),
    Code(
        "SS425",
        "cannot be set",
        "A variant sets constants without indices, to values that can be written.",
        "variant v of memory\n  set zygote = c1\n  expect redundant",
        "Write a number, truth value, member or `none`; pin elements of sorts in models.toml.",
    ),
    Code(
        "SS426",
        "nothing to be violated",
        "A variant names a property that the model does not have, or that no run can violate.",
        "variant v of memory\n  drop accept_page.once\n  expect violated uniqe within 5 steps",
        "Name an invariant, step property, recoverable one or obligation.",
    ),
    Code(
        "SS427",
        "variant without expectation",
        "What a variant shows must be said.",
        "variant v of memory\n  drop accept_page.once",
        "Write `expect violated … within … steps`, or `expect redundant`.",
    ),
    Code(
        "SS428",
        "difference of another size",
        "A variant differs in one guard or one labelled update, unless it cites why it is more.",
        "variant v of memory\n  drop accept_page.once\n  drop accept_page.assigned\n"
        "  expect redundant",
        "Drop one label, or write `cites`.",
    ),
    Code(
        "SS429",
        "refinement in another module",
        "A refinement stands in the concrete module and has its name.",
        "module sev\nrefinement tdx of platform\n  let live[f] = validated[f]",
        "Move or rename it.",
    ),
    Code(
        "SS430",
        "abstract variable without definition",
        "A refinement defines each variable of the abstract module, once.",
        "refinement sev of platform\n  offer(g, f) is offer(g, f)",
        "Write one `let` for each.",
    ),
    Code(
        "SS431",
        "action that realises nothing, or two things",
        "A refinement says of each action, once, what it is in the abstract module; an action of "
        "the same name is meant unless it says so.",
        "action pvalidate(g: Page, f: Frame) by kernel\n  validated[f] := true",
        "Write `pvalidate(g, f) is stutter`, or which action or part it realises.",
    ),
    Code(
        "SS432",
        "variant of no model",
        "Nobody would ever check the variant.",
        "variant v of memroy\n  drop accept_page.once\n  expect redundant",
        "Write the name of a model of models.toml; without that file, the name of a module.",
    ),
    Code(
        "SS433",
        "no line of a view",
        "A line of a view begins with a word that says what is drawn, and has that word's form.",
        "view memory\n  arrow nested g: Page, f: Frame where npt[g] = f",
        "Write `lane`, `message`, `column`, `owner`, `claim`, `link`, `mark`, `ledger` or `track`.",
    ),
    Code(
        "SS434",
        "no such lane",
        "A message goes from a lane to a lane; each is declared before it, with the same indices.",
        "view time\n  lane vcpu[v: Vcpu] by hardware\n"
        "  message enter(c, v, t): shadow[c] to vcpu[v]",
        "Declare the lane above, or index it by parameters of the action.",
    ),
)
