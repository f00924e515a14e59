"""Systems that run random programs, with random inputs, for the law of time travel: bare, under CP, our own guests."""

from contextlib import suppress
from dataclasses import dataclass
from random import Random

from edu_hv.debugger.start import RealMachine, bare, under_cp
from edu_hv.debugger.system import BARE, Input, System
from edu_hv.guests import catalog
from edu_hv.guests.catalog import GUESTS
from edu_hv.hypervisor.paging import PagingFailure
from tools.fuzz import Generator
from tools.fuzz_cp import PASSWORDS, Action, Scene, script
from tools.fuzz_cp_guests import GuestMaker
from tools.fuzz_cp_twins import start
from tools.law import Inputs, system_of

UNITS = 400
COMMANDS = (
    "begin", "begin", "display psw", "store g5 5", "external", "system reset", "set assist on", "set assist off",
    "trace all run", "trace end", "spool printer close", "close printer", "define 3215 01f", "detach 181", "attn",
    "ipl 00c", "set ecmode on", "query virtual", "adstop 300", "set timer real", "stop", "logoff", "rewind 181",
    "per store run", "per end", "set pagex on", "store 1000 00",
)  # fmt: skip


def plain(seed: int) -> tuple[System, Inputs]:
    """A bare machine with a random program, whose INTERRUPT key is pressed now and then."""
    generator = Generator(Random(seed))
    machine, random = generator.program().machine(), Random(f"keys {seed}")
    keys = [Input("key", BARE)]
    return system_of(machine), {random.randrange(UNITS): keys for _ in range(random.randrange(5))}


def scene(seed: int) -> tuple[System, Inputs]:
    """CP with two users whose machines execute random instructions; what is typed is random, too."""
    made = Scene(seed)
    system = System(made.machine, made.cp, [])
    inputs: dict[int, list[Input]] = {}
    at = 0
    for action in script(seed):
        if action.what == "load":
            vm = made.cp.logged_on(action.userid)
            if vm is not None and not at:
                with suppress(PagingFailure):
                    start(made.cp, vm, GuestMaker(Random(action.number), vm.ecmode).image())
            continue
        inputs.setdefault(at, []).extend(_given(action))
        at += action.units % 60
    return system, inputs


def _given(action: Action) -> list[Input]:
    """What happens in a scene as inputs of the debugger."""
    name = action.userid
    match action.what:
        case "command":
            return [Input("cp", name, action.text)]
        case "input":
            return [Input("enter", name, action.text)]
        case "key":
            return [Input("key", name), Input("logon", "", f"{name} {PASSWORDS[name]} noipl")]
        case _:
            deck = GUESTS[action.text].deck() or b""
            return [Input("deck", name, data=deck), Input("cp", name, "IPL 00C")]


@dataclass(frozen=True)
class Loading:
    """What is loaded, on which real machine."""

    programs: tuple[str, ...]
    to_cp: bool = True
    size: int = 1 << 20
    assist: bool = False


LOADINGS = {
    "kernel, bare": Loading(("kernel",), False),
    "minicp, bare": Loading(("minicp",), False),
    "kernel in 128K": Loading(("kernel", "busy"), size=128 * 1024),
    "twospace with assist": Loading(("twospace", "kernel"), size=160 * 1024, assist=True),
    "minicp": Loading(("minicp",)),
    "minicp with assist": Loading(("minicp", "second"), size=192 * 1024, assist=True),
    "two guests": Loading(("kernel", "second")),
    "diagnose": Loading(("diagnose", "parakernel")),
    "hostile": Loading(("hostile", "hello"), assist=True),
}


def loaded(name: str, seed: int, most: int = 6000) -> tuple[System, Inputs]:
    """Our guests, somewhere in what they do, and what their users type."""
    loading, random = LOADINGS[name], Random(f"{name} {seed}")
    programs = [catalog.find(program) for program in loading.programs]
    real = RealMachine(loading.size, loading.assist)
    system = under_cp(programs, real) if loading.to_cp else bare(programs[0])
    system.machine.run(random.randrange(most))
    inputs: dict[int, list[Input]] = {}
    for _ in range(random.randrange(6)):
        inputs.setdefault(random.randrange(UNITS), []).append(_typed(random, system))
    return system, inputs


def _typed(random: Random, system: System) -> Input:
    """A line, a key, or a command."""
    if system.cp is None:
        return random.choice((Input("key", BARE), Input("enter", BARE, "LINE"), Input("request", BARE)))
    name = random.choice(system.guests).name if system.guests else ""
    kinds = (
        Input("cp", name, random.choice(COMMANDS)), Input("cp", name, random.choice(COMMANDS)),
        Input("enter", name, "LINE"), Input("key", name), Input("logon", "", f"{name} GUEST"),
    )  # fmt: skip
    return random.choice(kinds)
