"""Files that a path of a cohort file names; with placeholders, one per patient, or per patient and reader."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from vbq.errors import UserError

PLACEHOLDERS = ("{id}", "{reader}")
ABSENT = "there is no such file"
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

    "rois/{id}_{reader}.csv" names all files of that form. Neither placeholder stands for a "/"; one that
    occurs twice stands for the same text both times. Raises UserError where a folder cannot be looked into,
    or a name is not UTF-8.
    """
    if not is_template(file):
        return [Found(base / file, "", "")]
    found = [Found(base, "", "")]
    try:
        for part in PurePath(file).parts:
            found = [each for place in found for each in _inside(place, part)]
        found = sorted(each for each in found if _is_there(each.path))
    except OSError as error:
        raise UserError(f"{file}: a folder of this form cannot be looked into: {error.strerror}") from None
    if unreadable := sum(not is_unicode(str(each.path)) for each in found):
        raise UserError(f"{file}: names of files that are not UTF-8: rename them ({unreadable} in number)")
    return found


def is_unicode(path: str) -> bool:
    """Whether the name of a file is text; other names have bytes of an encoding that nobody knows."""
    return path.encode(errors="replace") == path.encode(errors="surrogatepass")


def unusable(path: Path) -> str | None:
    """Return why a path cannot be read as a file, None if it can; a pipe or a device would never end."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        return ABSENT
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    if stat.S_ISREG(mode):
        return None if os.access(path, os.R_OK) else "it cannot be read: Permission denied"
    return f"it is a {'folder' if stat.S_ISDIR(mode) else 'pipe or a device'}, not a file"


def files_in(folder: Path) -> list[Path]:
    """Return the files in a folder and its folders, in alphabetical order.

    Raises UserError where one of these cannot be looked into: it may hold a patient.
    """

    def stop(error: OSError) -> None:
        raise UserError(f"{folder}: it, or a folder in it, cannot be looked into: {error.strerror}")

    inside = [Path(parent, name) for parent, _, names in os.walk(folder, onerror=stop) for name in names]
    return sorted(path for path in inside if path.is_file())


def named_files(spec: Mapping[str, Any]) -> list[str]:
    """Return the paths that a cohort file names, with placeholders as they are, in alphabetical order."""
    sections = [spec[name] for name in SECTIONS if name in spec]
    return sorted({section[key] for section in sections for key in ("file", "dictionary") if key in section})


def _inside(place: Found, part: str) -> list[Found]:
    """Return what a part of a path names in a folder."""
    if not is_template(part):
        return [place._replace(path=place.path / part)]
    pattern = re.compile("".join(_groups(part)))
    try:
        names = [each.name for each in place.path.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    matches = filter(None, map(pattern.fullmatch, names))
    inside = [place._replace(path=place.path / match.group(), **match.groupdict()) for match in matches]
    return [each for each in inside if place.id in ("", each.id) and place.reader in ("", each.reader)]


def _groups(part: str) -> Iterator[str]:
    seen: set[str] = set()
    for piece in re.split(r"(\{id\}|\{reader\})", part):
        name = piece[1:-1]
        if piece not in PLACEHOLDERS:
            yield re.escape(piece)
        else:
            yield f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)"
            seen.add(name)


def _is_there(path: Path) -> bool:
    """Whether there is something other than a folder, be it a link that leads nowhere."""
    try:
        path.lstat()
        return not stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        raise
    except OSError:
        return path.is_symlink()
