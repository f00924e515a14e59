"""Memory that compiled code works in, and calls of compiled code.  The one place that knows the package wasmtime.

The package's own call costs 13 microseconds and more: it looks up types and converts arguments each time.  Compiled
code here takes no arguments, so the C function behind it is called directly; where the package's bindings have changed,
its own call serves.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib import import_module
from typing import Any

import wasmtime

from edu_hv.engine import memory


def configuration() -> wasmtime.Config:
    """How modules are compiled."""
    config = wasmtime.Config()
    config.cranelift_opt_level = "speed"
    return config


class Linear:
    """One WebAssembly store with its memory and table of regions.

    `view` is the whole memory.  It keeps the store alive, so that no view of it can outlive what it shows.
    """

    def __init__(self, engine: wasmtime.Engine, size: int, regions: int) -> None:
        self.store = wasmtime.Store(engine)
        pages = memory.pages(size)
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(pages, pages)))
        limits = wasmtime.Limits(regions, regions)
        self.table = wasmtime.Table(self.store, wasmtime.TableType(wasmtime.ValType.funcref(), limits), None)
        self.view = self._whole_view(pages * memory.PAGE)
        self.view[memory.LENGTHS : memory.LENGTHS + 256] = memory.LENGTH_TABLE

    def _whole_view(self, length: int) -> memoryview:
        address = ctypes.addressof(self.memory.data_ptr(self.store).contents)
        array_type: Any = type("LinearBytes", (ctypes.c_ubyte * length,), {})
        array = array_type.from_address(address)
        array.owner = self.store
        return memoryview(array).cast("B")

    def instantiate(self, module: wasmtime.Module, imports: list[Any]) -> Any:
        """The exports of a new instance."""
        return wasmtime.Instance(self.store, module, imports).exports(self.store)

    def caller(self, function: wasmtime.Func) -> Callable[[], None]:
        """What calls a function without arguments and results, as directly as can be."""
        return direct_call(self.store, function) or public_call(self.store, function)


def public_call(store: wasmtime.Store, function: wasmtime.Func) -> Callable[[], None]:
    """Call by the package's own means."""
    return lambda: function(store)


def direct_call(store: wasmtime.Store, function: wasmtime.Func) -> Callable[[], None] | None:
    """Call the C interface with arguments made once; None when the bindings are not as expected."""
    try:
        bindings: Any = import_module("wasmtime._bindings")
        kind = ctypes.CFUNCTYPE(ctypes.c_void_p, *[ctypes.c_void_p] * 3, ctypes.c_size_t, ctypes.c_void_p)
        call = kind(("wasmtime_func_call_unchecked", bindings.dll))
        trap: Any = ctypes.POINTER(bindings.wasm_trap_t)()
        values = (bindings.wasmtime_val_raw_t * 1)()
        context = ctypes.cast(store._context(), ctypes.c_void_p).value
        arguments = context, ctypes.addressof(function._func), ctypes.addressof(values), 0, ctypes.addressof(trap)
    except (ImportError, AttributeError, TypeError):
        return None

    def run() -> None:
        if call(*arguments) is not None or bool(trap):
            raise RuntimeError("compiled code trapped: a defect of the engine")

    run.keeping = store, function, values, trap  # type: ignore[attr-defined]
    return run
