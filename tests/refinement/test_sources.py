"""What an implementation is made of is found without running it, and its digest follows what the
files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.naming import UnknownMappingError, mapping_of, module_of
from splitspec.refinement.sources import (
    MissingSourceError,
    SourceReader,
    named_sources,
)

FILES = {
    "mapping.py": "import json\nfrom kernel import tables\nfrom kernel.faults import Fault\n",
    "kernel/__init__.py": "",
    "kernel/tables.py": "def walk():\n    from . import frames  # late\n    return frames\n",
    "kernel/faults.py": "import splitspec.model.ir\nclass Fault(Exception): pass\n",
    "kernel/frames.py": "SIZE = 4096\n",
    "kernel/unused.py": "raise SystemExit\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_the_sources_are_what_the_mapping_imports_from_its_folders(folder: Path) -> None:
    """Also what is imported in a function; not the standard library, nor what judges."""
    assert set(SourceReader().sources_of("mapping", [folder])) == {
        "mapping",
        "kernel",
        "kernel.tables",
        "kernel.faults",
        "kernel.frames",
    }


def test_the_digest_changes_with_the_code_and_not_with_its_comments(folder: Path) -> None:
    before = SourceReader().digest(SourceReader().sources_of("mapping", [folder]))
    frames = folder / "kernel" / "frames.py"
    frames.write_text("# Of a page.\n\nSIZE = 4096  # bytes\n")
    assert SourceReader().digest(SourceReader().sources_of("mapping", [folder])) == before
    frames.write_text("SIZE = 8192\n")
    assert SourceReader().digest(SourceReader().sources_of("mapping", [folder])) != before


LONG = 'TEXT = """one\n{between}two"""\n'
NESTED = 'TEXT = f"""one{{\n1}}\n{between}two"""\n'
CALLED = 'send(\n    """one\n{between}two"""\n)\n'


@pytest.mark.parametrize("text", [LONG, NESTED, CALLED], ids=["plain", "formatted", "passed"])
@pytest.mark.parametrize("between", ["\n", "  \n"], ids=["empty", "spaces"])
def test_an_empty_line_of_a_string_is_code(folder: Path, text: str, between: str) -> None:
    digests = set()
    for said in ("", between):
        (folder / "kernel" / "frames.py").write_text(text.format(between=said))
        digests.add(SourceReader().digest(SourceReader().sources_of("mapping", [folder])))
    assert len(digests) == 2


def test_an_empty_line_of_a_text_about_the_code_is_none(folder: Path) -> None:
    digests = set()
    for between in ("", "\n"):
        text = f'"""One.\n{between}Two."""\ndef f():\n    """One.\n{between}Two."""  # so\n'
        (folder / "kernel" / "frames.py").write_text(text)
        digests.add(SourceReader().digest(SourceReader().sources_of("mapping", [folder])))
    assert len(digests) == 1


def test_a_file_that_is_named_counts_byte_by_byte(folder: Path) -> None:
    (folder / "drivers").mkdir()
    driver = folder / "drivers" / "disk.c"
    driver.write_text("// one\n")
    before = SourceReader().digest(named_sources(["drivers"], folder))
    driver.write_text("// two\n")
    assert SourceReader().digest(named_sources(["drivers"], folder)) != before
    with pytest.raises(MissingSourceError, match="no file at nowhere"):
        named_sources(["nowhere"], folder)


@pytest.mark.parametrize("module", sorted({module_of(name) for name in SHIPPED}))
def test_the_shipped_machine_is_made_of_impl_and_its_mapping(module: str) -> None:
    names = SourceReader().sources_of(module, ())
    assert {"splitspec.impl.machine", "splitspec.refinement.machine.testbed"} <= set(names)
    assert not [n for n in names if n.startswith(("splitspec.model", "splitspec.checker"))]
    assert "splitspec.refinement.driver" not in names


def test_a_mapping_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(UnknownMappingError, match="no mapping is named granting-arm"):
        mapping_of("granting-arm")
    with pytest.raises(UnknownMappingError, match="nowhere:X cannot be had: ModuleNotFound"):
        mapping_of("nowhere:X", [tmp_path])


def test_what_a_link_in_a_named_folder_leads_to_counts(folder: Path) -> None:
    """An implementation that is changed behind a link is another one."""
    (folder / "elsewhere" / "inner").mkdir(parents=True)
    (folder / "drivers").mkdir(exist_ok=True)
    (folder / "elsewhere" / "inner" / "disk.c").write_text("int disk;\n")
    (folder / "drivers" / "linked").symlink_to("../elsewhere", target_is_directory=True)
    (folder / "elsewhere" / "round").symlink_to("../elsewhere", target_is_directory=True)
    found = named_sources(["drivers"], folder)
    assert "drivers/linked/inner/disk.c" in found
    before = SourceReader().digest(found)
    (folder / "elsewhere" / "inner" / "disk.c").write_text("int other;\n")
    assert SourceReader().digest(named_sources(["drivers"], folder)) != before
