"""YAML read strictly: what could have two meanings is refused with its line, and never resolved silently.

A value without quotes is a number if it is written as a plain decimal, or true or false, or nothing (`null`,
`~` or blank); all else is text: `no`, `on`, `010`, `1_000`, `1:30` and dates are read as written.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vbq.errors import UserError
from vbq.paths import unusable

LARGEST = 250_000  # bytes of a file, and characters of its values with every alias written out
DEEPEST = 50  # mappings and lists within each other
DIGITS = 15  # that a number keeps
LONGEST_NUMBER = 40
REAL = re.compile(
    r"[-+]?(?P<whole>0|[1-9][0-9]*)?(?P<rest>(?:(?<=[0-9])\.[0-9]*|\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)"
)
NO_NUMBER = re.compile(r"\.nan|[-+]?\.inf", re.IGNORECASE)
WORDS = {"": None, "~": None, "null": None} | {
    spelled: word == "true" for word in ("true", "false") for spelled in (word, word.title(), word.upper())
}
# Those that YAML does not know, and the line ends that editors do not show as such.
UNUSABLE = re.compile("[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
HINTS = {
    "cannot start any token": "a tab cannot indent, use spaces; a text that begins with a mark needs quotes",
    "mapping values are not allowed": 'a text with ": " in it needs quotes; or the line is indented too far',
}

Place = tuple[Any, ...]  # keys, and positions in lists from 0


@dataclass(frozen=True)
class Document:
    """What a file says, and the line of each of its places."""

    name: str
    content: dict[Any, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a place, or of what it stands in; 0 of the whole."""
        return next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), 0)

    def where(self, place: Place) -> str:
        """Return the file's name, with the line of a place."""
        return f"{self.name}:{line}" if (line := self.line(place)) else self.name


def read_yaml(path: Path, name: str | None = None) -> Document:
    """Read a file whose top level is a mapping; messages call it `name`, or by its path if None.

    Raises UserError with a line for each problem: a file that cannot be read or is not text in UTF-8, broken
    YAML, a key that is given twice, tags, `.nan` and `.inf`, numbers that would not be kept as written, more
    than one document, deep nesting, and aliases that stand for too much.
    """
    name = str(path) if name is None else name
    return parse_yaml(_bytes_of(path, name), name)


def parse_yaml(content: bytes, name: str) -> Document:
    """Return what the bytes of a file say. Raises UserError as `read_yaml` does."""
    reader = _Reader()
    try:
        text = _decoded(content)
        reader.read(text)
    except _BrokenError as error:
        reader.wrong.append((error.line, str(error)))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        problem = error.problem or "it is broken"
        hint = next((f": {hint}" for known, hint in HINTS.items() if known in problem), "")
        reader.wrong.append((line, f"not valid YAML: {problem}{hint}"))
    except yaml.YAMLError:
        reader.wrong.append((None, "not valid YAML"))
    if reader.wrong:
        told = sorted(reader.wrong, key=lambda each: each[0] or 0)
        raise UserError("\n".join(f"{name}{f':{line}' if line else ''}: {what}" for line, what in told))
    return Document(name, reader.content, reader.lines)


class _BrokenError(Exception):
    """Where reading ends."""

    def __init__(self, line: int | None, what: str) -> None:
        super().__init__(what)
        self.line = line


def _bytes_of(path: Path, name: str) -> bytes:
    if why := unusable(path):  # before it is opened: a pipe would wait for its other end
        raise UserError(f"{name}: {why}")
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise UserError(f"{name}: it cannot be read: {error.strerror}") from None


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST:
        raise _BrokenError(None, f"larger than {LARGEST // 1000} kB: this is no configuration")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _BrokenError(None, "it is UTF-16: save it as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte 0x{content[error.start]:02X} is not UTF-8: save the file as UTF-8"
        raise _BrokenError(content[: error.start].count(b"\n") + 1, what) from None
    if unusable := UNUSABLE.search(text):
        what = f"the character U+{ord(unusable.group()):04X} cannot stand in a text file: remove it"
        raise _BrokenError(text.count("\n", 0, unusable.start()) + 1, what)
    return text


class _Reader:
    """Turns YAML's events into values, and collects what is wrong with them, by line."""

    def __init__(self) -> None:
        self.content: dict[Any, Any] = {}
        self.lines: dict[Place, int] = {}
        self.wrong: list[tuple[int | None, str]] = []
        self._size = 0
        self._anchors: dict[str, tuple[Any, int] | None] = {}  # None: not yet complete

    def read(self, text: str) -> None:
        events = yaml.parse(text, Loader=yaml.CSafeLoader)
        inside = (event for event in events if not isinstance(event, yaml.StreamStartEvent))
        if isinstance(next(inside), yaml.StreamEndEvent):
            raise _BrokenError(None, "the file is empty")
        first = next(inside)
        content = self._value(first, inside, ())
        next(inside)
        if isinstance(second := next(inside), yaml.DocumentStartEvent):
            raise _BrokenError(
                _line(second), "a second document begins here (`---`): give each a file of its own"
            )
        if not isinstance(content, dict):
            found = "a list" if isinstance(content, list) else "nothing" if content is None else "one value"
            what = f"the file holds {found}, where entries such as `title: ...` are expected"
            raise _BrokenError(_line(first), what)
        self.content = content

    def _value(self, event: Any, events: Iterator[Any], place: Place) -> Any:
        if len(place) > DEEPEST:
            raise _BrokenError(_line(event), f"more than {DEEPEST} mappings and lists within each other")
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event)
        self._refuse_tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        before = self._size
        if isinstance(event, yaml.ScalarEvent):
            self._grow(len(event.value) + 1, event)
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(events, place)
        else:
            value = self._mapping(events, place)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._size - before)
        return value

    def _list(self, events: Iterator[Any], place: Place) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            inner = (*place, len(values))
            self.lines[inner] = _line(event)
            values.append(self._value(event, events, inner))
        self._size += 1
        return values

    def _mapping(self, events: Iterator[Any], place: Place) -> dict[Any, Any]:
        values: dict[Any, Any] = {}
        stood: dict[str, int] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            line = _line(event)
            key = self._key(event)
            if (same := _comparable(key)) in stood:
                what = f"`{shown(key)}` is already given in line {stood[same]}: remove one of them"
                self.wrong.append((line, what))
            stood.setdefault(same, line)
            inner = (*place, key)
            self.lines.setdefault(inner, line)
            values[key] = self._value(next(events), events, inner)
        self._size += 1
        return values

    def _key(self, event: Any) -> Any:
        if not isinstance(event, yaml.ScalarEvent):
            raise _BrokenError(
                _line(event), "before a colon there is a list, a mapping or an alias, not a word"
            )
        if not event.style and event.value == "<<":
            self.wrong.append((_line(event), "`<<` is not read here: write the entries out"))
        key = self._value(event, iter(()), ())
        if key is None:
            self.wrong.append((_line(event), 'a key that is nothing: write it in quotes, such as "null"'))
        return key

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if event.style:  # quoted, or a block
            if "\0" in text:
                self.wrong.append((_line(event), "a NUL, written as an escape, is not text: remove it"))
            return text
        if text in WORDS:
            return WORDS[text]
        if NO_NUMBER.fullmatch(text):
            what = f"`{text}` is no number: leave the entry out, or put it in quotes if the word is meant"
            self.wrong.append((_line(event), what))
        found = REAL.fullmatch(text)
        if found is None or not re.search("[0-9]", text.lower().partition("e")[0]):
            return text
        is_whole = not found["rest"]
        if len(text) > LONGEST_NUMBER or (is_whole and len(found["whole"]) > DIGITS):
            what = f"a number of {len(text)} characters: put it in quotes if it is a text, else round it"
            self.wrong.append((_line(event), what))
            return text
        number = int(text) if is_whole else float(text)
        if abs(number) == float("inf") or (number == 0 and re.search("[1-9]", re.split("[eE]", text)[0])):
            self.wrong.append((_line(event), f"`{text}` is beyond the numbers that can be computed with"))
        return number

    def _aliased(self, event: Any) -> Any:
        known = self._anchors.get(event.anchor)
        if known is None:
            found = (
                "stands within what it names" if event.anchor in self._anchors else "names nothing above it"
            )
            raise _BrokenError(_line(event), f"`*{shown(event.anchor)}` {found}")
        self._grow(known[1], event)
        return known[0]

    def _grow(self, by: int, event: Any) -> None:
        self._size += by
        if self._size > LARGEST:
            raise _BrokenError(_line(event), "the aliases up to here stand for more than a configuration")

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            self.wrong.append((_line(event), f"the tag `{shown(event.tag)}` is not read: leave it out"))


def _comparable(key: Any) -> str:
    """Return the form in which two keys are equal that a reader would take for the same: 1, 1.0 and "1"."""
    if isinstance(key, bool):
        return str(key).lower()
    text = f"{key:.15g}" if isinstance(key, float) else str(key)
    return unicodedata.normalize("NFC", text)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def shown(text: object) -> str:
    """Return a text for a message: short, and without characters that would control the terminal."""
    words = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(text))
    return words if len(words) <= 40 else f"{words[:37]}..."
