"""Version requirements with the semantics of Rust's semver 1.x, which format v1 prescribes.

Examples:
    >>> VersionReq.parse(">= 2.0, <3").render()
    '>=2.0, <3'
    >>> VersionReq.parse("=2.13").matches(Version.parse("2.13.1+cpu"))
    True
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from .._errors import InvalidError

GRAMMAR = (
    "a requirement is 1 to 32 comparators joined by commas, such as `=2.13` (recommended: every 2.13.x), "
    "`^1.2`, `>=2.0, <3` or `~1.2.3`; `*` alone means any version"
)
MAX_COMPARATORS = 32

_U64 = 2**64 - 1
_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRE = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SUFFIX = rf"(?:-(?P<pre>{_PRE}(?:\.{_PRE})*))?(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
_VERSION = re.compile(rf"(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})\.(?P<patch>{_NUMBER}){_SUFFIX}")
_COMPARATOR = re.compile(
    rf"(?P<op>>=|<=|[=><~^])?\x20*(?P<major>{_NUMBER})"
    rf"(?:\.(?:(?P<minor>{_NUMBER})(?:\.(?:(?P<patch>{_NUMBER}){_SUFFIX}|(?P<patch_wild>[*xX])))?"
    rf"|(?P<minor_wild>[*xX])(?:\.[*xX])?))?\x20*"
)

PreKey = tuple[int, tuple[tuple[int, int, str], ...]]


def _pre_key(pre: str) -> PreKey:
    """Orders pre-release tags: numbers below words, fewer parts below more, no tag above every tag."""
    if not pre:
        return (1, ())
    return (0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")))


def _parts(match: re.Match[str], text: str) -> tuple[int, int | None, int | None]:
    numbers = [None if match[name] is None else int(match[name]) for name in ("major", "minor", "patch")]
    if any(number is not None and number > _U64 for number in numbers):
        raise InvalidError(f"version `{text}`: a number exceeds {_U64}")
    major, minor, patch = numbers
    assert major is not None
    return major, minor, patch


class Version(NamedTuple):
    """A full version; build metadata is kept but never compared by requirements."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    build: str = ""

    @classmethod
    def parse(cls, text: str) -> Version:
        """Parses `major.minor.patch[-pre][+build]`; `InvalidError` for anything else."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise InvalidError(
                f"expected a full version such as `2.13.0`, got `{text}`",
                hint="a version has three numbers without leading zeros, and no spaces or `v`",
            )
        major, minor, patch = _parts(match, text)
        assert minor is not None
        assert patch is not None
        return cls(major, minor, patch, match["pre"] or "", match["build"] or "")


@dataclass(frozen=True)
class Comparator:
    """One condition of a requirement. `op` is one of `= > >= < <= ~ ^` or `*` (a wildcard)."""

    op: str
    major: int
    minor: int | None
    patch: int | None
    pre: str

    def render(self) -> str:
        """The canonical text, such as `>=2.0` or `1.*`."""
        wild = self.op == "*"
        text = ("" if wild else self.op) + str(self.major)
        for part in (self.minor, self.patch):
            if part is None:
                return text + ".*" if wild else text
            text += f".{part}"
        return f"{text}-{self.pre}" if self.pre else text

    def matches(self, version: Version) -> bool:
        """Whether the numbers and tag fit; the rule on pre-releases is the requirement's."""
        if self.op in ("=", "*"):
            return self._equal(version)
        if self.op == ">":
            return self._compare(version) > 0
        if self.op == "<":
            return self._compare(version) < 0
        if self.op == ">=":
            return self._equal(version) or self._compare(version) > 0
        if self.op == "<=":
            return self._equal(version) or self._compare(version) < 0
        return self._compatible(version, keep_minor=self.op == "~")

    def allows_pre(self, version: Version) -> bool:
        """Whether this comparator names the very release of a pre-release `version`, with a tag."""
        return bool(self.pre) and version[:3] == (self.major, self.minor, self.patch)

    def _given(self) -> tuple[int, ...]:
        return tuple(part for part in (self.major, self.minor, self.patch) if part is not None)

    def _equal(self, version: Version) -> bool:
        given = self._given()
        return version[: len(given)] == given and version.pre == self.pre

    def _compare(self, version: Version) -> int:
        """Sign of `version` against the given parts; 0 also where parts are missing after an equal prefix."""
        given = self._given()
        theirs = version[: len(given)]
        if theirs != given:
            return 1 if theirs > given else -1
        if len(given) < 3:
            return 0
        ours, other = _pre_key(self.pre), _pre_key(version.pre)
        return (other > ours) - (other < ours)

    def _compatible(self, version: Version, *, keep_minor: bool) -> bool:
        given = self._given()
        fixed = self._fixed_parts(keep_minor)
        if version[:fixed] != given[:fixed]:
            return False
        theirs = version[: len(given)]
        if theirs != given:
            return theirs > given
        return (len(given) < 3 and not keep_minor) or _pre_key(version.pre) >= _pre_key(self.pre)

    def _fixed_parts(self, keep_minor: bool) -> int:
        """How many leading parts must be equal: `~1.2.3` two; `^` up to the first non-zero part given."""
        given = self._given()
        if keep_minor:
            return min(2, len(given))
        for index, part in enumerate(given):
            if part:
                return index + 1
        return len(given)


@dataclass(frozen=True)
class VersionReq:
    """A semver requirement. No comparators (`*`) match every version without a pre-release tag."""

    comparators: tuple[Comparator, ...]

    @classmethod
    def parse(cls, text: str) -> VersionReq:
        """Parses a requirement; `InvalidError` says the grammar and what was wrong."""
        stripped = text.lstrip(" ")
        if stripped.rstrip(" ") in ("*", "x", "X"):
            return cls(())
        pieces = stripped.split(",")
        if len(pieces) > MAX_COMPARATORS:
            raise InvalidError(
                f"requirement `{text}` has more than {MAX_COMPARATORS} comparators", hint=GRAMMAR
            )
        return cls(tuple(_parse_comparator(piece, text) for piece in pieces))

    def matches(self, version: Version) -> bool:
        """Whether all comparators hold, and one of them admits the version's pre-release tag, if any."""
        if not all(comparator.matches(version) for comparator in self.comparators):
            return False
        return not version.pre or any(comparator.allows_pre(version) for comparator in self.comparators)

    def render(self) -> str:
        """The canonical text: `>= 2.0` is `>=2.0`, `1.2` is `^1.2`."""
        return ", ".join(comparator.render() for comparator in self.comparators) or "*"


def _parse_comparator(piece: str, text: str) -> Comparator:
    match = _COMPARATOR.fullmatch(piece.lstrip(" "))
    if match is None:
        raise InvalidError(f"invalid version requirement `{text}`: {_fault(piece)}", hint=GRAMMAR)
    major, minor, patch = _parts(match, text)
    wildcard = match["minor_wild"] or match["patch_wild"]
    op = match["op"] or ("*" if wildcard else "^")
    return Comparator(op, major, minor, patch, match["pre"] or "")


def _fault(piece: str) -> str:
    piece = piece.strip(" ")
    if not piece:
        return "a comparator is missing"
    if piece in ("*", "x", "X"):
        return f"`{piece}` must be the only comparator"
    if piece.startswith(("v", "==", "!=")):
        return f"`{piece}` does not begin with a number or one of = > >= < <= ~ ^"
    if " " in piece and re.search(r"[0-9*] +[=<>~^0-9]", piece):
        return f"expected a comma between the parts of `{piece}`"
    return f"`{piece}` is not a comparator"
