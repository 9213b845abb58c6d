"""A translated function does what Python does; what has no translation is refused at its line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checker.native import constructs
from tests.checker.native.execution import (
    BUFFERS,
    HEADER,
    INTEGERS,
    POINTERS,
    call_machine,
    compiled,
    define,
    outcome,
    types_of,
)
from tests.checker.native.programs import programs

from splitspec.checker.explicit.native.machine_code import Runtime
from splitspec.checker.explicit.native.translation import translate as translate_runtime
from splitspec.checker.explicit.native.translator.kinds import TranslationError
from splitspec.checker.explicit.native.translator.modules import translate
from splitspec.checker.explicit.native.translator.subset import Function

# A truth value is no part of the interface of an entry; such functions are called by others.
CONSTRUCTS: dict[str, Function] = {
    name: function
    for name, function in vars(constructs).items()
    if isinstance(function, FunctionType)
    and function.__module__ == constructs.__name__
    and "bool" not in types_of(function).values()
}


@cache
def compiled_constructs() -> Runtime:
    return compiled(CONSTRUCTS)


@pytest.mark.parametrize("name", CONSTRUCTS)
@given(data=st.data())
def test_a_translated_construct_does_what_python_does(name: str, data: st.DataObject) -> None:
    function = CONSTRUCTS[name]
    inputs = {
        parameter: data.draw(BUFFERS if kind in POINTERS else INTEGERS, label=parameter)
        for parameter, kind in types_of(function).items()
        if parameter != "return"
    }
    expected = outcome(function, inputs, None)
    assert outcome(function, inputs, compiled_constructs()) == expected


@given(text=programs(), a=INTEGERS, b=INTEGERS, p=BUFFERS)
def test_a_translated_program_does_what_python_does(
    tmp_path_factory: pytest.TempPathFactory, text: str, a: int, b: int, p: list[int]
) -> None:
    f = define(tmp_path_factory.mktemp("drawn") / "drawn.py", text)["f"]
    inputs = {"a": a, "b": b, "p": p}
    assert outcome(f, inputs, compiled({"f": f})) == outcome(f, inputs, None)


# Integers -------------------------------------------------------------------------------


@pytest.fixture
def functions(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Return what gives the names that a text defines, as a module of its own."""
    return lambda text: define(tmp_path / "written.py", text)


HEADER_LINES = HEADER.count("\n")
Define = Callable[[str], dict[str, Any]]


@pytest.mark.parametrize(
    ("expression", "a", "b", "value"),
    [
        ("a + b", (1 << 63) - 1, 1, -1 << 63),
        ("a - b", -1 << 63, 1, (1 << 63) - 1),
        ("a * b", 1 << 62, 2, -1 << 63),
        ("-a", -1 << 63, 0, -1 << 63),
        ("a << b", 3, 63, -1 << 63),
        ("a << b", 3, 64, 3),
        ("a << b", 3, -1, -1 << 63),
        ("a >> b", -8, 1, -4),
        ("a >> b", -8, 65, -4),
        # What LLVM would simplify if it were told that nothing overflows:
        ("1 if a + b > a else 0", (1 << 63) - 1, 1, 0),
        ("1 if a - b < a else 0", -1 << 63, 1, 0),
        ("a * 4 >> 2", 1 << 62, 0, 0),
        ("a << 2 >> 2", 1 << 62, 0, 0),
        ("1 if -a > 0 else 0", -1 << 63, 0, 0),
    ],
)
def test_what_leaves_the_word_wraps_around(
    functions: Define, expression: str, a: int, b: int, value: int
) -> None:
    names = functions(f"@native\ndef f(a: int, b: int) -> int:\n    return {expression}\n")
    assert call_machine(compiled({"f": names["f"]}), "f", "int", [a, b]) == value


# Refusals -------------------------------------------------------------------------------

REFUSED = [
    # (the body of a function of `a: int`, `p: Words`, `q: Links`; the line; a part of the message)
    ("return a / 2", 1, "operator"),
    ("return a // 2", 1, "operator"),
    ("return a % 2", 1, "operator"),
    ("return a ** 2", 1, "operator"),
    ("return a << 64", 1, "shifted by 64"),
    ("return a >> -1", 1, "shifted by -1"),
    ("return 1 << 1 + 9223372036854775808", 1, "does not fit"),
    ("return 1.5", 1, "not a value"),
    ("return a and 1", 1, "not bool"),
    ("return not a", 1, "not bool"),
    ("return a if a else 0", 1, "not bool"),
    ("while a:\n  a -= 1\nreturn a", 1, "not bool"),
    ("return a == 0", 1, "not int"),
    ("return (a == 0) + 1", 1, "not int"),
    ("return 1 if (a == 0) == (a == 1) else 0", 1, "not int"),
    ("return 1 if 0 < a < 9 else 0", 1, "not in the subset"),
    ("return 1 if a is a else 0", 1, "relation"),
    ("return 1 if a in p else 0", 1, "relation"),
    ("return 1 if a > 0 else a > 1", 1, "not int"),
    ("return +a", 1, "not in the subset"),
    ("return p", 1, "not int"),
    ("return a[0]", 1, "not a pointer"),
    ("return p[a == 0]", 1, "not int"),
    ("return p[0:1]", 1, "not in the subset"),
    ("p[0] = a == 0\nreturn a", 1, "not int"),
    ("return (lambda: a)()", 1, "not in the subset"),
    ("return len([a])", 1, "not in the subset"),
    ("return abs(a)", 1, "cannot be called"),
    ("return a(1)", 1, "is a variable"),
    ("return p.address", 1, "not in the subset"),
    ("return range(a)", 1, "cannot be called"),
    ("return min(a, 1, 2)", 1, "not of two integers"),
    ("return max(a, p)", 1, "not of two integers"),
    ("return min(a, a=1)", 1, "not in the subset"),
    ("q = ahead(a, 1)\nreturn a", 1, "not of a pointer"),
    ("return unknown", 1, "not defined"),
    ("return unknown(a)", 1, "not defined"),
    ("return other(q)", 1, "not Words"),
    ("return other(p, p)", 1, "has not 1 arguments"),
    ("return unmarked(a)", None, "not marked"),
    ("return recursive(a)", None, "calls itself"),
    ("return f(a, p, q)", 1, "calls itself"),
    ("return a\nreturn a", 2, "nothing leads here"),
    ("while True:\n  break\n  a = 1\nreturn a", 3, "nothing leads here"),
    ("while True:\n  a = 1\nreturn a", 3, "nothing leads here"),
    ("if a > 0:\n  b = 1\nreturn b", 3, "no value on some path"),
    ("for i in range(a):\n  b = i\nreturn b", 3, "no value on some path"),
    ("for i in range(a):\n  pass\nreturn i", 2, "not in the subset"),
    ("for i in range(a):\n  a = i\nreturn i", 3, "no value on some path"),
    ("while a > 0:\n  if a > 1:\n    break\n  b = a\n  a = b - 1\nreturn b", 6, "some path"),
    ("b += 1\nreturn b", 1, "no value on some path"),
    ("b = 1\nb = a == 1\nreturn 1", 2, "b is int elsewhere, bool here"),
    ("p = q\nreturn 1", 1, "p is Words elsewhere, Links here"),
    ("if a > 0:\n  return 1", -1, "path without a result"),
    ("return", 1, "the result is int"),
    ("b, c = a\nreturn b", 1, "nothing can be assigned"),
    ("b, c = a, a, a\nreturn b", 1, "there are 3 values"),
    ("b = c, d = a, a\nreturn c", 1, "there are 2 values"),
    ("b = nothing(p)\nreturn a", 1, "no value for b"),
    ("return nothing(p) if a > 0 else nothing(p)", 1, "between values"),
    ("b: int = 1\nreturn b", 1, "not in the subset"),
    ("a\nreturn a", 1, "not in the subset"),
    ("global b\nreturn a", 1, "not in the subset"),
    ("del a\nreturn 1", 1, "not in the subset"),
    ("assert a > 0\nreturn a", 1, "not in the subset"),
    ("for i in p:\n  a = 1\nreturn a", 1, "not a range"),
    ("for i in range(0, a, 2):\n  a = 1\nreturn a", 1, "not a range"),
    ("for i in range(a):\n  a = i\nelse:\n  a = 1\nreturn a", 1, "not in the subset"),
    ("for p[0] in range(p):\n  a = 1\nreturn a", 1, "not int"),
    ("while a > 0:\n  a = 0\nelse:\n  a = 1\nreturn a", 1, "not in the subset"),
    ("try:\n  a = 1\nfinally:\n  a = 2\nreturn a", 1, "not in the subset"),
    ("with p:\n  a = 1\nreturn a", 1, "not in the subset"),
    ("def g():\n  return 1\nreturn a", 1, "not in the subset"),
    ("import sys\nreturn a", 1, "not in the subset"),
    ("raise ValueError\nreturn a", 1, "not in the subset"),
    ("yield a", 1, "not in the subset"),
]
OTHERS = """
@native
def other(p: Words) -> int:
    return p[0]
@native
def nothing(p: Words) -> None:
    p[0] = 1
def unmarked(a: int) -> int:
    return a
@native
def recursive(a: int) -> int:
    return between(a)
@native
def between(a: int) -> int:
    return recursive(a)
@native
def f(a: int, p: Words, q: Links) -> int:
"""


@pytest.mark.parametrize(("body", "line", "part"), REFUSED)
def test_what_is_not_in_the_subset_is_refused_at_its_line(
    functions: Define, tmp_path: Path, body: str, line: int | None, part: str
) -> None:
    text = OTHERS + "\n".join(f"    {each}" for each in body.splitlines()) + "\n"
    names = functions(text)
    with pytest.raises(TranslationError) as error:
        translate({"f": names["f"]})
    place, _, problem = str(error.value).partition(": ")
    assert part in problem
    if line is not None:
        head = HEADER_LINES + OTHERS.count("\n")
        # A function that ends without its result is refused where it begins.
        assert place == f"{tmp_path / 'written.py'}:{head + max(line, 0)}"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("@native\ndef f(a) -> int:\n    return 1\n", "a has no type"),
        ("@native\ndef f(a: int):\n    return 1\n", "no type of its result"),
        ("@native\ndef f(a: float) -> int:\n    return 1\n", "float is not a type"),
        ("@native\ndef f(a: list[int]) -> int:\n    return 1\n", "not a type"),
        ("@native\ndef f(a: None) -> int:\n    return 1\n", "a parameter is a value"),
        ("@native\ndef f(a: int = 1) -> int:\n    return 1\n", "by position"),
        ("@native\ndef f(*a: int) -> int:\n    return 1\n", "by position"),
        ("@native\ndef f(*, a: int) -> int:\n    return 1\n", "by position"),
        ("@native\ndef f(a: bool) -> int:\n    return 1\n", "truth value"),
        ("@native\ndef f(a: int) -> bool:\n    return True\n", "truth value"),
        ("def f(a: int) -> int:\n    return 1\n", "not marked"),
        ("@native\n@native\ndef f(a: int) -> int:\n    return 1\n", "not marked"),
        ("if True:\n    @native\n    def f(a: int) -> int:\n        return 1\n", "at the top"),
    ],
)
def test_a_function_that_is_not_declared_for_it_is_refused(
    functions: Define, text: str, part: str
) -> None:
    names = functions(text)
    with pytest.raises(TranslationError, match=part):
        translate({"f": names["f"]})


# Texts ----------------------------------------------------------------------------------


def test_equal_sources_give_equal_texts_in_any_process() -> None:
    program = (
        "from splitspec.checker.explicit.native.translation import translate; print(translate())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {translate_runtime() + "\n"}


def test_only_entries_can_be_seen_from_outside() -> None:
    text = translate({"swap": constructs.swap, "call_others": constructs.call_others})
    heads = [line for line in text.splitlines() if line.startswith("define ")]
    visible = [head for head in heads if not head.startswith("define internal ")]
    assert [head.partition("(")[0] for head in visible] == [
        "define i64 @swap",
        "define i64 @call_others",
    ]
    assert len(heads) > len(visible)
