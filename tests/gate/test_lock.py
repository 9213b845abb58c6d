"""A lock is accepted in sight: what changes is shown, losses need a word, the text is stable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate.conftest import Splitspec

from splitspec.checker.gate.comparison import (
    COST,
    TOLERANCE,
    WORTH_NAMING,
    compare,
    strength,
    with_settled_cost,
)
from splitspec.checker.gate.lock import Activity, Block, Claim, Key, Lock
from splitspec.checker.gate.lock_text import FIGURES, DamagedLockError, read, written
from splitspec.model.tier import Tier

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
LISTS = st.lists(WORDS, max_size=3).map(tuple)
RESULTS = st.sampled_from(
    [
        ("holds", "proved"),
        ("holds", "proved-finite"),
        ("holds", "exhaustive"),
        ("holds", "bounded(12 steps)"),
        ("holds", "sampled(10,000 calls, seed 0)"),
        ("reached", ""),
        ("unreached", "exhaustive"),
        ("violated", ""),
    ]
)
CLAIMS = st.builds(
    lambda text, result, killers: Claim(text, result[0], result[1], killers),
    st.just("") | WORDS,
    RESULTS,
    LISTS,
)
BLOCKS = st.builds(
    Block,
    st.sampled_from(Tier),
    WORDS,
    st.dictionaries(WORDS, WORDS | st.integers(0, 9), max_size=3),
    st.dictionaries(st.sampled_from(FIGURES), st.integers(0, 10**9), max_size=4),
    LISTS,
    LISTS,
    st.integers(0, 9),
    st.just("") | WORDS,
    LISTS,
    LISTS,
    LISTS,
    LISTS,
    st.dictionaries(WORDS, CLAIMS, max_size=3),
)
KEYS = st.builds(Key, st.sampled_from([a.value for a in Activity]), WORDS)
LOCKS = st.builds(Lock, st.dictionaries(KEYS, BLOCKS, max_size=4))


@given(LOCKS)
def test_a_lock_is_read_as_it_was_written(lock: Lock) -> None:
    assert read(written(lock)) == lock
    assert written(read(written(lock))) == written(lock)


@given(LOCKS, st.data())
def test_a_lock_that_was_cut_anywhere_is_damaged(lock: Lock, data: st.DataObject) -> None:
    text = written(lock).rstrip("\n")
    length = data.draw(st.integers(0, len(text) - 1))
    # The digits of the last number are its end: a shorter number is another number of blocks.
    cut = text[:length]
    with pytest.raises(DamagedLockError):
        read(cut)


@given(LOCKS)
def test_nothing_differs_from_itself(lock: Lock) -> None:
    assert compare(lock, lock.blocks, lock.blocks) == ()


@given(LOCKS, LOCKS)
def test_no_two_locks_with_other_claims_are_taken_for_equal(one: Lock, other: Lock) -> None:
    """Only costs, seeds and notes may differ without failing."""
    found = compare(one, other.blocks, other.blocks)
    if not any(not finding.kind.is_note for finding in found):
        assert one.blocks.keys() == other.blocks.keys()
        for key, block in one.blocks.items():
            assert block.claims.keys() == other.blocks[key].claims.keys()
            assert block.system == other.blocks[key].system


@pytest.mark.parametrize(
    ("outcome", "assurance", "words"),
    [
        ("holds", "magic", "the assurance `magic` of `a` of `explored m` is none"),
        ("holds", "sampled", "the assurance `sampled` of `a` of `explored m` is none"),
        ("holds", "", "`a` of `explored m` holds, and has no assurance"),
        ("held", "proved", "the outcome `held` of `a` of `explored m` is none"),
    ],
)
def test_a_claim_in_words_that_nothing_writes_is_damaged(
    outcome: str, assurance: str, words: str
) -> None:
    """It would be weaker than whatever is found, and so pass."""
    claim = Claim("", outcome, assurance)
    lock = Lock({Key("explored", "m"): Block(Tier.COMMIT, "", claims={"a": claim})})
    with pytest.raises(DamagedLockError, match=re.escape(words)):
        read(written(lock))


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("exhaustive", "proved-finite"),
        ("proved-finite", "proved"),
        ("bounded(12 steps)", "exhaustive"),
        ("bounded(9 steps)", "bounded(12 steps)"),
        ("sampled(9 runs)", "sampled(10,000 runs)"),
        ("sampled(10000 runs)", "bounded(1 steps)"),
        ("", "sampled(1 runs)"),
    ],
)
def test_assurances_are_ordered(weaker: str, stronger: str) -> None:
    assert strength(weaker) < strength(stronger)


def test_a_comment_and_a_sentence_make_no_lock_stale(project: Path, splitspec: Splitspec) -> None:
    """Also the comment behind a variable, which says what it is."""
    text = project / "desk.split"
    was = text.read_text()
    said = was.replace("# who has the key", "# who took it").replace("Nobody holds two", "No two")
    assert said.count("No two") == said.count("# who took it") == 1
    text.write_text(said)
    lock = (project / "splitspec.lock").read_text()
    done = splitspec("lock", "--check", "--tier", "pr")
    assert done.returncode == 0, done.stdout
    assert (project / "splitspec.lock").read_text() == lock


def test_a_gain_is_accepted_and_shown(project: Path, splitspec: Splitspec) -> None:
    text = project / "desk.split"
    witness = "\nwitness all_out\n  all k: Key: some p: Person: holder[k] = p\n"
    text.write_text(text.read_text() + witness)
    before = (project / "splitspec.lock").read_text()
    done = splitspec("lock", "--tier", "pr")
    assert done.returncode == 0
    assert "new         explored desk · desk.all_out: it is not in the lock" in done.stdout
    after = (project / "splitspec.lock").read_text()
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert [line.partition(" ")[0] for line in added] == ['"desk.all_out"']
    assert splitspec("gate", "--tier", "pr").returncode == 0
    again = splitspec("lock", "--tier", "pr")
    assert (again.returncode, "says it already" in again.stdout) == (0, True)


def test_a_loss_is_accepted_with_a_word_only(project: Path, splitspec: Splitspec) -> None:
    text = project / "desk.split"
    witness = re.compile(r"\nwitness .*\n.*\n")
    text.write_text(witness.sub("", text.read_text()))
    lock = project / "splitspec.lock"
    before = lock.read_text()
    refused = splitspec("lock", "--tier", "pr")
    assert refused.returncode == 4
    assert "nothing was accepted: 1 loss is, with --weaker only" in refused.stdout
    assert lock.read_text() == before
    assert splitspec("lock", "--tier", "pr", "--weaker").returncode == 0
    assert "somebody_holds_a_key" not in lock.read_text()
    assert splitspec("gate", "--tier", "pr").returncode == 0


def test_what_fails_cannot_be_accepted(project: Path, splitspec: Splitspec) -> None:
    text = project / "desk.split"
    text.write_text(text.read_text().replace("  when one:  no l: Key: holder[l] = p\n", ""))
    lock = project / "splitspec.lock"
    before = lock.read_text()
    manifest = project / "models.toml"
    manifest.write_text(manifest.read_text().partition("\n[desk.variants")[0])
    (project / "variants" / "desk.split").unlink()
    done = splitspec("lock", "--weaker")
    assert done.returncode == 1
    assert "nothing was accepted: only what is as expected can be" in done.stdout
    assert lock.read_text() == before


def test_a_mapping_that_observes_nothing_is_never_accepted(
    project: Path, splitspec: Splitspec
) -> None:
    mapping = project / "counter_mapping.py"
    mapping.write_text(mapping.read_text().replace('{"holder": counter.given}', "{}"))
    (project / "splitspec.lock").unlink()
    done = splitspec("lock", "--tier", "pr")
    assert done.returncode == 5
    name = "conformed desk by counter_mapping:COUNTER"
    assert f"empty       {name}: the mapping observes nothing" in done.stdout
    assert not (project / "splitspec.lock").exists()


def test_a_tier_leaves_the_blocks_of_later_ones(project: Path, splitspec: Splitspec) -> None:
    lock = project / "splitspec.lock"
    whole = lock.read_text()
    lock.write_text(
        re.sub(r"states = 7(?=\ntransitions = 16\ndepth)", "states = 8", whole, count=1)
    )
    assert splitspec("lock").returncode == 0
    assert lock.read_text() == whole


def test_a_lock_is_made_anew_of_all_models(project: Path, splitspec: Splitspec) -> None:
    """Of one, it would lose what was accepted of the others."""
    lock = project / "splitspec.lock"
    before = lock.read_text()
    done = splitspec("lock", "desk", "--anew", "--weaker")
    assert done.returncode == 2
    assert "error: --anew begins with an empty lock, so that it is of all models" in done.stderr
    assert lock.read_text() == before


def test_anew_needs_no_lock_that_can_be_read(project: Path, splitspec: Splitspec) -> None:
    lock = project / "splitspec.lock"
    whole = lock.read_text()
    lock.write_text("<<<<<<< ours\n" + whole)
    assert splitspec("lock", "--tier", "pr").returncode == 2
    assert splitspec("lock", "--tier", "pr", "--anew").returncode == 0
    # A proof that the cache keeps from another text brings the steps of that text.
    cost = re.compile(r"dearest = \d+")
    assert cost.sub("", lock.read_text()) == cost.sub("", whole)


def test_a_cost_that_differs_little_is_no_change(project: Path, splitspec: Splitspec) -> None:
    """Two caches may keep one proof from two texts, in which it took other steps."""
    lock = project / "splitspec.lock"
    whole = lock.read_text()
    other = re.sub(r"dearest = (\d+)", lambda found: f"dearest = {int(found[1]) + 90}", whole)
    assert other != whole
    lock.write_text(other)
    done = splitspec("lock", "--check", "--tier", "pr")
    assert (done.returncode, "says it already" in done.stdout) == (0, True)
    lock.write_text(re.sub(r"dearest = \d+", "dearest = 9_999_999", whole))
    assert splitspec("lock", "--tier", "pr").returncode == 0
    assert "9_999_999" not in lock.read_text()
    assert "9999999" not in lock.read_text()


@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_a_cost_that_grows_slowly_is_named_in_the_end(first: int, later: list[int]) -> None:
    """However many locks are accepted on the way, what is locked is near what was found last."""
    key = Key("proved", "m")
    block = Block(Tier.COMMIT, "", figures={COST: first})
    for cost in later:
        found = Block(Tier.COMMIT, "", figures={COST: cost})
        named = compare(Lock({key: block}), {key: found}, [key])
        block = with_settled_cost(block, found)
        assert not named or block == found
        assert block.figures[COST] <= max(WORTH_NAMING, TOLERANCE * cost)
        assert cost <= max(WORTH_NAMING, TOLERANCE * block.figures[COST])


@pytest.mark.parametrize(
    "value", ["9" * 5000, "0x" + "f" * 5000, "[" * 3000 + "]" * 3000], ids=["9", "f", "nested"]
)
def test_a_lock_with_a_value_that_no_program_can_hold_is_damaged(value: str) -> None:
    with pytest.raises(DamagedLockError, match=r"not TOML: .* \((line 2|`version`)\)"):
        read(f"\nversion = {value}\n\n[end]\nblocks = 0\n")
