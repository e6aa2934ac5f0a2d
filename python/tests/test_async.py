"""`await load`, `await infer`: answers, cancellation and deadlines beside a running event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from native_helpers import FAST, process_is_gone, stopped

from cartonml import _native
from cartonml._load import get_model_info, load
from cartonml.errors import ClosedError, InputError, IoError, RunnerCrashedError, RunnerTimeoutError

pytest_plugins = ("native_fixtures",)


async def test_infer_returns_what_the_model_returns(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        result = await model.infer({"x": np.arange(3), "s": "text"})
        assert result["x"].tolist() == [0, 1, 2]
        assert result["s"].item() == "text"


async def test_the_parameter_is_named_as_in_existing_carton(noop_carton: Path) -> None:
    async with await load(path=noop_carton) as model:
        assert (await model.infer(tensors={"x": 1}))["x"].item() == 1


async def test_calls_at_once_get_their_own_answers(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        results = await asyncio.gather(*(model.infer({"x": np.full(1000, i)}) for i in range(200)))
    assert [set(result["x"]) for result in results] == [{i} for i in range(200)]


async def test_the_loop_runs_while_a_call_waits(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        with stopped(model.runner_pid):
            call = asyncio.create_task(model.infer({"x": 1}))
            ticks = 0
            for _ in range(10):
                await asyncio.sleep(0.01)
                ticks += 1
            assert not call.done()
        assert ticks == 10
        assert (await asyncio.wait_for(call, FAST))["x"].item() == 1


async def test_a_cancelled_call_ends_at_once_and_the_model_goes_on(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        with stopped(model.runner_pid):
            begin = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(model.infer({"x": np.ones(10)}), 0.1)
            assert time.monotonic() - begin < FAST
        assert (await model.infer({"x": 2}))["x"].item() == 2


async def test_calls_cancelled_by_the_hundred_free_their_handles(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        before = _native.live_objects()
        with stopped(model.runner_pid):
            calls = [asyncio.create_task(model.infer({"x": i})) for i in range(100)]
            await asyncio.sleep(0.05)
            for call in calls:
                call.cancel()
            assert all(
                isinstance(r, asyncio.CancelledError)
                for r in await asyncio.gather(*calls, return_exceptions=True)
            )
        # Threads of the executor let go of a call shortly after it was cancelled.
        del calls, call
        end = time.monotonic() + FAST
        while _native.live_objects() > before and time.monotonic() < end:
            gc.collect()
            await asyncio.sleep(0.01)
        assert _native.live_objects() == before
        assert (await model.infer({"x": 2}))["x"].item() == 2


async def test_many_calls_of_a_stuck_model_hold_up_neither_others_nor_its_own_end(noop_carton: Path) -> None:
    async with await load(noop_carton) as stuck, await load(noop_carton) as other:
        with stopped(stuck.runner_pid), stopped(other.runner_pid):
            calls = [asyncio.create_task(stuck.infer({"x": i})) for i in range(100)]
            answer = asyncio.create_task(other.infer({"x": 7}))
            await asyncio.sleep(0.05)
            with pytest.raises(RunnerTimeoutError):
                await asyncio.wait_for(stuck.infer({"x": 1}, timeout=0.1), FAST)
            assert await asyncio.wait_for(asyncio.to_thread(lambda: 5), FAST) == 5
            os.kill(other.runner_pid, signal.SIGCONT)
            assert (await asyncio.wait_for(answer, FAST))["x"].item() == 7
            await asyncio.wait_for(stuck.close(), FAST)
            results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), FAST)
    assert {type(result) for result in results} == {ClosedError}


async def test_a_deadline_is_a_timeout_error(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        with stopped(model.runner_pid), pytest.raises(RunnerTimeoutError) as caught:
            await model.infer({"x": 1}, timeout=0.1)
        assert isinstance(caught.value, TimeoutError)


async def test_a_killed_runner_fails_the_calls_in_flight(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        pid = model.runner_pid
        with stopped(pid):
            calls = [asyncio.create_task(model.infer({"x": i})) for i in range(3)]
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGKILL)
            results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), FAST)
    assert [type(result) for result in results] == [RunnerCrashedError] * 3


async def test_closing_fails_calls_in_flight_and_later_ones(noop_carton: Path) -> None:
    model = await load(noop_carton)
    with stopped(model.runner_pid):
        call = asyncio.create_task(model.infer({"x": 1}))
        await asyncio.sleep(0.05)
        await model.close()
    with pytest.raises(ClosedError):
        await call
    with pytest.raises(ClosedError):
        await model.infer({"x": 1})
    await model.close()


async def test_errors_of_the_input_come_before_any_wait(noop_carton: Path) -> None:
    async with await load(noop_carton) as model:
        with pytest.raises(InputError):
            await model.infer({"x": None})


async def test_a_plain_with_closes_too(noop_carton: Path) -> None:
    with await load(noop_carton) as model:
        pid = model.runner_pid
        assert (await model.infer({"x": 1}))["x"].item() == 1
    assert process_is_gone(pid)


async def test_loading_what_is_not_there_is_an_io_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(IoError, match=r"missing\.carton"):
        await load(tmp_path / "missing.carton")


async def test_a_cancelled_load_leaves_no_runner(
    noop_carton: Path, scripted_runner: Callable[[str], None], tmp_path: Path
) -> None:
    started = tmp_path / "pid"
    scripted_runner(f'echo $$ > {started}.part; mv {started}.part {started}; sleep 0.5; exec $NOOP "$@"')
    loading = asyncio.create_task(load(noop_carton))
    while not started.exists():
        await asyncio.sleep(0.01)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    end = time.monotonic() + FAST
    while not process_is_gone(int(started.read_text())) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    assert process_is_gone(int(started.read_text()))


async def test_info_is_read_without_a_runner(noop_carton: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARTON_RUNNER_DIR", "/nonexistent")
    info = await get_model_info(url_or_path=str(noop_carton))
    assert (info.model_name, info.runner.runner_name) == ("echo", "noop")
