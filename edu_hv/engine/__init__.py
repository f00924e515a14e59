"""The machine's own instruction functions, compiled to WebAssembly.

`evaluator` walks the functions in `edu_hv.machine.instructions` and `target` says what they mean in compiled code.
With the operand fields left open that makes a complete `interpreter`; with the fields fixed it makes `regions`, for
what is executed often.  `tiers` runs both.  Needs the package wasmtime, which only `tiers` imports: without it the CPU
executes every instruction itself.
"""
