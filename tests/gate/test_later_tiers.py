"""What a tier does not run is held to the lock all the same, as far as the texts say it; and what
no tier decides is said."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.gate.conftest import Splitspec

WITNESS = "\nwitness all_out\n  all k: Key: some p: Person: holder[k] = p\n"
ENDS = '''
progress it_comes_back(k: Key)
  """A key that is out comes back."""
  holder[k] != none leads to holder[k] = none
'''


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def bounded(project: Path) -> None:
    """Explore the desk to a depth at which not all keys are out, and hold it to nothing else."""
    manifest = (project / "models.toml").read_text().partition("\n[[desk.runs]]")[0]
    reason = "it is a test"
    more = f'bounded = 1\nunproved = "{reason}"\nunrefined = "{reason}"\n'
    (project / "models.toml").write_text(manifest.replace("scope", f"{more}scope", 1))
    (project / "variants" / "desk.split").unlink()
    (project / "splitspec.lock").unlink()
    edit(project / "desk.split", "\nrefinement", f"{WITNESS}\nrefinement")


@pytest.fixture
def by_night(project: Path, splitspec: Splitspec) -> Path:
    """The project, all of which is accepted for the night only."""
    edit(project / "models.toml", 'module = "desk"', 'module = "desk"\ntier = "nightly"')
    done = splitspec("lock", "--weaker", "--tier", "nightly")
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_a_claim_of_a_later_tier_that_is_gone_is_missing_at_once(
    by_night: Path, splitspec: Splitspec
) -> None:
    text = by_night / "desk.split"
    text.write_text(re.sub(r"\nwitness .*\n.*\n", "", text.read_text()))
    done = splitspec("gate", "--tier", "pr")
    assert done.returncode == 4, done.stdout
    place = "explored desk · desk.somebody_holds_a_key"
    assert f"missing     {place}: it is in the lock, and the run has it not" in done.stdout


def test_a_killer_of_a_later_tier_that_is_gone_is_missed_at_once(
    by_night: Path, splitspec: Splitspec
) -> None:
    (by_night / "variants" / "desk.split").unlink()
    manifest = by_night / "models.toml"
    manifest.write_text(re.sub(r"\n\[desk\.variants\.[^\[]*", "\n", manifest.read_text()))
    done = splitspec("gate", "--tier", "pr")
    assert done.returncode == 4, done.stdout
    assert "missing     variant desk with two_each" in done.stdout
    assert "explored desk · desk.one_key_each: no longer broken by two_each" in done.stdout


def test_another_tier_is_accepted_without_the_runs(project: Path, splitspec: Splitspec) -> None:
    """When something is due is no result; that it is later is a loss."""
    edit(project / "models.toml", 'module = "desk"', 'module = "desk"\ntier = "nightly"')
    lock = project / "splitspec.lock"
    before = lock.read_text()
    assert splitspec("lock", "--tier", "pr").returncode == 4
    assert lock.read_text() == before
    assert splitspec("lock", "--tier", "pr", "--weaker").returncode == 0
    assert lock.read_text() == re.sub(
        r'(?<=\ntier = ")(commit|pr)(?="\nsystem = "\w+"\nscope)', "nightly", before
    )
    assert splitspec("gate", "--tier", "pr").returncode == 0


def test_what_will_be_proved_once_is_no_longer_stable(project: Path, splitspec: Splitspec) -> None:
    assert splitspec("lock", "--tier", "nightly").returncode == 0
    edit(project / "models.toml", '"desk"\n', '"desk"\nproved_once = "it is dear"\n')
    done = splitspec("gate")
    assert done.returncode == 4
    text = "proved desk: accepted as the same under 3 seeds, no tier takes more than 1"
    assert f"weaker      {text}" in done.stdout
    assert splitspec("lock").returncode == 4
    # Of what is proved at a later tier too, without a run.
    assert splitspec("lock", "--weaker").returncode == 0
    assert "seeds = 3" not in (project / "splitspec.lock").read_text()
    assert splitspec("gate").returncode == 0


def test_a_witness_that_no_run_comes_to_is_undecided(project: Path, splitspec: Splitspec) -> None:
    bounded(project)
    done = splitspec("lock")
    assert done.returncode == 3, done.stdout
    assert "undecided   explored desk · desk.all_out: no run decides it" in done.stdout
    done = splitspec("gate")
    assert "undecided   explored desk · desk.all_out: no run decides it" in done.stdout
    manifest = project / "models.toml"
    manifest.write_text(
        manifest.read_text() + '\n[desk.undecided]\n"desk.all_out" = "two steps away"\n'
    )
    assert splitspec("lock").returncode == 0
    done = splitspec("gate")
    assert done.returncode == 0
    assert "decided by no run, as models.toml says (two steps away): desk.all_out" in done.stdout


def test_a_claim_that_no_run_decides_is_not_excused_by_being_called_idle(
    project: Path, splitspec: Splitspec
) -> None:
    """Whether the witness of a bounded run is idle nobody knows."""
    bounded(project)
    idle = 'scope = { Person = 2, Key = 2 }\nidle = { "desk.all_out" = "it is a test" }\n'
    edit(project / "models.toml", "scope = { Person = 2, Key = 2 }\n", idle)
    done = splitspec("lock")
    assert done.returncode == 3, done.stdout
    assert "undecided   explored desk · desk.all_out: no run decides it" in done.stdout


def test_a_witness_that_another_model_comes_to_is_decided(
    project: Path, splitspec: Splitspec
) -> None:
    bounded(project)
    manifest = project / "models.toml"
    whole = '\n[small]\nmodule = "desk"\nunproved = "x"\nunrefined = "x"\n'
    sizes = "scope = { Person = 2, Key = 1 }\n"
    manifest.write_text(manifest.read_text() + whole + sizes)
    assert splitspec("lock").returncode == 0
    assert splitspec("gate").returncode == 0
    assert splitspec("gate", "desk").returncode == 0


def test_a_module_of_the_same_name_decides_nothing_of_another(
    project: Path, splitspec: Splitspec
) -> None:
    """At the depth of the second desk not all keys are out; its witness is none of the first's."""
    text = (project / "desk.split").read_text().partition("\nrefinement")[0] + WITNESS
    for folder in ("a", "b"):
        (project / folder).mkdir()
        (project / folder / "desk.split").write_text(text)
        shutil.copy(project / "people.split", project / folder)
    reason = 'unproved = "it is a test"'
    (project / "models.toml").write_text(
        f'[one]\nmodule = "a/desk"\nscope = {{ Person = 2, Key = 1 }}\n{reason}\n\n'
        f'[two]\nmodule = "b/desk"\nscope = {{ Person = 2, Key = 2 }}\nbounded = 1\n{reason}\n'
    )
    texts = ("desk.split", "variants/desk.split", "register.split", "people.split")
    for each in (*texts, "splitspec.lock"):
        (project / each).unlink()
    words = "undecided   explored two · desk.all_out: no run decides it"
    done = splitspec("gate")
    assert words in done.stdout, done.stdout + done.stderr
    assert "explored one · desk.all_out" not in done.stdout
    assert splitspec("lock").returncode == 3
    # Also by what is locked of the other one, and whatever models.toml says of that.
    assert splitspec("lock", "one").returncode == 0
    assert words in splitspec("gate", "two").stdout
    manifest = project / "models.toml"
    manifest.write_text(
        manifest.read_text().replace("\n[two]", '[one.undecided]\n"desk.all_out" = "no"\n\n[two]')
    )
    done = splitspec("gate")
    assert words in done.stdout
    assert "unmet       explored one · desk.all_out" in done.stdout


def test_progress_that_nobody_proves_is_undecided(project: Path, splitspec: Splitspec) -> None:
    text = project / "desk.split"
    text.write_text(text.read_text().replace("\nrefinement", f"{ENDS}\nrefinement"))
    edit(project / "models.toml", '"desk"\n', '"desk"\nunproved = "it is a test"\n')
    done = splitspec("gate")
    assert "undecided   explored desk · desk.it_comes_back: no run decides it" in done.stdout


def test_what_is_called_undecided_and_is_decided_is_unmet(
    project: Path, splitspec: Splitspec
) -> None:
    manifest = project / "models.toml"
    reason = '\n[desk.undecided]\n"desk.one_key_each" = "nobody knows"\n'
    manifest.write_text(manifest.read_text() + reason)
    done = splitspec("gate")
    assert done.returncode == 4
    text = "it is undecided in models.toml, and decided: proved desk"
    assert f"unmet       explored desk · desk.one_key_each: {text}" in done.stdout
    edit(manifest, "desk.one_key_each", "desk.one_key")
    done = splitspec("gate")
    assert done.returncode == 2
    assert "error[SS511]: `desk.one_key` is no property of `desk`" in done.stderr


def test_a_lock_that_is_made_anew_shows_what_it_loses(project: Path, splitspec: Splitspec) -> None:
    lock = project / "splitspec.lock"
    before = lock.read_text()
    done = splitspec("lock", "--anew")
    assert done.returncode == 4
    assert "missing     variant desk with two_each" in done.stdout
    assert "nothing was accepted: 5 losses are, with --weaker only" in done.stdout
    assert lock.read_text() == before
    assert splitspec("lock", "--anew", "--weaker").returncode == 0
    assert lock.read_text().count("[explored.") == 2
    assert "[variant." not in lock.read_text()


def test_a_module_that_no_model_has_is_named(project: Path, splitspec: Splitspec) -> None:
    """Whoever wrote it may think that it is held; a refined module, and one imported, is."""
    claim = "\n\nvar x: bool                                  # it\n\ninvariant never\n  x\n"
    (project / "more").mkdir()
    for name in ("orphan", "more/stray"):
        module = name.rpartition("/")[2]
        (project / f"{name}.split").write_text(f'module {module}\n  """Of nobody."""{claim}')
    done = splitspec("gate", "--tier", "pr")
    assert done.returncode == 0
    assert "held by no model of models.toml: more/stray.split, orphan.split\n" in done.stdout
    (project / "more" / "models.toml").write_text('[stray]\nmodule = "stray"\n')
    done = splitspec("gate", "--tier", "pr")
    assert "left      held by no model of models.toml: orphan.split\n" in done.stdout


def test_a_quiet_lock_shows_losses_only(project: Path, splitspec: Splitspec) -> None:
    text = project / "desk.split"
    text.write_text(text.read_text().replace("\nrefinement", f"{WITNESS}\nrefinement"))
    done = splitspec("lock", "-q")
    assert done.returncode == 0
    said = "7 blocks with 23 claims, due 2 at commit and 5 at pr"
    assert done.stdout == f"{project / 'splitspec.lock'} was written: {said}\n"
    text.write_text(text.read_text().replace(WITNESS, ""))
    assert "missing     explored desk · desk.all_out" in splitspec("lock", "-q").stdout
