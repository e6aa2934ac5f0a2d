"""Drives existing Carton, in its own environment and process: reads with it, and packs with it.

Its package has the import name of this project, so it lives in a virtual environment of its own, made
once under `build/`. Its interpreter may crash at exit after correct work: what counts is what it printed.
"""

from __future__ import annotations

import base64
import datetime
import fcntl
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

REQUIREMENTS = ("cartonml-nightly==0.0.1.dev20231020", "numpy>=1.26,<3")

_HERE = Path(__file__).parent
_VENV = _HERE.parents[2] / "build" / "compat-venv"
_TIMEOUT = 60  # seconds


def reference_python() -> Path:
    """The interpreter of the reference's environment, which is made if it is not there yet."""
    _VENV.parent.mkdir(exist_ok=True)
    done = _VENV / "installed.txt"
    wanted = "\n".join(REQUIREMENTS)
    with Path(f"{_VENV}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.read_text() != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", _VENV], check=True, timeout=120)
            pip = [_VENV / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *REQUIREMENTS], check=True, timeout=300)
            done.write_text(wanted)
    return _VENV / "bin" / "python"


def reference_info(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What existing Carton reads: its `CartonInfo` as a dict, tensors as arrays and files as bytes."""
    return _decoded(_run(["info", os.fspath(path)], "", dict(os.environ)))


def reference_pack(model: str | os.PathLike[str], **arguments: Any) -> Path:
    """A TorchScript file packed by existing Carton; the path of the (temporary) carton.

    Args:
        model: The TorchScript file.
        arguments: As for `pack`, as plain data: a spec is a dict of `name`, `dtype`, `shape`; a self
            test or example is a dict of `inputs` and `expected_out` or `sample_out`, which map names to
            numpy arrays or bytes.
    """
    given = {"path": os.fspath(model), "runner_name": "torchscript", "required_framework_version": "=2.0"}
    with tempfile.TemporaryDirectory(prefix="carton-stub-") as folder:
        _write_stub_runner(Path(folder))
        environment = {**os.environ, "CARTON_RUNNER_DIR": folder}
        return Path(_run(["pack"], json.dumps(_encoded({**given, **arguments})), environment))


def _write_stub_runner(folder: Path) -> None:
    runner = folder / "runner"
    runner.write_text(f"#!{reference_python()}\n" + (_HERE / "stub_runner.py").read_text())
    runner.chmod(0o755)
    released = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc).isoformat()
    (folder / "runner.toml").write_text(
        f"""version = 1
[[runner]]
runner_name = "torchscript"
framework_version = "2.0.1"
runner_compat_version = 1
runner_interface_version = 1
runner_release_date = "{released}"
runner_path = "./runner"
platform = "{platform.machine()}-unknown-linux-gnu"
"""
    )


def _run(arguments: list[str], stdin: str, environment: dict[str, str]) -> Any:
    environment.pop("PYTHONPATH", None)
    command = [reference_python(), _HERE / "reference_script.py", *arguments]
    finished = subprocess.run(
        command, input=stdin, env=environment, capture_output=True, text=True, timeout=_TIMEOUT
    )
    for line in finished.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise AssertionError(f"the reference gave no result:\n{finished.stdout}\n{finished.stderr}")


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        buffer = io.BytesIO()
        np.save(buffer, value)
        return {"npy": base64.b64encode(buffer.getvalue()).decode()}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    return [_encoded(item) for item in value] if isinstance(value, list) else value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"npy"}:
        return np.load(io.BytesIO(base64.b64decode(value["npy"])))
    if set(value) == {"bytes"}:
        return base64.b64decode(value["bytes"])
    return {key: _decoded(item) for key, item in value.items()}
