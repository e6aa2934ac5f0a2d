"""MANIFEST, which names every file and its hash, and LINKS, which says where absent ones can be fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tomli_w

from .limits import LINKS_BYTES, MANIFEST_BYTES, check_limit


def render_manifest(hashes: Mapping[str, str]) -> bytes:
    """One line `path=sha256` per file, sorted by the bytes of the path, each ended by a newline.

    The sha256 of these bytes identifies the model.
    """
    ordered = sorted(hashes.items(), key=lambda item: item[0].encode())
    content = "".join(f"{path}={sha256}\n" for path, sha256 in ordered).encode()
    check_limit("the size of MANIFEST, in bytes,", len(content), MANIFEST_BYTES, "pack fewer files")
    return content


def render_links(links: Mapping[str, Sequence[str]]) -> bytes:
    """The LINKS file for `{sha256: [url, ...]}`; the order of the URLs is kept, the best one is first."""
    urls = {sha256: list(links[sha256]) for sha256 in sorted(links)}
    content = tomli_w.dumps({"version": 1, "urls": urls}).encode()
    check_limit("the size of LINKS, in bytes,", len(content), LINKS_BYTES, "link fewer files")
    return content
