"""Runs in the reference's own environment: `info PATH`, or `pack` with JSON on stdin; prints JSON."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import sys

import numpy

import cartonml


def encode_array(value):
    buffer = io.BytesIO()
    numpy.save(buffer, value)
    return {"npy": base64.b64encode(buffer.getvalue()).decode()}


def decode(value):
    if "npy" in value:
        return numpy.load(io.BytesIO(base64.b64decode(value["npy"])))
    return base64.b64decode(value["bytes"])


def decode_map(values):
    return None if values is None else {name: decode(value) for name, value in values.items()}


async def encode(value):
    if hasattr(value, "get"):
        return encode_array(await value.get())
    return {"bytes": base64.b64encode(await value.read()).decode()}


async def encode_map(values):
    return None if values is None else {name: await encode(value) for name, value in values.items()}


def encode_specs(specs):
    keys = ("name", "dtype", "shape", "description", "internal_name")
    return None if specs is None else [{key: getattr(spec, key) for key in keys} for spec in specs]


async def encode_tests(tests, output):
    return None if tests is None else [
        {
            "name": test.name,
            "description": test.description,
            "inputs": await encode_map(test.inputs),
            output: await encode_map(getattr(test, output)),
        }
        for test in tests
    ]  # fmt: skip


TEXTS = """
    model_name short_description model_description license repository homepage required_platforms
"""


async def info(path):
    info = await cartonml.get_model_info(path)
    runner_keys = ("runner_name", "required_framework_version", "runner_compat_version", "opts")
    return {
        **{key: getattr(info, key) for key in TEXTS.split()},
        "inputs": encode_specs(info.inputs),
        "outputs": encode_specs(info.outputs),
        "self_tests": await encode_tests(info.self_tests, "expected_out"),
        "examples": await encode_tests(info.examples, "sample_out"),
        "runner": {key: getattr(info.runner, key) for key in runner_keys},
        "misc_files": await encode_map(info.misc_files or {}),
    }


async def pack(arguments):
    for key in ("inputs", "outputs"):
        if arguments.get(key) is not None:
            arguments[key] = [cartonml.TensorSpec(**spec) for spec in arguments[key]]
    for key, kind, output in (
        ("self_tests", cartonml.SelfTest, "expected_out"),
        ("examples", cartonml.Example, "sample_out"),
    ):
        if arguments.get(key) is not None:
            arguments[key] = [
                kind(**{**test, "inputs": decode_map(test["inputs"]), output: decode_map(test[output])})
                for test in arguments[key]
            ]
    if arguments.get("misc_files") is not None:
        arguments["misc_files"] = decode_map(arguments["misc_files"])
    return await cartonml.pack(**arguments)


work = info(sys.argv[2]) if sys.argv[1] == "info" else pack(json.load(sys.stdin))
result = asyncio.run(work)
print("RESULT " + json.dumps(result), flush=True)
