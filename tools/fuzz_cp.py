"""Random guests under CP, with few frames and many commands: nothing may break, and nobody else may notice.

    python -m tools.fuzz_cp --scenes 50 --twins 500 --seed 1     scenes of two guests, and guests beside bare machines
    python -m tools.fuzz_cp --scenes 1 --twins 0 --seed 77       one scene again, with what is wrong

A *scene* has an operator, two users whose machines execute random instructions, and a third who does nothing; all have
devices, and the frames do not suffice for them.  From seed to seed the assist is there or not.  What must hold: no
Python exception; what `tests.hypervisor.invariants` says, after each decision; an instruction of a guest stores into
that guest's frames and nothing else; the quiet user's machine, other users' cylinders and CP's new PSWs stay as they
are; a checkpoint leads to the same future, and so does a run that nobody observes.

*Twins* are a bare machine, a guest of CP, and a guest with the assist, that execute the same program.
"""

import argparse
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from edu_hv.debugger.recording.plain import plain
from edu_hv.devices.card_image import CARD
from edu_hv.devices.ckd_image import blank_volume
from edu_hv.devices.disk import Disk3330, Disk3350
from edu_hv.devices.tape import TapeDrive
from edu_hv.devices.tape_image import blank_tape
from edu_hv.engine import make_engine
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.commands import run_command
from edu_hv.hypervisor.commands.registry import CommandError, find
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.decisions import DecisionCarriedOut, Dispatched
from edu_hv.hypervisor.directory import parse
from edu_hv.hypervisor.logon import log_off, log_on, take_directory
from edu_hv.hypervisor.paging import PagingFailure
from edu_hv.hypervisor.paging_area import make_paging_volume
from edu_hv.hypervisor.vmblok import VMBLOK, keys_of
from edu_hv.isa.errors import UserError
from edu_hv.machine.events import StorageStored
from edu_hv.machine.machine import Machine
from edu_hv.machine.storage import FRAME
from tests.hypervisor.invariants import frames_of, locks, problems
from tools.fuzz_cp_commands import command_line
from tools.fuzz_cp_guests import GuestMaker
from tools.fuzz_cp_twins import PAGING, Tally, check_twins, start

SYSVOL, USRVOL, TAPES = 0x130, 0x350, (0x281, 0x282)
PASSWORDS = {"OPERATOR": "OPPW", "ANNE": "APW", "BILL": "BPW", "QUIET": "QPW"}
ACTIVE = ("ANNE", "BILL")
DIRECTORY = """\
DIRECTORY 350 3350 USRVOL
USER $TDSK$ NOLOG
 MDISK 100 3330 10 20 SYSVOL
USER OPERATOR OPPW 128K 256K ABCDEFG
 CONSOLE 009 3215
USER ANNE APW 64K 128K {classes}
 OPTION ECMODE
 CONSOLE 009 3215
 SPOOL 00C 2540 READER A
 SPOOL 00D 2540 PUNCH B
 SPOOL 00E 1403
 DEDICATE 181 281
 MDISK 191 3350 1 5 USRVOL MR ALL ALL ALL
 LINK MAINT 190 190 RR
 SPECIAL 450 CTCA
USER BILL BPW 64K 64K {classes}
 OPTION {option}
 CONSOLE 009 3215
 SPOOL 00C 2540 READER A
 SPOOL 00D 2540 PUNCH B
 SPOOL 00E 1403
 DEDICATE 181 282
 MDISK 191 3350 12 3 USRVOL MR ALL ALL ALL
 MDISK 192 3330 T-DISK 2
 LINK MAINT 190 190 RR
 SPECIAL 450 CTCA
 SPECIAL 7C0 3270
USER MAINT MPW 64K
 MDISK 190 3350 6 4 USRVOL MR RPASS
USER QUIET QPW 64K
 CONSOLE 009 3215
 SPOOL 00C 2540 READER A
 MDISK 191 3350 16 2 USRVOL MR
"""
WRITABLE = {*range(1, 6), *range(12, 15)}
"""Cylinders of USRVOL on which anybody may write."""
COUPLED = ("COUPLE 450 TO BILL 450",)


@dataclass(frozen=True)
class Action:
    """Something that happens from outside; then so many units pass."""

    what: str
    userid: str
    text: str
    number: int
    units: int


@dataclass
class Scene:
    """A machine under CP."""

    seed: int
    observed: bool = True
    found: list[str] = field(default_factory=list)
    """What was wrong."""
    stores: list[tuple[int, int]] = field(default_factory=list)
    actions: int = 0

    def __post_init__(self) -> None:
        random = Random(self.seed)
        self.machine = Machine(0x10000 + random.choice((10, 12, 16, 24, 60)) * FRAME)
        self.assisted = random.random() < 0.4
        if self.assisted:
            self.machine.install_assist()
        self._devices(random)
        self.cp = ControlProgram(self.machine)
        if random.random() < 0.85 or self.machine.storage.size < 0x20000:
            self.cp.paging.attach_area(PAGING)
        classes, option = random.choice(("G", "G", "BEG")), random.choice(("ECMODE BMX", "REALTIMER", "ECMODE SVCOFF"))
        take_directory(self.cp, parse(DIRECTORY.format(classes=classes, option=option), "users.direct"))
        if self.observed:
            self.machine.observe(self._observe)
        self._log_on_all()
        self._share(random)
        if not self.observed:
            self.machine.engine = make_engine(self.machine.cpu)
        self.quiet = self._quiet_state()
        self.tracks = self._foreign_tracks()
        self.new_psws = self.machine.storage.read(0x58, 0x28)

    def _devices(self, random: Random) -> None:
        attach = self.machine.channels.attach
        attach(PAGING, make_paging_volume(random.choice((8, 8, 2))))
        attach(USRVOL, Disk3350(blank_volume("3350", "USRVOL", 20)))
        attach(SYSVOL, Disk3330(blank_volume("3330", "SYSVOL", 40)))
        for address in TAPES:
            attach(address, TapeDrive(blank_tape("REEL")))

    def _log_on_all(self) -> None:
        for userid, password in PASSWORDS.items():
            log_on(self.cp, userid, password)
        quiet = self.cp.vm("QUIET")
        for at in range(0, quiet.vmsize, FRAME):
            quiet.cpu.store_real(at, bytes([at >> 12 | 0x50]) * FRAME)
            self.cp.paging.hold_none()
        for userid in (*ACTIVE, "QUIET"):
            self.cp.spool.add_deck(userid, [bytes([0x40 + n]) * CARD for n in range(3)])
        run_command(self.cp, self.cp.vm("ANNE"), COUPLED[0])

    def _share(self, random: Random) -> None:
        """Saved systems and segments; little free storage is left."""
        operator = self.cp.vm("OPERATOR")
        if random.random() < 0.6:
            for name in random.sample(("CMSX 0-4 EW 5-7 SR 64K", "SEGX 10-1F SR", "SEGY 0-F SR", "SEGZ 8-A EW"), 2):
                run_command(self.cp, operator, f"DEFSYS {name}")
                run_command(self.cp, operator, f"SAVESYS {name.split()[0]}")
        if random.random() < 0.15:
            left = random.randrange(0x400, 0x6000, 8)
            while True:
                try:
                    self.cp.free_storage.get(0x400)
                except MemoryError:
                    break
            for address in sorted(at for at, length in self.cp.free_storage.taken.items() if length == 0x400)[
                : left // 0x400
            ]:
                self.cp.free_storage.free(address)

    # ---- what must not change ----------------------------------------------------------------------------------------

    def _quiet_state(self) -> tuple[object, ...]:
        vm = self.cp.vm("QUIET")
        lines = [line.text for line in vm.terminal if not line.cp]
        registers = str(vm.vmpsw), tuple(vm.vmgprs), tuple(vm.vmfprs), tuple(vm.cpu.cr)
        return vm.peek(0, vm.vmsize), keys_of(vm), registers, tuple(lines), vm.vmrstat, sorted(vm.devices)

    def _foreign_tracks(self) -> list[bytes]:
        volume = self.machine.channels.devices[USRVOL].volume  # type: ignore[attr-defined]
        heads = volume.model.heads
        return [volume.track(n) for n in range(volume.tracks) if n // heads not in WRITABLE]

    def _observe(self, event: object) -> None:
        if isinstance(event, StorageStored):
            self.stores.append((event.absolute, len(event.new)))
            return
        if isinstance(event, DecisionCarriedOut | Dispatched) and not self.found:
            self.found += [*problems(self.cp), *self._strange_registers()]

    def _strange_registers(self) -> list[str]:
        """Registers whose value is a flag or an enumeration: its arithmetic is another one."""
        every = ((vm.vmuser, value) for vm in self.cp.vms for value in (*vm.vmgprs, *vm.vmfprs, *vm.cpu.cr))
        return [f"a register of {userid} is {value!r}" for userid, value in every if type(value) is not int]

    def _check_stores(self, vm: VMBLOK) -> None:
        """What the last unit, an instruction of this guest, has stored."""
        allowed = {0, *frames_of(vm.storage).values()}
        strange = [at for at, _ in self.stores if at // FRAME * FRAME not in allowed]
        if strange and not (self.assisted and all(0x2000 <= at < 0x10000 for at in strange)):
            self.found.append(f"{vm.vmuser} has stored at {strange[0]:06X}")

    def check_others(self) -> None:
        """What nobody may have changed."""
        if self._quiet_state() != self.quiet:
            self.found.append("the quiet machine is not as it was")
        if self.machine.storage.read(0x58, 0x28) != self.new_psws:
            self.found.append("CP's new PSWs are not as they were")
        if self._foreign_tracks() != self.tracks:
            self.found.append("a track of somebody else is not as it was")

    # ---- what happens ------------------------------------------------------------------------------------------------

    def run(self, units: int) -> None:
        """So many units."""
        machine, cp = self.machine, self.cp
        if not self.observed:
            machine.run(units)
            return
        for _ in range(units):
            running, due = cp.running_vm, machine.channels.next_event
            quiet = due is None or due > machine.clocks.now
            self.stores.clear()
            if not machine.advance() or self.found:
                return
            if running is not None and self.stores and quiet and cp.running_vm is running and not machine.recognized:
                self._check_stores(running)

    def do(self, action: Action) -> None:
        """One action, and the units behind it."""
        self.actions += 1
        vm = self.cp.logged_on(action.userid)
        if action.what == "key":
            self.machine.press_interrupt_key()
        elif vm is None:
            self._logon(action.userid)
        elif action.what == "command":
            self._command(vm, action.text)
        elif action.what == "input":
            self.cp.console_input(vm, action.text)
        elif action.what == "ipl":
            deck = GUESTS[action.text].deck()
            self.cp.spool.add_deck(action.userid, [deck[at : at + CARD] for at in range(0, len(deck), CARD)])
            self._command(vm, "IPL 00C CLEAR")
        elif action.what == "load":
            with suppress(PagingFailure):
                start(self.cp, vm, GuestMaker(Random(action.number), vm.ecmode).image())
        self.run(action.units)

    def _logon(self, userid: str) -> None:
        try:
            log_on(self.cp, userid, PASSWORDS[userid], ipl=False)
        except (CommandError, UserError):
            return

    def _command(self, vm: VMBLOK, line: str) -> None:
        word = line.split()[0]
        found = find(word, vm.vmcls)
        before = self.state() if self.observed and found is not None and found.looks and self.actions % 4 == 0 else None
        try:
            run_command(self.cp, vm, line)
        except UserError:
            return
        if before is not None and self.state() != before:
            self.found.append(f"{line} has changed something: {difference(before, self.state())}")

    def end(self) -> list[str]:
        """The two users log off, and what was under way ends: no frame is locked, nobody else has noticed."""
        for userid in ACTIVE:
            vm = self.cp.logged_on(userid)
            if vm is not None:
                log_off(self.cp, vm)
        self.run(3_000)
        self.check_others()
        return [*self.found, *locks(self.cp)]

    # ---- checkpoints -------------------------------------------------------------------------------------------------

    def save(self) -> tuple[Any, Any]:
        """A checkpoint."""
        return self.machine.state(), self.cp.state()

    def restore(self, saved: tuple[Any, Any]) -> None:
        """Go back to it."""
        self.machine.restore(saved[0])
        self.cp.restore(saved[1])

    def state(self) -> Any:
        """All of it, as values; also the copies in the VMBLOK of what the real registers have while the guest runs."""
        with self.cp.registers_in_vmblok():
            pass
        return plain(self.machine.state()), plain(self.cp.state())


def difference(first: Any, second: Any, path: str = "") -> str:
    """Where two states differ first, and how."""
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            if one != other:
                name = one[0] if isinstance(one, tuple) and one and isinstance(one[0], str) else number
                return difference(one, other, f"{path}/{number if name == number else f'{number}:{name}'}")
    if isinstance(first, bytes | bytearray) and isinstance(second, bytes | bytearray):
        at = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), -1)
        return f"{path} +{at:X}: {bytes(first[at : at + 8]).hex()} {bytes(second[at : at + 8]).hex()}"
    return f"{path}: {str(first)[:200]} | {str(second)[:200]}"


def script(seed: int) -> list[Action]:
    """What happens in a scene."""
    random = Random(f"script {seed}")
    actions = [Action("load", userid, "", random.getrandbits(32), random.randrange(300)) for userid in ACTIVE]
    for _ in range(random.randrange(15, 50)):
        what = random.choices(("command", "load", "ipl", "input", "key"), (60, 25, 8, 8, 2))[0]
        userid = random.choices((*ACTIVE, "OPERATOR"), (5, 5, 3))[0] if what == "command" else random.choice(ACTIVE)
        text = command_line(random).split("\x15")[0] if what == "command" else random.choice(("", "HELLO", "X" * 200))
        text = random.choice(sorted(GUESTS)) if what == "ipl" else text
        units = random.choice((0, 1, 7, 50, 300, 1500))
        if what in ("load", "ipl"):
            units = random.choice((300, 1000, 3000))
        actions.append(Action(what, userid, text, random.getrandbits(32), units))
        if random.random() < 0.5 and what == "command":
            actions.append(Action("command", random.choice(ACTIVE), "BEGIN", 0, units))
    return actions


def check_scene(seed: int, tally: Tally, actions: list[Action] | None = None) -> list[str]:
    """Play one scene, part of it twice, and all of it again without an observer.  What was wrong."""
    actions = script(seed) if actions is None else actions
    random = Random(f"checkpoint {seed}")
    begin = random.randrange(len(actions))
    end = random.randrange(begin, min(begin + 12, len(actions))) + 1
    scene, last = Scene(seed), None
    saved = scene.save()
    try:
        for number, last in enumerate(actions):
            if number == begin:
                saved = scene.save()
            scene.do(last)
            if scene.found:
                return [f"seed {seed}, action {number} {last}", *scene.found]
            if number + 1 == end:
                found = _again(scene, saved, actions[begin:end])
                if found:
                    return [f"seed {seed}, actions {begin} to {end} again", *found]
        scene.check_others()
        found = scene.found or _unobserved(scene, seed, actions)
        _count(scene, tally)
        found = found or scene.end()
        return [f"seed {seed}, at the end", *found] if found else []
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for.
        return [f"seed {seed}, action {scene.actions - 1} {last}", traceback.format_exc()]


def _again(scene: Scene, saved: tuple[Any, Any], actions: list[Action]) -> list[str]:
    """Go back, do the same: what is not the same."""
    expected = scene.state()
    scene.restore(saved)
    for action in actions:
        scene.do(action)
    after = scene.state()
    return [] if after == expected else [difference(expected, after)]


def _unobserved(scene: Scene, seed: int, actions: list[Action]) -> list[str]:
    """The same without an observer."""
    other = Scene(seed, observed=False)
    for action in actions:
        other.do(action)
    expected, after = scene.state(), other.state()
    return [] if after == expected else [f"unobserved: {difference(expected, after)}"]


def _count(scene: Scene, tally: Tally) -> None:
    tally.scenes += 1
    tally.units += scene.machine.units
    tally.actions += scene.actions
    tally.checkpoints += 1
    tally.decisions += sum(scene.cp.counts.values())
    tally.page_reads += sum(vm.storage.page_reads for vm in scene.cp.vms)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--twins", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--failures", type=int, default=5)
    options = parser.parse_args()
    tally, failures, start = Tally(), 0, time.monotonic()
    for seed in range(options.seed, options.seed + options.scenes):
        found = check_scene(seed, tally)
        if found:
            failures += 1
            print("\n   ".join(found), flush=True)
        if failures >= options.failures:
            break
    for seed in range(options.seed, options.seed + options.twins):
        found = check_twins(seed, tally)
        if found:
            failures += 1
            print("\n   ".join(found), flush=True)
        if failures >= options.failures:
            break
    print(f"{tally}, {failures} wrong, {time.monotonic() - start:.0f} s")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
