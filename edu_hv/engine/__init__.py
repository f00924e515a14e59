"""The machine's own instruction functions, compiled to WebAssembly.

`evaluator` walks the functions in `edu_hv.machine.instructions` and `target` says what they mean in compiled code.
With the operand fields left open that makes a complete `interpreter`; with the fields fixed it makes `regions`, for
what is executed often.  `tiers` runs both.  Needs the package wasmtime, which only `tiers` imports: without it the CPU
executes every instruction itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edu_hv.engine.tiers import Engine
    from edu_hv.machine.cpu import CPU


def make_engine(cpu: CPU) -> Engine | None:
    """An engine for a CPU; None without the package wasmtime, without room, or for another than System/370's."""
    try:
        import wasmtime

        from edu_hv.engine.tiers import Engine
    except ImportError:
        return None
    try:
        return Engine(cpu) if Engine.serves(cpu) else None
    except wasmtime.WasmtimeError:
        return None  # The host gives no room for a WebAssembly memory.
