"""The codes of `models.toml`: rows of the list in `splitspec.model.codes`."""

from __future__ import annotations

from splitspec.model.code import Code

MODELS = (
    Code(
        "SS501",
        "cannot be read as TOML",
        "The file is missing, is not UTF-8, or breaks the grammar of TOML.",
        "[memory]\nmodule = memory",
        "Put strings in quotes and tables in brackets, and write each key once.",
    ),
    Code(
        "SS502",
        "unknown key",
        "A table has a key that means nothing there.",
        '[memory]\nmodule = "memory"\nsizes = { Page = 2 }',
        "Write one of the keys that the message lists.",
    ),
    Code(
        "SS503",
        "wrong kind of value",
        "A key has a value of another kind than it needs.",
        '[memory]\nmodule = "memory"\nscope = { Page = "two" }',
        "Write a number from 0 for sizes, bounds and counts; a string for names and reasons.",
    ),
    Code(
        "SS504",
        "model without module",
        "A model does not say which module it is.",
        "[memory]\nscope = { Page = 2 }",
        "Add `module`, the name of a .split file beside `models.toml`.",
    ),
    Code(
        "SS505",
        "unknown sort",
        "A scope gives a size to a sort that the model does not have.",
        '[memory]\nmodule = "memory"\nscope = { Pages = 2 }',
        "Name a sort of the module or of what it imports.",
    ),
    Code(
        "SS506",
        "sort without size",
        "A sort of the model has no size, so that there is nothing to explore.",
        '[memory]\nmodule = "memory"',
        "Add the sort to `scope`, or give its size with `--scope`.",
    ),
    Code(
        "SS507",
        "size out of bounds",
        "A sort has at least one element, and no variable more than a million places.",
        '[memory]\nmodule = "memory"\nscope = { Page = 0 }',
        "Give a size from 1 on, and small: scopes are explored exhaustively.",
    ),
    Code(
        "SS508",
        "variable without bound",
        "A run needs a bound for every `nat` that is no counter, and nothing else has one.",
        '[memory]\nmodule = "memory"\nbounds = { phase = 3 }',
        "Add the variable to `bounds`, or take out the name that is no `nat`.",
    ),
    Code(
        "SS509",
        "bad pin",
        "A pin names no constant of the model, or gives it a value that it cannot have; or the "
        "constant that ends a range has no pin.",
        '[memory]\nmodule = "memory"\npins = { zygote = "p1" }',
        "Write the value as traces do: `c1`, a member, `true`, a number.",
    ),
    Code(
        "SS510",
        "unknown adversary",
        "A run names an actor that is trusted anyway, or a set of honest actors of which the "
        "model claims nothing.",
        '[memory]\nmodule = "memory"\n[[memory.runs]]\ngiven = ["kernel"]',
        "Write a list of `host` and `container` that some property has as its `given`.",
    ),
    Code(
        "SS511",
        "unknown name",
        "An entry speaks of a variant, an action or a property that the model does not have.",
        '[memory]\nmodule = "memory"\nidle = { "memory.swap" = "never backed" }',
        "Write the path of an action or property, or the name of a variant of this model.",
    ),
    Code(
        "SS512",
        "ambiguous name",
        "Several modules of the model declare the name.",
        '[cofunc]\nmodule = "cofunc"\nscope = { Page = 2 }',
        "Write the name with its module, in quotes.",
    ),
    Code(
        "SS513",
        "no one first value",
        "At these sizes and pins, `init` gives a place two values, or one that it cannot have.",
        '[memory]\nmodule = "memory"\npins = { start = 7 }',
        "Narrow the constants by `assume`, or write one line of `init` for each place.",
    ),
    Code(
        "SS514",
        "model of a module that is not there",
        "There is no file of that name beside `models.toml` or in a folder below it, or the name "
        "is written as a path.",
        '[memory]\nmodule = "../memory.split"',
        "Write the module's name, with the folders below that of `models.toml`: `attacks/epochs`.",
    ),
    Code(
        "SS515",
        "unknown tier",
        "The tier of a model says how often its runs are made, and is one of three.",
        '[memory]\nmodule = "memory"\ntier = "weekly"',
        "Write `commit`, `pr` or `nightly`; without a tier, the runs are made every time.",
    ),
    Code(
        "SS516",
        "walks that are not said whole",
        "A model that is walked at random needs the number of walks and their length, and is not "
        "explored besides.",
        '[memory]\nmodule = "memory"\nsimulated = { runs = 1000 }',
        "Write `simulated = { runs = 10000, steps = 100 }`, and no `bounded`.",
    ),
    Code(
        "SS517",
        "cannot be forgotten",
        "A run can do without the values of a variable that is no constant and no counter, counts "
        "for none, and has a value to rest at; and the definition that says where must have the "
        "variable's indices as parameters, and read nothing that is forgotten. A run of a "
        "refinement forgets nothing.",
        '[memory]\nmodule = "memory"\n[[memory.runs]]\nforgets = ["granting.usage"]',
        "Write `module.variable`, or `module.variable where module.definition`.",
    ),
    Code(
        "SS518",
        "implementation without a mapping",
        "A conformance names no mapping, or one that another names already.",
        '[memory]\nmodule = "memory"\n[[memory.conformance]]\ntier = "pr"',
        'Write `mapping = "module:NAME"`, or the name of a shipped mapping, once.',
    ),
    Code(
        "SS519",
        "two runs under one adversary",
        "What is recorded of a run is found by who is honest in it, so that the second of two is "
        "held to nothing.",
        '[memory]\nmodule = "memory"\n[[memory.runs]]\nstates = 9\n[[memory.runs]]\nstates = 8',
        "Take out one of the two, or name the honest actors of each: `given = ['host']`.",
    ),
    Code(
        "SS521",
        "nothing is left unrefined",
        "`unrefined` says why a model is not held to what its module refines. Beside a table of "
        "`refinements` that table would be passed over, and of a module that refines nothing it "
        "says nothing.",
        '[memory]\nmodule = "memory"\nunrefined = "held as machine"',
        "Take out `unrefined`, or the refinements that it passes over.",
    ),
)

PLACES = (
    Code(
        "SS520",
        "no specification here",
        "`gate`, `lock` and `lint` hold the specification of the nearest `models.toml`, and an "
        "implementation or a log is held to its models. The specification that comes with the "
        "program is never taken in its place.",
        "cd /tmp && splitspec gate",
        "Go to the folder of the specification, or name it: `--folder design`. For the shipped "
        "one, be in its checkout, or name its model in a mapping or log as `splitspec:granting`.",
    ),
)
