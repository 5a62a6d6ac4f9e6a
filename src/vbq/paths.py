"""Files that a path of a cohort file names; with placeholders, one per patient, or per patient and reader."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

PLACEHOLDERS = ("{id}", "{reader}")
SECTIONS = ("patients", "readings", "lesions")


class Found(NamedTuple):
    """A file, with what its name says: the patient's id and the reader, "" where it does not."""

    path: Path
    id: str
    reader: str


def is_template(file: str) -> bool:
    """Whether a path has placeholders."""
    return any(placeholder in file for placeholder in PLACEHOLDERS)


def files_of(file: str, base: Path) -> list[Found]:
    """Return the files that a path names, in alphabetical order; a path without placeholders names itself.

    "rois/{id}_{reader}.csv" names all files of that form. Neither placeholder stands for a "/".
    """
    if not is_template(file):
        return [Found(base / file, "", "")]
    parts = re.split(r"(\{id\}|\{reader\})", file)
    glob = "".join("*" if part in PLACEHOLDERS else re.sub(r"([*?[])", r"[\1]", part) for part in parts)
    pattern = re.compile("".join(_group(part) for part in parts))
    found = []
    for path in sorted(base.glob(glob)):
        match = pattern.fullmatch(path.relative_to(base).as_posix())
        if match and path.is_file():
            named = match.groupdict()
            found.append(Found(path, named.get("id", ""), named.get("reader", "")))
    return found


def named_files(spec: Mapping[str, Any]) -> list[str]:
    """Return the paths that a cohort file names, with placeholders as they are, in alphabetical order."""
    sections = [spec[name] for name in SECTIONS if name in spec]
    return sorted({section[key] for section in sections for key in ("file", "dictionary") if key in section})


def _group(part: str) -> str:
    return f"(?P<{part[1:-1]}>[^/]+)" if part in PLACEHOLDERS else re.escape(part)
