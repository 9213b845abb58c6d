"""Say tokens in the words of a reader: what stands here, and what may stand here."""

from __future__ import annotations

from difflib import get_close_matches

from splitspec.model.scanner import KEYWORDS, OPERATORS, Token

KEYWORD_TYPES = frozenset(KEYWORDS.values())

DECLARING = frozenset(
    "MODULE IMPORT SORT ENUM CONST VAR GHOST COUNTER DEF INIT ASSUME FINAL PART ACTION EXTEND "
    "INVARIANT LEMMA STEP WITNESS RECOVERABLE PROGRESS REFINEMENT VARIANT VIEW".split()
)
RESERVED = frozenset("OBSERVER SEES RELEASE EMITS".split())
# What begins a line of a block, and the declarations in whose blocks it may stand.
ITEMS = {
    "WHEN": "an action, a part or an extension",
    "DO": "an action, a part or an extension",
    "ASKED": "a property",
    "LET": "a refinement",
    "DROP": "a variant",
    "CHANGE": "a variant",
    "SET": "a variant",
    "EXPECT": "a variant",
    "CITES": "a variant",
}
COMPARATORS = frozenset("EQUAL UNEQUAL LESS AT_MOST GREATER AT_LEAST".split())
ASSIGNING = frozenset("ASSIGN INCREASE DECREASE".split())
# Words that stand between two things, so that one of them alone is no attempt at a name.
JOINING = frozenset(
    "AND OR IMPLIES THEN ELSE WHERE FOR BY TO IS OF WITH WITHIN STEPS GIVEN LEADS COUNTS".split()
)

# What stands at the lowest level of an expression.
LOW = frozenset("ALL SOME NO COUNT IF".split())

# Groups of tokens that a reader thinks of as one thing.
_OPERAND = frozenset("NAME PATH NUMBER TRUE FALSE NONE LPAR NEXT UNCHANGED ACTOR".split())
_CONNECTIVES = COMPARATORS | frozenset("AND OR IMPLIES PLUS MINUS".split())
_TYPE = frozenset("NAME PATH BOOL NAT NUMBER".split())
_WORDS = {
    "NAME": "a name",
    "PATH": "a name",
    "NUMBER": "a number",
    "STRING": 'a string in `"`',
    "TEXT": 'a text in `"""`',
    "_NEWLINE": "the end of the line",
    "_INDENT": "an indented block",
    "_DEDENT": "the end of the block",
    "$END": "the end of the declaration",
}
_LISTED_MAX = 6


def shown(token: Token) -> str:
    """Name a token as it stands in the text."""
    match token.type:
        case "_NEWLINE" | "$END":
            return "the end of the line"
        case "_DEDENT":
            return "the end of the block"
        case "_INDENT":
            return "a deeper line"
        case "TEXT":
            return "a text"
        case _:
            return f"`{token.text[:40]}`"


def kind_word(kind: str) -> str:
    """Name a type of token as a reader would write or call it."""
    if kind in _WORDS:
        return _WORDS[kind]
    for text, operator in OPERATORS.items():
        if operator == kind:
            return f"`{text}`"
    return f"`{kind.lower()}`"


def listed(kinds: frozenset[str]) -> str:
    """Say what may stand here: "`,`, `]` or an operator"."""
    words: list[str] = []
    rest = set(kinds)
    if rest >= _OPERAND:
        words.append("an expression")
        rest -= _OPERAND | LOW | {"NOT"}
    elif rest >= {"AND", "OR"}:
        # After a name, a bracket could still follow; who errs here rarely wants one.
        words.append("an operator")
        rest -= _CONNECTIVES | {"LPAR", "LSQB"}
    for group, word in ((_TYPE, "a type"), (ASSIGNING, "`:=`")):
        if rest >= group:
            words.append(word)
            rest -= group
    if rest >= DECLARING:
        words.append("a declaration")
        rest -= DECLARING
    words += sorted({kind_word(kind) for kind in rest}, key=_signs_first)
    if len(words) > _LISTED_MAX:
        words = [*words[: _LISTED_MAX - 1], "something else of the kind"]
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " or " + words[-1]


def _signs_first(word: str) -> tuple[bool, str]:
    return (not word.startswith("`") or word[1].isalpha(), word)


def keywords_like(text: str, kinds: frozenset[str], likeness: float) -> list[str]:
    """Return the keywords among `kinds` that `text` may be a misspelling of, best first."""
    words = sorted(kind.lower() for kind in kinds & KEYWORD_TYPES)
    meant = SYNONYMS.get(text.lower())
    if meant in words:
        return [meant]
    return get_close_matches(text.lower(), words, n=2, cutoff=likeness)


# Words of other notations within an expression: what is written here, and why.
_QUANTIFIERS = "quantifiers are `all x: S: p`, `some x: S: p` and `no x: S: p`"
_BINDING = "a bound variable has a type after a colon: `all x: S: p`"
FOREIGN_WORDS = {
    "forall": ("all", _QUANTIFIERS),
    "foreach": ("all", _QUANTIFIERS),
    "every": ("all", _QUANTIFIERS),
    "exists": ("some", _QUANTIFIERS),
    "exist": ("some", _QUANTIFIERS),
    "any": ("some", _QUANTIFIERS),
    "in": (":", _BINDING),
    "iff": ("=", "two truths are compared with `=`"),
    "xor": ("!=", "two truths are compared with `!=`"),
    "elif": ("else if", "`if p then a else if q then b else c`"),
}

# The form of each construct, by the word that its line begins with.
_PROPERTY = "NAME given honest host`, its lines below"
FORMS = {
    "MODULE": "`module NAME`",
    "IMPORT": "`import NAME`",
    "SORT": "`sort NAME`",
    "ENUM": "`enum NAME = a | b`",
    "CONST": "`const NAME[S]: T`",
    "VAR": "`var NAME[S]: T`",
    "GHOST": "`ghost var NAME[S]: T`",
    "COUNTER": "`counter NAME[c: S] counts f: T where p`",
    "DEF": "`def NAME(c: S) = e`",
    "ASSUME": "`assume NAME`, its lines below",
    "PART": "`part NAME(c: S)`, its lines below",
    "ACTION": "`action NAME(c: S) by kernel for c`, its lines below",
    "EXTEND": "`extend MODULE.ACTION(c) with g: S`, its lines below",
    "INVARIANT": f"`invariant {_PROPERTY}",
    "LEMMA": f"`lemma {_PROPERTY}",
    "STEP": f"`step {_PROPERTY}",
    "WITNESS": f"`witness {_PROPERTY}",
    "RECOVERABLE": f"`recoverable {_PROPERTY}",
    "PROGRESS": "`progress NAME(c: S)`, and below `p leads to q`",
    "REFINEMENT": "`refinement NAME of MODULE`, its lines below",
    "VARIANT": "`variant NAME of MODEL`, its lines below",
    "VIEW": "`view NAME`, its lines below",
    "WHEN": "`when label: p @kind`",
    "DO": "`do PART(c)`",
    "ASKED": '`asked by "source"`',
    "LET": "`let NAME[c] = e`",
    "DROP": "`drop ACTION.LABEL`",
    "CHANGE": "`change ACTION(c)`, its lines below",
    "SET": "`set NAME = e`",
    "EXPECT": "`expect violated PROPERTY within 5 steps` or `expect redundant`",
    "CITES": '`cites "source"`',
    "ALL": "`all x: S: p`",
    "SOME": "`some x: S: p`",
    "NO": "`no x: S: p`",
}

# What other languages call a construct of this one.
SYNONYMS = {
    "rule": "action", "event": "action", "transition": "action", "operation": "action",
    "function": "def", "fun": "def", "define": "def", "pred": "def", "predicate": "def",
    "variable": "var", "state": "var", "constant": "const", "param": "const",
    "parameter": "const", "type": "sort", "set": "sort", "use": "import", "include": "import",
    "open": "import", "extends": "import", "property": "invariant", "assert": "invariant",
    "safety": "invariant", "always": "invariant", "theorem": "lemma", "axiom": "assume",
    "assumption": "assume", "reachable": "witness", "cover": "witness", "liveness": "progress",
    "mutant": "variant", "attack": "variant", "require": "when", "requires": "when",
    "guard": "when", "pre": "when", "call": "do", "remove": "drop",
    "macro": "part", "expects": "expect", "cite": "cites", "source": "cites",
}  # fmt: skip
