"""The extension module in its process: interrupts, forks, the end of the interpreter, and its stub file."""

from __future__ import annotations

import ast
import inspect
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from native_helpers import FAST, process_is_gone, run_python

import cartonml
from cartonml import _native

pytest_plugins = ("native_fixtures",)


# ---- Ctrl-C ----


def interrupt_when_ready(code: str, *arguments: object) -> tuple[str, str, int, float]:
    """Send SIGINT to a program once it prints `ready`; return its output, status and the seconds it took."""
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
        time.sleep(0.2)
        begin = time.monotonic()
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate(timeout=60)
        return output, errors, program.returncode, time.monotonic() - begin
    finally:
        program.kill()
        program.wait()


def test_ctrl_c_ends_a_waiting_call_and_the_model_goes_on(noop_carton: Path) -> None:
    output, errors, status, seconds = interrupt_when_ready(
        """
        import os, signal, sys
        import cartonml.sync
        with cartonml.sync.load(sys.argv[1]) as model:
            os.kill(model.runner_pid, signal.SIGSTOP)
            print("ready", flush=True)
            try:
                model.infer({"x": 1})
            except KeyboardInterrupt:
                print("interrupted")
            os.kill(model.runner_pid, signal.SIGCONT)
            print(model.infer({"x": 2})["x"])
        """,
        noop_carton,
    )
    assert (output, errors, status) == ("interrupted\n2\n", "", 0)
    assert seconds < FAST


def test_ctrl_c_ends_a_waiting_coroutine(noop_carton: Path) -> None:
    output, errors, _, seconds = interrupt_when_ready(
        """
        import asyncio, os, signal, sys
        from cartonml._load import load
        async def main():
            async with await load(sys.argv[1]) as model:
                os.kill(model.runner_pid, signal.SIGSTOP)
                print("ready", flush=True)
                await model.infer({"x": 1})
        asyncio.run(main())
        """,
        noop_carton,
    )
    assert "KeyboardInterrupt" in errors
    assert output == ""
    assert seconds < FAST


def test_ctrl_c_ends_a_load(noop_carton: Path, scripted_runner: object) -> None:
    scripted_runner("exec sleep 1000")  # type: ignore[operator]
    output, errors, _, seconds = interrupt_when_ready(
        """
        import sys
        import cartonml.sync
        print("ready", flush=True)
        cartonml.sync.load(sys.argv[1])
        """,
        noop_carton,
    )
    assert "KeyboardInterrupt" in errors
    assert output == ""
    assert seconds < FAST


def test_a_signal_handler_that_raises_nothing_does_not_end_the_call(noop_carton: Path) -> None:
    result = run_python(
        """
        import os, signal, sys, threading
        import cartonml.sync
        ticks = []
        signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
        with cartonml.sync.load(sys.argv[1]) as model:
            os.kill(model.runner_pid, signal.SIGSTOP)
            signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
            threading.Timer(0.5, os.kill, (model.runner_pid, signal.SIGCONT)).start()
            print(model.infer({"x": 1})["x"], len(ticks) > 3)
            signal.setitimer(signal.ITIMER_REAL, 0)
        """,
        noop_carton,
    )
    assert (result.stdout, result.stderr) == ("1 True\n", "")


# ---- forks ----


def test_a_forked_child_gets_an_error_and_the_parent_goes_on(noop_carton: Path) -> None:
    result = run_python(
        """
        import os, sys
        import cartonml.sync
        from cartonml.errors import ForkedError
        model = cartonml.sync.load(sys.argv[1])
        before = model.infer({"x": 1})
        child = os.fork()
        if child == 0:
            try:
                model.infer({"x": 1})
            except ForkedError as error:
                print("child:", type(error).__name__, before["x"], flush=True)
            with cartonml.sync.load(sys.argv[1]) as own:
                print("child:", own.infer({"x": 2})["x"], flush=True)
            sys.exit(0)  # with all of the interpreter's exit
        print("status", os.waitpid(child, 0)[1], flush=True)
        print("parent:", model.infer({"x": 3})["x"])
        model.close()
        """,
        noop_carton,
    )
    assert result.stderr == ""
    assert result.stdout == "child: ForkedError 1\nchild: 2\nstatus 0\nparent: 3\n"


def test_multiprocessing_children_by_fork_end_cleanly(noop_carton: Path) -> None:
    result = run_python(
        """
        import multiprocessing, sys, threading
        import cartonml.sync
        from cartonml.errors import ForkedError
        model = cartonml.sync.load(sys.argv[1])
        def work(i):
            try:
                model.infer({"x": i})
            except ForkedError:
                return i
        busy = threading.Thread(target=lambda: [model.infer({"x": 1}) for _ in range(2000)])
        busy.start()  # forks happen while a call is under way
        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(pool.map(work, range(8)))
        busy.join()
        print(model.infer({"x": 9})["x"])
        """,
        noop_carton,
    )
    assert result.stdout == "[0, 1, 2, 3, 4, 5, 6, 7]\n9\n", result.stderr


# ---- the end of the interpreter ----


def test_a_model_left_open_is_closed_at_exit(noop_carton: Path) -> None:
    result = run_python(
        """
        import sys
        import cartonml.sync
        model = cartonml.sync.load(sys.argv[1])
        print(model.runner_pid)
        sys.modules["keeper"] = model
        """,
        noop_carton,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert process_is_gone(int(result.stdout))


def test_exit_does_not_wait_for_a_daemon_thread_in_a_call(noop_carton: Path) -> None:
    result = run_python(
        """
        import os, signal, sys, threading, time
        import cartonml.sync
        model = cartonml.sync.load(sys.argv[1])
        os.kill(model.runner_pid, signal.SIGSTOP)
        threading.Thread(target=model.infer, args=({"x": 1},), daemon=True).start()
        time.sleep(0.2)
        print("leaving", flush=True)
        """,
        noop_carton,
        timeout=FAST * 2,
    )
    assert (result.returncode, result.stdout) == (0, "leaving\n")
    assert "Fatal" not in result.stderr
    assert "terminate" not in result.stderr


def test_exit_during_a_load_on_another_thread_is_quiet(noop_carton: Path, scripted_runner: object) -> None:
    scripted_runner("exec sleep 1000")  # type: ignore[operator]
    result = run_python(
        """
        import sys, threading, time
        import cartonml.sync
        threading.Thread(target=cartonml.sync.load, args=(sys.argv[1],), daemon=True).start()
        time.sleep(0.3)
        print("leaving", flush=True)
        """,
        noop_carton,
        timeout=FAST * 2,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "leaving\n", "")


def test_results_may_be_used_until_the_end(noop_carton: Path) -> None:
    result = run_python(
        """
        import atexit, sys
        import numpy as np
        import cartonml.sync
        kept = {}
        @atexit.register
        def late():
            print(kept["x"].sum())
        with cartonml.sync.load(sys.argv[1]) as model:
            kept.update(model.infer({"x": np.ones(10**6)}))
        sys.modules["keeper"] = kept
        """,
        noop_carton,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "1000000.0\n", "")


# ---- the module ----


def test_importing_cartonml_imports_no_framework() -> None:
    result = run_python("import sys, cartonml, cartonml.sync; print(*sys.modules)")
    assert result.returncode == 0, result.stderr
    imported = {name.partition(".")[0] for name in result.stdout.split()}
    heavy = {"torch", "tensorflow", "jax", "onnx", "typer", "rich", "ml_dtypes", "huggingface_hub"}
    assert not imported & heavy


def test_bfloat16_is_imported_only_when_it_is_met(noop_carton: Path) -> None:
    result = run_python(
        """
        import sys
        import numpy as np
        import cartonml.sync
        with cartonml.sync.load(sys.argv[1]) as model:
            model.infer({"x": np.ones(2, np.float32), "s": "text"})
            print("ml_dtypes" in sys.modules)
            import ml_dtypes
            print(model.infer({"x": np.ones(2, ml_dtypes.bfloat16)})["x"].dtype)
        """,
        noop_carton,
    )
    assert result.stdout == "False\nbfloat16\n", result.stderr


def test_private_classes_cannot_be_made_by_hand() -> None:
    for name in ("Model", "Call", "Load"):
        with pytest.raises(TypeError):
            getattr(_native, name)()


def test_the_version_is_that_of_the_package() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", _native.version())


def signature_of(function: object) -> list[str]:
    """The parameters that nanobind documents for a function."""
    text = function.__nb_signature__[0][0]  # type: ignore[attr-defined]
    parameters = ast.parse(f"{text}: ...").body[0].args  # type: ignore[attr-defined]
    return [argument.arg for argument in parameters.args + parameters.kwonlyargs]


def stub_members(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    return {node.name: node for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}


def test_the_stub_file_lists_exactly_what_the_module_has() -> None:
    stub_path = Path(inspect.getfile(cartonml)).with_name("_native.pyi")
    stub = stub_members(ast.parse(stub_path.read_text()).body)
    module = {name: value for name, value in vars(_native).items() if not name.startswith("_")}
    assert sorted(stub) == sorted(module)
    for name, node in stub.items():
        if isinstance(node, ast.FunctionDef):
            assert [a.arg for a in node.args.args + node.args.kwonlyargs] == signature_of(module[name]), name
            continue
        assert isinstance(node, ast.ClassDef)
        members = {key: value for key, value in vars(module[name]).items() if not key.startswith("_")}
        described = {key: item for key, item in stub_members(node.body).items() if not key.startswith("_")}
        assert sorted(described) == sorted(members), name
        for key, item in described.items():
            if isinstance(item, ast.FunctionDef) and not item.decorator_list:
                assert [a.arg for a in item.args.args] == signature_of(members[key]), f"{name}.{key}"
