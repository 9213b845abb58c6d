"""Make the pages of this folder that are made from the sources."""

from collections.abc import Callable, Mapping
from pathlib import Path

from splitspec.checker.report.requirements import Checked, page
from splitspec.cli.selection import read_models
from splitspec.model.codes import errors_page
from splitspec.model.requirements import FILE_NAME, read_requirements
from splitspec.spec import folder


def requirements_page() -> str:
    """Return the page that traces requirements to properties and variants."""
    requirements = read_requirements(Path(str(folder())) / FILE_NAME)
    models = (Checked(m.entry.name, m.program, m.variants) for m in read_models(()))
    return page(requirements, models)


PAGES: Mapping[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "requirements.md": requirements_page,
}


def main() -> None:
    """Write each page anew."""
    for name, made in PAGES.items():
        Path(__file__).with_name(name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    main()
