"""MANIFEST, which names every file and its hash, and LINKS, which says where absent ones can be fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tomli_w


def render_manifest(hashes: Mapping[str, str]) -> bytes:
    """One line `path=sha256` per file, sorted by the bytes of the path, each ended by a newline.

    The sha256 of these bytes identifies the model.
    """
    ordered = sorted(hashes.items(), key=lambda item: item[0].encode())
    return "".join(f"{path}={sha256}\n" for path, sha256 in ordered).encode()


def render_links(links: Mapping[str, Sequence[str]]) -> bytes:
    """The LINKS file for `{sha256: [url, ...]}`; the order of the URLs is kept, the best one is first."""
    urls = {sha256: list(links[sha256]) for sha256 in sorted(links)}
    return tomli_w.dumps({"version": 1, "urls": urls}).encode()
