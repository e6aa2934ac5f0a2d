"""Models on the Hugging Face Hub."""

from __future__ import annotations

from .._errors import InvalidError


def get_linked_files(repo_id: str, revision: str) -> dict[str, list[str]]:
    """The large files of a repository, for the `linked_files` of `pack`.

    A model packed with them leaves those files on the Hub; whoever loads the carton gets them from there,
    checked by hash. Needs `huggingface_hub` (`pip install cartonml[hf]`) and the network.

    Args:
        repo_id: Such as `"org/model"`.
        revision: A branch, tag or commit. URLs name the commit it stands for now, so they never change.

    Returns:
        {sha256 of each file in LFS: [its URL at that commit]}.

    Raises:
        InvalidError: `huggingface_hub` is not installed. Its own errors are passed on.
    """
    try:
        from huggingface_hub import HfApi, hf_hub_url
    except ImportError as error:
        raise InvalidError(
            "get_linked_files needs the package huggingface_hub, which is not installed",
            hint="pip install huggingface_hub",
        ) from error
    info = HfApi().model_info(repo_id, revision=revision, files_metadata=True)
    links: dict[str, list[str]] = {}
    for file in info.siblings or ():
        if file.lfs is not None:
            url = hf_hub_url(repo_id, filename=file.rfilename, revision=info.sha)
            links.setdefault(file.lfs.sha256, []).append(url)
    return links
