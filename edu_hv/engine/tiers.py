"""The engine: the CPU's instructions executed by compiled code.

`Engine.run` puts the CPU's registers into the state area, calls the interpreter, and takes them out again.  Storage,
its line flags and the access maps live in the linear memory all the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import wasmtime

from edu_hv.engine import artifact, memory
from edu_hv.engine.inspection import Inspection
from edu_hv.engine.interpreter import Reason
from edu_hv.engine.linear import Linear, configuration
from edu_hv.engine.regions import Region, compile_region
from edu_hv.machine.cpu import CPU, AccessMaps
from edu_hv.machine.storage import BLOCK, BLOCK_SHIFT, CODE, LINE_SHIFT, UNRESOLVED

REGIONS = 2000
"""Regions that a store is used for.  It never frees one, so all begins again with another store."""
THRESHOLD = 8192
"""By then the interpreter has spent about as long on a place as compiling it takes."""
NEVER = memory.STOP - 1
"""A threshold: no regions are compiled."""
ATTEMPTS = 8
"""Regions compiled at a place before it is left to the interpreter."""
NOWHERE = -1
SHORT_RUN = 4
"""Instructions for which coming and going does not pay."""
PATIENCE = 8
"""Short runs in sequence that are borne."""
LONGEST_REST = 64
"""Units in sequence that are left to the CPU before compiled code is tried again."""
_REASONS = tuple(Reason)


@cache
def shared() -> tuple[wasmtime.Engine, wasmtime.Module]:
    """The compiler and the interpreter, for all machines."""
    engine = wasmtime.Engine(configuration())
    return engine, artifact.load(engine)


class Engine:
    """Executes what it can of the instructions of one CPU.  `reason`: why the last `run` ended.

    `threshold`: how often a place is branched to before a region is compiled there.
    """

    def __init__(self, cpu: CPU, threshold: int = THRESHOLD) -> None:
        if not self.serves(cpu):
            raise TypeError("compiled code is for a System/370 CPU")
        self.cpu = cpu
        self.reason = Reason.LIMIT
        self.stops: set[int] = set()
        """Logical addresses of instructions that are not to be executed."""
        self.executed = 0
        """Instructions executed so far."""
        self.compiled = 0
        """Regions compiled so far."""
        self.threshold = max(threshold, 1)
        self._compiler, self._interpreter = shared()
        cpu.storage.on_flagged_store = self.invalidate
        self._linear: Linear
        self._regions: dict[int, Region] = {}
        """By absolute address."""
        self._on_line: dict[int, set[int]] = {}
        """The regions, by absolute address, that have instructions on a line."""
        self._attempts: dict[int, int] = {}
        """How often a region was compiled at an absolute address."""
        self._marks: set[int] = set()
        """Absolute addresses of stops."""
        self._inspection: Inspection | None = None
        """Which other instructions are left to the CPU, if any."""
        self._short_runs = self._rest = 0
        self._left_at = NOWHERE
        """The instruction that the last run left to the CPU: when it is still the next one, nothing has to be tried."""
        self._move(Linear(self._compiler, cpu.storage.size, REGIONS))

    @staticmethod
    def serves(cpu: CPU) -> bool:
        """Whether compiled code does what this CPU does: another kind may change what instructions mean."""
        return type(cpu) is CPU

    def _move(self, linear: Linear) -> None:
        """Take another linear memory into use; it has no regions."""
        for line in self._on_line:
            self.cpu.storage.clear_flags(line, CODE)
        self._regions.clear()
        self._on_line.clear()
        self._attempts.clear()
        self._marks = set()
        self._linear, self._numbers = linear, 0
        storage, view = self.cpu.storage, linear.view
        size = storage.size
        data = view[memory.STORAGE : memory.STORAGE + size]
        lines = view[memory.LINES : memory.LINES + len(storage.line_flags)]
        storage.adopt(data, lines, view[memory.WATCHED : memory.WATCHED + len(storage.watched)])
        self.places = view[memory.PLACES : memory.PLACES + size].cast("H")
        """How often each halfword was branched to, or which region is there, or `memory.STOP`."""
        self._state = view[: memory.STATE.size]
        self.cpu.use_map_factory(self._make_maps)
        exports = linear.instantiate(self._interpreter, [linear.memory, linear.table])
        self._exported = exports["run"]
        self._call = linear.caller(self._exported)
        if self._inspection is not None:
            self._inspection.stop_everywhere(self.places)
        self._imports = [linear.memory, exports["look_fetch"], exports["look_store"], linear.table]

    def _make_maps(self, slot: int) -> AccessMaps:
        start = memory.MAPS + 2 * memory.MAP * slot
        view = self._linear.view
        maps = AccessMaps(*(view[at : at + memory.MAP].cast("i") for at in (start, start + memory.MAP)))
        for map_ in maps:
            map_[:] = AccessMaps.new().fetch
        return maps

    # ---- running ---------------------------------------------------------------------------------------------------

    def run(self, limit: int) -> int:
        """Execute up to `limit` instructions; how many were executed."""
        psw, left = self.cpu.psw, limit
        if self.stops and psw.instruction_address in self.stops:
            self.reason = Reason.STOPPED
            return 0
        if psw.instruction_address == self._left_at or self._rest:
            self._left_at, self._rest = NOWHERE, max(self._rest - 1, 0)
            self.reason = Reason.LEFT
            return 0
        while left > 0:
            left -= self._run_once(left)
            if self.reason is not Reason.HOT and not self._learns():
                break
        if self.stops:
            self._tell_stop()
        self._left_at = psw.instruction_address if self.reason is Reason.LEFT and left < limit else NOWHERE
        self._note_length(limit - left)
        self.executed += limit - left
        return limit - left

    def _run_once(self, limit: int) -> int:
        cpu = self.cpu
        if cpu.slot < 0:
            cpu.select_maps()
        if self.stops or self._marks:
            self._mark_stops()
        psw, fetch_map = cpu.psw, memory.MAPS + 2 * memory.MAP * cpu.slot
        maps = fetch_map, fetch_map + memory.MAP
        flow = psw.instruction_address, psw.cc, psw.program_mask, 0, limit
        control = *maps, self.threshold, len(self._marks) + (self._inspection is not None), 0
        memory.STATE.pack_into(self._state, 0, *cpu.gr, *flow, *control, *cpu.fpr)
        self._call()
        values = memory.STATE.unpack_from(self._state)
        left: int = values[20]
        if left != limit:  # Nothing is set again that nobody has set: somebody may be looking at who sets it.
            cpu.gr[:], cpu.fpr[:] = values[:16], values[26:]
            psw.instruction_address, psw.cc, psw.program_mask = values[16:19]
        self.reason = _REASONS[values[19]]
        if self.reason is Reason.HOT:
            self._hot(values[25])
        return limit - left

    def _note_length(self, executed: int) -> None:
        """After many short runs in sequence, let the CPU work a while: coming and going costs more than it helps."""
        if executed >= SHORT_RUN or self.reason is not Reason.LEFT:
            self._short_runs = 0
            return
        self._short_runs += 1
        if self._short_runs >= PATIENCE:
            self._rest = min(self._short_runs, LONGEST_REST)

    # ---- stops -----------------------------------------------------------------------------------------------------

    def _mark_stops(self) -> None:
        """Mark the places where the stops are now.

        One in a block that is not resolved is found when the first instruction fetched there is left to the CPU.
        """
        marks = set()
        for stop in self.stops:
            entry = self.cpu.fetch_map[stop >> BLOCK_SHIFT]
            if entry != UNRESOLVED:
                marks.add((entry if entry >= 0 else -2 - entry) + (stop & BLOCK - 1))
        if marks == self._marks:
            return
        gone, new, self._marks = self._marks - marks, marks - self._marks, marks
        for absolute in gone:
            self.places[absolute >> 1] = 0
            if self._inspection is not None:
                self._inspection.unstopped(absolute)
        for absolute in new:
            self.invalidate(absolute, 1)
            self.places[absolute >> 1] = memory.STOP

    @property
    def marks(self) -> set[int]:
        """Absolute addresses of the stops."""
        return self._marks

    def _tell_stop(self) -> None:
        """A mark was met at another logical address, or an instruction was left to the CPU at a stop."""
        if self.cpu.psw.instruction_address in self.stops:
            self.reason = Reason.STOPPED
        elif self.reason is Reason.STOPPED:
            self.reason = Reason.LEFT

    # ---- leaving instructions to the CPU ---------------------------------------------------------------------------

    @contextmanager
    def leaving(self, left: Sequence[int]) -> Iterator[None]:
        """Inside, instructions are not executed whose first halfword has an item in `left` (65,536) that is not zero;
        of EXECUTE that instruction counts, not its target.  Stops that were set before are taken away."""
        attempts = dict(self._attempts)
        self.stops = set()
        if self._marks:
            self._mark_stops()
        self._drop_all()
        self._inspection = Inspection(self, left)
        self._inspection.stop_everywhere(self.places)
        try:
            yield
        finally:
            inspection, self._inspection = self._inspection, None
            self._drop_all()
            for line in sorted(inspection.lines):
                self.cpu.storage.clear_flags(line, CODE)
            self.places[:] = memoryview(bytes(2 * len(self.places))).cast("H")
            self._marks = set()
            self._attempts = attempts

    def _drop_all(self) -> None:
        for absolute in sorted(self._regions):
            self._drop(absolute)

    def _learns(self) -> bool:
        """Whether a stop was one only because nothing was known of its line."""
        return self._inspection is not None and self.reason is Reason.STOPPED and self._inspection.learns()

    # ---- regions ---------------------------------------------------------------------------------------------------

    def _hot(self, absolute: int) -> None:
        """A place was branched to often, or its region refused to begin."""
        self._drop(absolute)
        self.places[absolute >> 1] = memory.STOP if absolute in self._marks else 0
        attempts = self._attempts[absolute] = self._attempts.get(absolute, 0) + 1
        if attempts <= ATTEMPTS and self.threshold < NEVER:
            self.compile_at(absolute)

    def compile_at(self, absolute: int) -> None:
        """Make the region at the CPU's present instruction address, which is `absolute`."""
        cpu, storage = self.cpu, self.cpu.storage
        start = cpu.psw.instruction_address
        data = storage.read(absolute & ~(BLOCK - 1), BLOCK)
        stops = self.stops if self._inspection is None else self._inspection.stops(start, absolute)
        region = compile_region(data, start, absolute, cpu.gr, stops)
        if region is None:
            return
        if self._numbers == REGIONS:
            self._move(Linear(self._compiler, storage.size, REGIONS))
        module = wasmtime.Module(self._compiler, bytes(wasmtime.wat2wasm(region.text)))
        function = self._linear.instantiate(module, self._imports)["region"]
        self._linear.table.set(self._linear.store, self._numbers, function)
        self.places[absolute >> 1] = memory.FIRST_REGION + self._numbers
        self._numbers += 1
        self.compiled += 1
        self._regions[absolute] = region
        for line in region.lines:
            self._on_line.setdefault(line, set()).add(absolute)
            storage.set_flags(line, CODE)

    def invalidate(self, absolute: int, length: int) -> None:
        """Drop the regions of which a store has changed instructions."""
        for line in range(absolute >> LINE_SHIFT, (absolute + length - 1 >> LINE_SHIFT) + 1):
            for place in list(self._on_line.get(line, ())):
                self._drop(place)
        if self._inspection is not None:
            self._inspection.changed(absolute, length)

    def _drop(self, absolute: int) -> None:
        """Forget a region, if there is one."""
        region = self._regions.pop(absolute, None)
        if region is None:
            return
        self.places[absolute >> 1] = 0
        for line in region.lines:
            places = self._on_line[line]
            places.discard(absolute)
            if not places:
                del self._on_line[line]
                if self._inspection is None or line not in self._inspection.lines:
                    self.cpu.storage.clear_flags(line, CODE)
