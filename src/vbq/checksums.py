"""Files by their content: dates say nothing about what a result was made from."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path

from vbq.errors import UserError
from vbq.paths import files_of, is_template


def checksum(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes; for a path with placeholders, one for all files that it names.

    The latter covers the names, too, which hold patients' ids and so appear nowhere themselves. It is "" for
    what cannot be read as a file; whoever reads the file says why.
    """
    if is_template(str(path)):
        found = files_of(str(path), Path())
        listed = "".join(f"{checksum(each.path)}  {each.path}\n" for each in found)
        return sha256(listed.encode(errors="surrogateescape")).hexdigest()
    try:
        if not Path(path).is_file():  # a device would never end
            return ""
        with Path(path).open("rb") as content:
            return file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""


def checksums(paths: Iterable[str]) -> dict[str, str]:
    """Return the checksum of each path, and of each file in a folder (but for hidden ones), by path."""
    files: list[str] = []
    for path in paths:
        inside = sorted(Path(path).iterdir()) if Path(path).is_dir() else None
        files += [path] if inside is None else [str(file) for file in inside if file.name[0] != "."]
    return {file: checksum(file) for file in files}


def fingerprint(paths: Iterable[str], *values: object) -> str:
    """Return 16 characters that differ where the contents of files, or values, do."""
    return sha256(repr(([checksum(path) for path in paths], values)).encode()).hexdigest()[:16]


@contextmanager
def unchanged(files: Mapping[str, str]) -> Iterator[None]:
    """Make sure that files, by their checksums, are the same ones before and after they are read.

    Raises UserError where one is not, whatever came of reading it. A change that is undone before the reading
    ends goes unnoticed.
    """
    _refuse_changed(files)
    try:
        yield
    finally:
        _refuse_changed(files)


def _refuse_changed(files: Mapping[str, str]) -> None:
    if changed := [file for file, known in files.items() if checksum(file) != known]:
        raise UserError(
            f"{', '.join(changed)}: changed during the run, so that no result would be of one state of the "
            "file: run the same command again"
        )
