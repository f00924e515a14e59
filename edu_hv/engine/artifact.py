"""The interpreter's module, made in advance.

`interpreter.bin` is shipped: a digest of the source it was made from, and the module.  When the source has changed the
module is made anew, which takes a tenth of a second; `python -m edu_hv.engine.artifact` (make engine) writes the file.
The machine code that wasmtime makes of it is kept in the user's cache directory, under a digest of its own: a damaged
file is not used.
"""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path

import platformdirs
import wasmtime

from edu_hv.engine import evaluator, interpreter, lazy, memory, target, wasm
from edu_hv.machine.instructions import conditions, fields, hfp, packed
from edu_hv.machine.instructions.registry import SEMANTICS

FILE = Path(__file__).with_name("interpreter.bin")
DIGEST = 32
"""Bytes of a SHA-256 digest."""


def source_digest() -> bytes:
    """Of all that the module is made from."""
    functions = [SEMANTICS[row.mnemonic] for row in interpreter.COMPILED.values()]
    modules = {inspect.getmodule(function) for function in functions}
    modules |= {evaluator, interpreter, lazy, memory, target, wasm, conditions, fields, hfp, packed}
    digest = hashlib.sha256(repr(sorted(interpreter.COMPILED.items())).encode())
    digest.update(repr((memory.MAPS, memory.LINES, memory.PLACES, memory.STORAGE)).encode())
    for path in sorted(str(module.__file__) for module in modules if module):
        digest.update(Path(path).read_bytes())
    return digest.digest()


def module_bytes() -> bytes:
    """The interpreter in binary form: the shipped one, if it is of this source."""
    digest = source_digest()
    shipped = FILE.read_bytes() if FILE.exists() else b""
    return shipped[DIGEST:] if shipped[:DIGEST] == digest else made()


def made() -> bytes:
    """The interpreter, made now."""
    return bytes(wasmtime.wat2wasm(interpreter.build()))


def load(compiler: wasmtime.Engine) -> wasmtime.Module:
    """The interpreter as machine code: from the user's cache, or compiled and put there."""
    text = module_bytes()
    name = hashlib.sha256(text).hexdigest()
    path = Path(platformdirs.user_cache_dir("edu-hv")) / f"interpreter-{name[:24]}.bin"
    return _cached(compiler, path) or _compiled(compiler, text, path)


def _cached(compiler: wasmtime.Engine, path: Path) -> wasmtime.Module | None:
    try:
        found = path.read_bytes()
        if hashlib.sha256(found[DIGEST:]).digest() == found[:DIGEST]:
            return wasmtime.Module.deserialize(compiler, found[DIGEST:])
    except (OSError, wasmtime.WasmtimeError):
        pass  # There is none, or it is of another processor or version: it will be made.
    return None


def _compiled(compiler: wasmtime.Engine, text: bytes, path: Path) -> wasmtime.Module:
    module = wasmtime.Module(compiler, text)
    machine_code = bytes(module.serialize())
    temporary = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(hashlib.sha256(machine_code).digest() + machine_code)
        temporary.replace(path)
    except OSError:
        pass  # Without a cache it is compiled again next time.
    return module


if __name__ == "__main__":
    FILE.write_bytes(source_digest() + made())
