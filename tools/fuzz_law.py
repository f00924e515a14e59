"""The law of time travel, by the thousand: instructions, device commands, random programs and guests, inputs.

    python -m tools.fuzz_law                                   some of everything
    python -m tools.fuzz_law --seed 7 --seeds 50 --programs 500
    python -m tools.fuzz_law --only "devices CTCA 02 3"        one failure again, as its first line names it

What must hold is in `law`.  A failure prints a line that makes it again, and where it differs first.
"""

import argparse
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from edu_hv.debugger.system import BARE, Input, System
from edu_hv.devices.catalog import DEVICE_TYPES
from tools import law_devices, law_programs
from tools.law import Inputs, branch_violations, compiled_violations, violations
from tools.law_instructions import EVERY, ON_S360, UNITS, UNITS_OF_GUEST, Host, bare, bare_360

Check = Callable[[], list[str]]
MOST_FAILURES = 8


def with_inputs(make: Callable[[], tuple[System, Inputs]], units: int, every: int = 1) -> list[str]:
    """The law for a system that comes with inputs."""
    return violations(lambda: make()[0], units, Random(1), make()[1], every=every)


def without(make: Callable[[], System], units: int, every: int = 1) -> list[str]:
    """The law for a system that nobody touches."""
    return violations(make, units, Random(1), every=every)


def instructions(first: int, count: int) -> Iterator[tuple[str, Check]]:
    """Every instruction, so many cases each."""
    hosts = Host(), Host(assist=True)
    for number in range(first, first + count):
        host = hosts[number // 2 % 2]
        for name in EVERY:
            yield f"bare {name} {number}", partial(without, partial(bare, name, number), UNITS)
            yield f"guest {name} {number}", partial(without, partial(host.about_to, name, number), UNITS_OF_GUEST)
        for name in ON_S360:
            yield f"360 {name} {number}", partial(without, partial(bare_360, name, number), UNITS)


def devices(first: int, count: int) -> Iterator[tuple[str, Check]]:
    """Every command of every device, in so many variants; the seed changes what is random in them."""
    units, units_of_guest = law_devices.UNITS, law_devices.UNITS_OF_GUEST
    for variant in range(first, first + count):
        for kind in DEVICE_TYPES:
            for code in law_devices.table(kind):
                make = partial(law_devices.bare, kind, code, variant)
                yield f"devices {kind} {code:02X} {variant}", partial(with_inputs, make, units)
        for kind in law_devices.UNDER_CP:
            for code in law_devices.virtual_table(kind):
                one = partial(law_devices.guest, kind, code, variant, variant % 2 == 1)
                yield f"virtual {kind} {code:02X} {variant}", partial(without, one, units_of_guest, 3)


def programs(first: int, count: int) -> Iterator[tuple[str, Check]]:
    """Random programs: by the CPU, by the engine, under CP; our own guests."""
    for seed in range(first, first + count):
        yield f"plain {seed}", partial(with_inputs, partial(law_programs.plain, seed), 600)
        yield f"engine {seed}", partial(engine, seed)
        yield f"scene {seed}", partial(with_inputs, partial(law_programs.scene, seed), 1500, 7)
        for name in law_programs.LOADINGS:
            yield f"{name} {seed}", partial(with_inputs, partial(law_programs.loaded, name, seed), 800, 7)
            yield f"branch of {name} {seed}", partial(branch, name, seed)


def engine(seed: int) -> list[str]:
    """A random program by compiled code."""
    return compiled_violations(lambda: law_programs.plain(seed)[0], 3000, Random(seed))


def branch(name: str, seed: int) -> list[str]:
    """Our guests, with another course of events from some position in the past on."""
    random = Random(f"branch {seed}")
    inputs = [given for some in law_programs.loaded(name, seed)[1].values() for given in some]
    given = random.choice(inputs) if inputs else Input("key", BARE)
    return branch_violations(lambda: law_programs.loaded(name, seed)[0], 300, random, given, every=7)


def run(checks: Iterator[tuple[str, Check]], only: str) -> tuple[int, int]:
    """Do them; how many there were, and how many were wrong."""
    count = wrong = 0
    for name, check in checks:
        if only not in ("", name):
            continue
        count += 1
        try:
            found = check()
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for.
            found = traceback.format_exc(limit=-3).splitlines()
        if found:
            wrong += 1
            print("\n   ".join([f'--only "{name}"', *found[:4]]), flush=True)
        if wrong >= MOST_FAILURES:
            break
    return count, wrong


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
    parser.add_argument("--seeds", type=int, default=3, help="cases of each instruction and of each device command (3)")
    parser.add_argument("--programs", type=int, default=20, help="seeds of random programs of each kind (20)")
    parser.add_argument("--only", default="", help="one check alone, by the name that a failure prints")
    options = parser.parse_args()
    begin, counted, failures = time.monotonic(), [], 0
    for title, checks in (
        ("instructions", instructions(options.seed, options.seeds)),
        ("device commands", devices(options.seed, options.seeds)),
        ("programs", programs(options.seed, options.programs)),
    ):
        count, wrong = run(checks, options.only)
        counted.append(f"{count} {title}")
        failures += wrong
    print(f"{', '.join(counted)} in {time.monotonic() - begin:.0f} s: {failures} wrong")
    raise SystemExit(bool(failures))


if __name__ == "__main__":
    main()
