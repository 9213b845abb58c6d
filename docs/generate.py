"""Make the pages of this folder that are made from the sources."""

from pathlib import Path

from splitspec.model.codes import errors_page

PAGES = {"errors.md": errors_page}


def main() -> None:
    """Write each page anew."""
    for name, page in PAGES.items():
        Path(__file__).with_name(name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
