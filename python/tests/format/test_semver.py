from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartonml._errors import InvalidError
from cartonml._format.semver import Version, VersionReq


def matches(requirement: str, version: str) -> bool:
    return VersionReq.parse(requirement).matches(Version.parse(version))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1", "^1"),
        ("1.2", "^1.2"),
        (">= 2.0", ">=2.0"),
        ("  =1.2.3  ", "=1.2.3"),
        ("=1.2.*", "=1.2"),
        ("1.*", "1.*"),
        ("1.x.X", "1.*"),
        ("1.2.x", "1.2.*"),
        (">1.*", ">1"),
        ("*", "*"),
        (" X ", "*"),
        ("~1.2.3-beta.1+build.007", "~1.2.3-beta.1"),
        (">=1,<2", ">=1, <2"),
        (">=1 , <2", ">=1, <2"),
        ("18446744073709551615.0.0", "^18446744073709551615.0.0"),
        (",".join(["1"] * 32), ", ".join(["^1"] * 32)),
    ],
)
def test_requirements_are_rendered_canonically(text: str, canonical: str) -> None:
    assert VersionReq.parse(text).render() == canonical
    assert VersionReq.parse(canonical).render() == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        ",",
        "1,",
        ",1",
        "1 2",
        ">=1 <2",
        "1 || 2",
        "1 - 2",
        "==1",
        "!=1",
        "v1",
        "=v1",
        "01",
        "1.02",
        "1.2.03",
        "1.2.3-01",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2-beta",
        "1-beta",
        "1+x",
        "*.1",
        "*, 1",
        "1, *",
        "1.*.3",
        "1.2.*-a",
        "**",
        "=*",
        "1.2.3.4",
        "1.",
        "1.2.",
        "> = 1",
        "1.0.0-α",
        "１",
        "1\n",
        "\t1",
        "18446744073709551616",
        ",".join(["1"] * 33),
        "-1",
        "latest",
    ],
)
def test_invalid_requirement_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        VersionReq.parse(text)
    assert repr(text)[1:-1][:20] in repr(str(caught.value)) or "exceeds" in str(caught.value)


def test_error_says_what_is_wrong_and_what_is_right() -> None:
    with pytest.raises(InvalidError, match="expected a comma") as caught:
        VersionReq.parse(">=2.0 <3")
    assert "`=2.13`" in caught.value.hint


@pytest.mark.parametrize(
    ("requirement", "yes", "no"),
    [
        ("=3.11", "3.11.0 3.11.9", "3.10.9 3.12.0 4.11.0 3.11.0-rc.1"),
        ("=1", "1.0.0 1.9.9", "0.9.9 2.0.0"),
        ("=1.2.3", "1.2.3 1.2.3+cu118", "1.2.4 1.2.3-a"),
        ("1.*", "1.0.0 1.9.0", "2.0.0"),
        (">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9"),
        (">1", "2.0.0", "1.9.9"),
        (">1.2.3", "1.2.4", "1.2.3 1.2.2"),
        ("<1.2", "1.1.9 0.0.1", "1.2.0 1.2.9"),
        ("<1", "0.9.9", "1.0.0"),
        (">=1.2", "1.2.0 1.2.9 3.0.0", "1.1.9"),
        ("<=1.2", "1.2.0 1.2.99 1.0.0", "1.3.0"),
        ("<=1", "1.9.9", "2.0.0"),
        ("~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0 1.1.0"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0"),
        ("^1.2", "1.2.0 1.9.0", "1.1.9 2.0.0"),
        ("^1", "1.0.0 1.9.9", "2.0.0 0.9.0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.2.3"),
        ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
        ("^0.0", "0.0.0 0.0.9", "0.1.0"),
        ("^0", "0.0.0 0.9.9", "1.0.0"),
        ("*", "0.0.0 9.9.9 1.0.0+x", "1.0.0-a"),
        (">=1.2.3-alpha", "1.2.3-alpha 1.2.3-beta 1.2.3 2.0.0", "2.0.0-alpha 1.2.3-a"),
        ("^1.2.3-beta", "1.2.3-beta 1.2.3-beta.1 1.2.3 1.9.0", "1.2.3-alpha 1.2.4-beta"),
        ("~1.2.3-beta.2", "1.2.3-beta.2 1.2.3-beta.10 1.2.4", "1.2.3-beta.1 1.2.4-beta.3"),
        ("=1.2.3-1", "1.2.3-1", "1.2.3 1.2.3-2"),
        (">1.2.3-9", "1.2.3-10 1.2.3-a 1.2.3", "1.2.3-9 1.2.3-8"),
        ("<1.2.3-b", "1.2.3-a 1.2.3-1 1.2.2", "1.2.3-b 1.2.3-b.1 1.2.3"),
        (">=1, <2", "1.5.0", "2.0.0 0.9.0"),
        (">=1, <1", "", "1.0.0 0.9.0"),
        ("^1, >=1.2.3-alpha", "1.2.3-alpha", "1.2.4-alpha"),
        ("~1.2, >=1.2.3-alpha", "1.2.3", "1.2.3-alpha"),
    ],
)
def test_requirements_match_as_in_rust(requirement: str, yes: str, no: str) -> None:
    assert [version for version in yes.split() if not matches(requirement, version)] == []
    assert [version for version in no.split() if matches(requirement, version)] == []


@pytest.mark.parametrize(
    "text", ["1", "1.2", "v1.2.3", "1.2.3 ", " 1.2.3", "1.2.03", "1.2.3-", "1.2.3.4", "", "1.2.x"]
)
def test_versions_are_full(text: str) -> None:
    with pytest.raises(InvalidError):
        Version.parse(text)


numbers = st.integers(0, 3)
versions = st.builds(Version, numbers, numbers, numbers, st.sampled_from(["", "a", "a.1", "1", "rc"]))


def text_of(version: Version) -> str:
    return f"{version.major}.{version.minor}.{version.patch}" + (f"-{version.pre}" if version.pre else "")


@given(versions, versions)
def test_comparisons_agree_with_each_other(base: Version, version: Version) -> None:
    """For a full comparator exactly one of <, =, > holds, and >= and <= are their unions."""
    text = text_of(base)
    comparators = {
        op: VersionReq.parse(op + text).comparators[0] for op in ("<", "=", ">", "<=", ">=", "^", "~")
    }
    less, equal, greater = (comparators[op].matches(version) for op in ("<", "=", ">"))
    assert less + equal + greater == 1
    assert comparators["<="].matches(version) == (less or equal)
    assert comparators[">="].matches(version) == (greater or equal)
    if comparators["~"].matches(version):
        assert comparators["^"].matches(version) or base.major == 0
    if comparators["^"].matches(version):
        assert comparators[">="].matches(version)


@given(st.text(alphabet="0123456789.*xX=<>~^, -+abv", max_size=20))
def test_any_text_parses_to_a_fixed_point_or_is_refused(text: str) -> None:
    try:
        canonical = VersionReq.parse(text).render()
    except InvalidError:
        return
    assert VersionReq.parse(canonical).render() == canonical
