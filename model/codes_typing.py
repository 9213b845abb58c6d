"""The codes of names and types: rows of the list in `splitspec.model.codes`."""

from __future__ import annotations

from splitspec.model.code import Code

NAMES = (
    Code(
        "SS201",
        "unknown name",
        "Nothing that the module sees has this name.",
        "invariant a\n  all c: Container: phase[c] = abset",
        "Mend the spelling, declare the name, or import the module that declares it.",
    ),
    Code(
        "SS202",
        "declared twice",
        "A module declares a name twice, or a model has two variants of one name.",
        "sort Page\nvar Page: bool",
        "Rename one of the two.",
    ),
    Code(
        "SS203",
        "ambiguous name",
        "Several imported modules declare the name, and the own module does not.",
        "import sev\nimport tdx\ninvariant a\n  all f: Frame: live[f]",
        "Write the name with its module, `sev.live`.",
    ),
    Code(
        "SS204",
        "name of something else",
        "The name is declared, as something that cannot stand here.",
        "sort Page\naction f(g: Page) by host\n  Page[g] := none",
        "Write the name of what the message expects.",
    ),
    Code(
        "SS205",
        "no such module",
        "The file of a module is missing or cannot be read.",
        "import lifecycel",
        "Mend the name, or put the file beside that of the model.",
    ),
    Code(
        "SS206",
        "import cycle",
        "A module imports itself, perhaps through others.",
        "module fork\nimport fork",
        "Move what both need into a module that both import.",
    ),
    Code(
        "SS207",
        "module and file differ in name",
        "A module has the name of its file, because imports are found by it.",
        "module frames                # in the file pages.split",
        "Rename the module or the file.",
    ),
    Code(
        "SS208",
        "bound twice",
        "A parameter or bound variable has the name of another one in sight.",
        "invariant a\n  all c: Container: some c: Container: phase[c] = live",
        "Choose another name: nothing hides a bound name.",
    ),
    Code(
        "SS209",
        "module not imported",
        "A name is written with a module that is not in the import closure.",
        "invariant a\n  tables.full",
        "Import the module.",
    ),
    Code(
        "SS210",
        "ambiguous member",
        "Several enums, or an enum and a variable, have the name, and nothing beside it says which "
        "is meant.",
        "enum A = on | off\nenum B = on | off\ninvariant a\n  on = on",
        "Compare it with a variable or parameter of the enum; give a variable a name "
        "that is no member of its type.",
    ),
    Code(
        "SS211",
        "member listed twice",
        "An enum has each member once.",
        "enum Phase = live | dead | live",
        "Leave one of them out.",
    ),
    Code(
        "SS212",
        "state of a replaced module",
        "A variable is read of a module in whose place the model puts another one, which has "
        "other variables.",
        'import platform              # with = { platform = "sev" }\ninvariant a\n'
        "  all g: Page: backing[g] = none",
        "Call a definition that both modules have.",
    ),
    Code(
        "SS213",
        "unfit replacement",
        "A model replaces a module that nothing imports, or puts one in its place that does not "
        "refine it with the same calls.",
        '[sev]\nmodule = "pages"\nwith = { platform = "lifecycle" }',
        "Write the refinement, or take the entry out of `with`.",
    ),
)

TYPES = (
    Code(
        "SS301",
        "wrong type",
        "A value of one type stands where one of another type is expected.",
        "sort Page\nvar owner[Page]: bool\naction f(g: Page) by host\n  owner[g] := g",
        "Write a value of the type that the message expects.",
    ),
    Code(
        "SS302",
        "two options are compared",
        "Whether `none = none` should count is what such a line leaves unsaid.",
        "invariant a\n  all g, h: Page: npt[g] = npt[h] implies g = h",
        "Name the value: `some f: Frame: npt[g] = f and npt[h] = f`. In a guard, make it a "
        "parameter.",
    ),
    Code(
        "SS303",
        "never none",
        "Only a value of an optional type, `T?`, is compared with `none`.",
        "invariant a\n  all c: Container: phase[c] != none",
        "Leave the comparison out, or make the type optional.",
    ),
    Code(
        "SS304",
        "order or arithmetic on other things than integers",
        "Sorts and enums are compared for equality only; that is what makes sorts symmetric.",
        "invariant a\n  all c, d: Container: c < d",
        "Use `=` and `!=`, or keep a number beside.",
    ),
    Code(
        "SS305",
        "number outside the range",
        "A number is compared with or put into a place of a range that does not have it.",
        "var level: 0..3\ninvariant a\n  level = 4",
        "Widen the range or write a smaller number.",
    ),
    Code(
        "SS306",
        "no option and no nat here",
        "An index, argument or bound variable always has a value of a finite type; an option may "
        "be `none`, a `nat` has no end, and there is no optional `nat`. Neither is a range of "
        "more than a million values one that a run could try.",
        "invariant a\n  all g: Page: validated[npt[g]]",
        "Name the value: `all g: Page, f: Frame: npt[g] = f implies validated[f]`.",
    ),
    Code(
        "SS307",
        "wrong number",
        "A variable has fewer or more indices, a definition or part fewer or more arguments.",
        "invariant a\n  all c: Container: phase = live",
        "Write what the message shows.",
    ),
    Code(
        "SS308",
        "none of no type",
        "Nothing says of which type a `none` is.",
        "def nothing = none",
        "Write `none` beside the option that it is compared with or assigned to.",
    ),
    Code(
        "SS309",
        "bad range",
        "A range goes from 0 to a number or to a constant of type `nat`.",
        "var level: 1..3",
        "Write `0..3`, or `0..K` with `const K: nat`.",
    ),
    Code(
        "SS310",
        "may lie outside the range",
        "An index or argument of a range must certainly be in it: nothing is partial.",
        "var slot[0..3]: bool\nvar n: 0..7\ninvariant a\n  slot[n]",
        "Name the value: `all i: 0..3: i = n implies slot[i]`.",
    ),
    Code(
        "SS311",
        "`+=` on something else than an integer",
        "`+=` and `-=` are for counters and integers.",
        "var open: bool\naction f() by host\n  open += 1",
        "Write `:=`.",
    ),
    Code(
        "SS312",
        "actor is no value",
        "The word `actor` is only compared with a kind of actor.",
        "step a\n  actor implies true",
        "Write `actor = host`.",
    ),
    Code(
        "SS313",
        "too many indices",
        "A variable has at most four indices.",
        "var x[A, A, A, A, A]: bool",
        "Split the variable, or name a combination by a sort of its own.",
    ),
)
