"""`splitspec diff` names what differs in meaning, and nothing else, and says what breaks by it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.gate.conftest import PROJECT, Splitspec

GUARD = "  when one:  no l: Key: holder[l] = p\n"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A second copy of the project, beside the first."""
    return shutil.copytree(PROJECT, tmp_path / "new")


def edit(path: Path, old: str, text: str) -> None:
    whole = path.read_text(encoding="utf-8")
    assert old in whole
    path.write_text(whole.replace(old, text), encoding="utf-8")


def without_variants(folder: Path) -> None:
    (folder / "variants" / "desk.split").unlink()
    manifest = folder / "models.toml"
    manifest.write_text(manifest.read_text().partition("\n[desk.variants")[0])


def compared(splitspec: Splitspec, *words: str) -> tuple[int, Any]:
    done = splitspec("diff", *words, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_a_comment_and_a_sentence_are_no_difference(new: Path, splitspec: Splitspec) -> None:
    edit(new / "desk.split", "# who has the key", "# who took it")
    edit(new / "desk.split", "Nobody holds two keys.", "A person has one key.")
    code, document = compared(splitspec, ".", "../new")
    assert (code, document["differences"], document["broken"]) == (0, [], [])


def test_a_lost_guard_is_named_with_what_it_breaks(new: Path, splitspec: Splitspec) -> None:
    edit(new / "desk.split", GUARD, "")
    without_variants(new)
    code, document = compared(splitspec, ".", "../new")
    assert code == 1
    assert [(d["word"], d["part"], d["path"]) for d in document["differences"]] == [
        ("removed", "guard", "desk.hand_out.one"),
        ("removed", "variant", "desk with two_each"),
        ("removed", "models.toml", "desk.variants.two_each"),
        ("removed", "models.toml", "desk.refinements.register"),
        ("removed", "models.toml", "desk.conformance counter_mapping:COUNTER"),
        ("removed", "models.toml", "desk.conformance counter_mapping:SOME_CALLS"),
    ]
    assert document["differences"][0]["before"] == "no l: Key: holder[l] = p"
    broken = {(b["run"], b["before"], b["after"]) for b in document["broken"]}
    assert broken == {
        ("explored desk", "holds", "violated"),
        ("proved desk", "holds", "unknown"),
    }
    (trace,) = [b["trace"] for b in document["broken"] if b["trace"] is not None]
    assert len(trace["steps"]) == 2


def test_the_other_way_round_nothing_is_broken(new: Path, splitspec: Splitspec) -> None:
    edit(new / "desk.split", GUARD, "")
    without_variants(new)
    code, document = compared(splitspec, "../new", ".")
    assert code == 0
    assert document["differences"][0]["word"] == "added"
    assert document["broken"] == []
    assert document["checked"] == ["desk"]


def test_what_was_broken_before_is_not_newly_broken(
    project: Path, new: Path, splitspec: Splitspec
) -> None:
    for folder in (project, new):
        edit(folder / "desk.split", GUARD, "")
        without_variants(folder)
    edit(new / "desk.split", "  holder[k] := none", "  give: holder[k] := none")
    code, document = compared(splitspec, ".", "../new")
    assert code == 0
    assert [(d["word"], d["part"]) for d in document["differences"]] == [
        ("removed", "update"),
        ("added", "update"),
    ]
    assert [b["new"] for b in document["broken"]] == [False, False]


def test_a_changed_claim_shows_both_texts(new: Path, splitspec: Splitspec) -> None:
    edit(new / "desk.split", "implies k = l", "implies k = l and l = k")
    done = splitspec("diff", ".", "../new", "--no-run")
    assert done.returncode == 0
    assert "changed  property  desk.one_key_each  in desk" in done.stdout
    assert "    - invariant: all k, l: Key, p: Person" in done.stdout
    assert "    + invariant: all k, l: Key, p: Person" in done.stdout
    assert "checked:" not in done.stdout
    # Nothing looked for what breaks.
    assert "1 difference, and nothing was run" in done.stdout


def rows(document: Any) -> list[tuple[str, str, str, str, str]]:
    keys = ("word", "part", "path", "before", "after")
    return [tuple(difference[key] for key in keys) for difference in document["differences"]]


def test_a_claim_says_what_the_definitions_say_that_it_calls(
    new: Path, splitspec: Splitspec
) -> None:
    """That any two keys are one is false where there are two, in the initial state."""
    claim = "all k, l: Key, p: Person: holder[k] = p and holder[l] = p implies k = l"
    old = Path(shutil.copytree(new, new.with_name("old")))
    for folder, body in ((old, "holder[k] = p and holder[l] = p implies k = l"), (new, "k = l")):
        edit(folder / "desk.split", claim, "all k, l: Key, p: Person: alike(k, l, p)")
        definition = f"def alike(k: Key, l: Key, p: Person) = {body}\n\n"
        edit(folder / "desk.split", "invariant one", f"{definition}invariant one")
    code, document = compared(splitspec, "../old", "../new")
    assert code == 1
    assert [(d["part"], d["path"]) for d in document["differences"]] == [
        ("property", "desk.one_key_each")
    ]


def test_what_is_refined_is_part_of_the_refinement(new: Path, splitspec: Splitspec) -> None:
    """The register is no model of its own, and once it lets nobody go, a key that is taken back is
    a step that it does not make."""
    edit(new / "register.split", "  served[p] := false\n", "  served[p] := true\n")
    code, document = compared(splitspec, ".", "../new", "--tier", "pr")
    assert code == 1
    assert [(d["part"], d["path"]) for d in document["differences"]] == [
        ("refinement", "desk.desk of register")
    ]
    assert {item["run"] for item in document["broken"]} >= {"refined desk of register"}


def test_a_variant_made_harmless_is_named_and_no_longer_fails(
    new: Path, splitspec: Splitspec
) -> None:
    edit(new / "variants" / "desk.split", "drop hand_out.one", "drop take_back.held")
    code, document = compared(splitspec, ".", "../new", "--tier", "pr")
    end = "; expect violated desk.one_key_each within 2 steps"
    assert rows(document) == [
        (
            "changed",
            "variant",
            "desk with two_each",
            f"drop desk.hand_out.one{end}",
            f"drop desk.take_back.held{end}",
        )
    ]
    (broken,) = document["broken"]
    assert (broken["run"], broken["before"]) == ("variant desk with two_each", "violated")
    assert code == 4


@pytest.mark.parametrize(
    ("old", "text", "path"),
    [
        ("scope = { Person = 2, Key = 2 }", "scope = { Person = 1, Key = 2 }", "desk.scope.Person"),
        ("depth = 2\n\n[desk.v", "depth = 3\n\n[desk.v", "desk.runs nobody honest"),
        ("steps = 2", "steps = 3", "desk.variants.two_each"),
        (
            'mapping = "counter_mapping:COUNTER"',
            'tier = "commit"\nmapping = "counter_mapping:COUNTER"',
            "desk.conformance counter_mapping:COUNTER",
        ),
        ('module = "desk"', 'module = "desk"\ntier = "pr"', "desk.tier"),
        ('module = "desk"', 'module = "desk"\nunproved = "later"', "desk.unproved"),
        ("seed = 1", "seed = 2", "desk.conformance counter_mapping:SOME_CALLS"),
    ],
)
def test_what_models_toml_says_otherwise_is_a_difference(
    old: str, text: str, path: str, new: Path, splitspec: Splitspec
) -> None:
    edit(new / "models.toml", old, text)
    _, document = compared(splitspec, ".", "../new", "--no-run")
    assert [(part, where) for _, part, where, _, _ in rows(document)] == [("models.toml", path)]


def test_a_scope_that_reaches_less_breaks_what_it_no_longer_reaches(
    new: Path, splitspec: Splitspec
) -> None:
    """One key is out or in: nobody is there for the second, which the witness asks for."""
    witness = "\nwitness all_out\n  all k: Key: some p: Person: holder[k] = p\n"
    for folder in (Path(), new):
        text = folder / "desk.split"
        text.write_text(text.read_text() + witness)
    edit(new / "models.toml", "scope = { Person = 2, Key = 2 }", "scope = { Person = 1, Key = 2 }")
    code, document = compared(splitspec, ".", "../new")
    broken = {(b["claim"], b["before"], b["after"]) for b in document["broken"]}
    assert ("desk.all_out", "reached", "unreached") in broken
    assert code == 1


@pytest.mark.parametrize(
    ("old", "text", "found"),
    [
        ("sort Key\n", "sort Key\nsort Locker\n", [("added", "declaration", "desk.Locker")]),
        (
            "invariant one",
            "init\n  holder[k] := none for k: Key\n\ninvariant one",
            [("added", "init", "desk.holder")],
        ),
    ],
)
def test_what_a_design_begins_with_is_part_of_it(
    old: str, text: str, found: list[tuple[str, str, str]], new: Path, splitspec: Splitspec
) -> None:
    edit(new / "desk.split", old, text)
    done = splitspec("diff", ".", "../new", "--no-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [row[:3] for row in rows(json.loads(done.stdout))] == found


def test_a_comment_for_reviewers_has_what_breaks_first(new: Path, splitspec: Splitspec) -> None:
    edit(new / "desk.split", GUARD, "")
    without_variants(new)
    text = splitspec("diff", ".", "../new", "--format", "markdown").stdout
    assert text.startswith("### splitspec: . → ../new\n")
    row = "| desk.one_key_each | explored desk | holds | violated |"
    assert text.index(row) < text.index("| removed | guard desk.hand_out.one |")
    assert "<details><summary>desk.one_key_each</summary>" in text


def test_a_revision_of_git_is_a_specification(project: Path, splitspec: Splitspec) -> None:
    identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    for words in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-qm", "A desk")):
        subprocess.run(("git", *words), cwd=project, check=True, capture_output=True)
    edit(project / "desk.split", "held: holder[k] = p", "held: holder[k] = p and k = k")
    code, document = compared(splitspec, "HEAD", "--no-run")
    assert code == 0
    (difference,) = document["differences"]
    assert (difference["path"], difference["before"]) == ("desk.take_back.held", "holder[k] = p")


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("nowhere", "is neither a folder nor a revision"), ("..", "has no models.toml")],
)
def test_what_is_no_specification_is_refused(
    word: str, sentence: str, splitspec: Splitspec
) -> None:
    done = splitspec("diff", word)
    assert done.returncode == 2
    assert sentence in done.stderr
