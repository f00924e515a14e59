"""Sessions in which each kind of interruption, DIAGNOSE and virtual I/O comes once at least, and where it does.

A *scene* is loaded and run once; `Scene.found` has, by what a trap was, the position at which its step was complete.
"""

from dataclasses import dataclass, field
from functools import cache

from edu_hv.asm.assembler import assemble
from edu_hv.debugger.recording.journal import Entry
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.start import RealMachine
from edu_hv.debugger.system import SourceProgram
from edu_hv.hypervisor.decisions import DecisionTaken
from edu_hv.hypervisor.diagnose.services import SERVICES
from edu_hv.isa.codes import Class
from edu_hv.machine.events import AssistHandled, InterruptionRecognized, PSWsSwapped

CONSOLE_FUNCTION = 0x08
"""Its DIAGNOSE may put the guest into CP mode: it comes last."""
LIMIT, AT_ONCE = 40_000, 5_000


def program(*lines: str, new: str = "00000000") -> str:
    """A program in BC mode (new PSWs "00080000": EC mode) whose handlers go on behind what interrupted."""
    body = "\n".join(f"         {line}" for line in lines)
    return f"""T        START 0
         USING T,0
         DC    X'00000000',A(OVER)
         ORG   T+X'18'
         DC    4D'0'
         ORG   T+X'48'
         DC    A(CHAIN)
         ORG   T+X'50'
TIMER    DC    X'7FFFFFFF'
         ORG   T+X'58'
         DC    X'{new}',A(EXT)
         DC    X'{new}',A(SVCI)
         DC    X'{new}',A(PGM)
         DC    X'00020000',A(0)
         DC    X'{new}',A(IO)
         ORG   T+X'200'
BEGIN    DS    0H
{body}
OVER     LPSW  DONE
EXT      LPSW  24
SVCI     LPSW  32
PGM      LPSW  40
IO       LPSW  56
         DS    0D
DONE     DC    X'0002000000000EED'
WAIT     DC    X'FF020000',A(OVER)
ECWAIT   DC    X'030A0000',A(OVER)
ECMODE   DC    X'00080000',A(INEC)
ECPER    DC    X'40080000',A(INPER)
ALLON    DC    X'FF040000',A(INALL)
PROBLEM  DC    X'00010000',A(INPROB)
X        DC    D'0'
ONE      DC    D'1'
Y        DC    X'0000000700001234'
HUGE     DC    X'7FFFFFFFFFFFFFFF'
TINY     DC    X'0010000000000000'
SOON     DC    X'0000000000010000'
NOW      DC    X'0000000000000001'
CR0      DC    X'00000CE0'
CR9      DC    X'80000000'
CR8      DC    X'00008000'
MASKS    DC    X'0F000000'
BIG      DC    F'2000000000'
CHAIN    CCW   9,TEXT,X'20',5
TEXT     DC    C'HELLO'
PACKED   DC    X'00'
         DS    0H
EXED     EX    0,EXED
DIGITS   DC    X'9C'
NULL     DC    X'0C'
ON       DC    X'FF'
INALL    SVC   76
         MVI   X,1
         MVI   X,2
         MVI   X,3
         MVI   X,4
         LPSW  WAIT
INPROB   SSM   ON
         SVC   1
         B     OVER
INEC     LCTL  0,0,CR0
         SPT   SOON
         SCKC  NOW
         LPSW  ECWAIT
INPER    LCTL  9,9,CR9
         B     *+4
         B     OVER
         END   BEGIN
"""


PROGRAM_CHECKS = program(
    "DC X'0000'", "EX 0,ONE+1", "EX 0,EXED", "ST 0,X+1", "LCTL 8,8,CR8", "MC 0,8", "L 1,BIG", "LA 2,0(0)",
    "ICM 2,8,MASKS", "SPM 2", "AR 1,1", "DR 2,4", "CVB 1,X", "AP DIGITS(1),DIGITS(1)", "DP X(8),NULL(1)",
    "LD 0,HUGE", "MDR 0,0",
    "LD 2,TINY", "MDR 2,2", "SDR 4,4", "DDR 0,4", "LD 6,ONE", "SDR 6,6", "L 5,0(1)", "STM 2,3,1(1)", "LPSW PROBLEM",
)  # fmt: skip
EXTERNALS = program("LPSW ALLON")
TIMERS = program("LPSW ECMODE", new="00080000")
PER = program("LPSW ECPER", new="00080000")
CODES = sorted(SERVICES, key=lambda code: (code == CONSOLE_FUNCTION, code))
DIAGNOSES = program("LA 2,X", "LA 3,8", *(f"DC X'8323{code:04X}'" for code in CODES), "LPSW WAIT")
IO_INSTRUCTIONS = program(
    "TIO 9", "SIO 9", "TIO 9", "HIO 9", "HDV 9", "TCH 9", "STIDC 0", "CLRIO 9", "SIOF 14", "TIO 14", "SIO X'181'",
    "HIO X'181'", "TIO X'181'", "SIO X'FFF'", "SSM ON", "SPT SOON", "STPT X", "SCKC NOW", "STCKC X", "SCK X", "STIDP X",
    "IPK 0", "SPKA 0", "LA 3,2048", "ISK 2,3", "SSK 2,3", "RRB 2048", "LRA 4,0(0)", "PTLB", "STCTL 0,0,X",
    "STNSM X,255", "STOSM X,0", "SIGP 1,2,3", "DC X'B2110000'",
    "LPSW WAIT",
)  # fmt: skip


class _Source(SourceProgram):
    """A program in a machine that has ECMODE."""

    ecmode = True


@dataclass(frozen=True)
class Setting:
    """How a scene is loaded, and what is given to it: by the number of steps executed before."""

    name: str = ""
    source: str = ""
    cp: bool = True
    assist: bool = False
    size: int = 1 << 20
    given: tuple[tuple[int, str, str], ...] = ()
    limit: int = LIMIT


SETTINGS = {
    "kernel": Setting("kernel"),
    "kernel, bare": Setting("kernel", cp=False),
    "kernel, assist": Setting("kernel", assist=True, limit=12_000),
    "diagnose": Setting("diagnose"),
    "hostile": Setting("hostile"),
    "twospace": Setting("twospace", limit=4_000),
    "twospace, assist": Setting("twospace", assist=True, limit=4_000),
    "minicp": Setting("minicp", limit=4_000),
    "checks": Setting(source=PROGRAM_CHECKS, limit=800),
    "checks, bare": Setting(source=PROGRAM_CHECKS, cp=False, limit=200),
    "instructions": Setting(source=IO_INSTRUCTIONS),
    "instructions, bare": Setting(source=IO_INSTRUCTIONS, cp=False),
    "diagnoses": Setting(source=DIAGNOSES, limit=600),
    "externals": Setting(
        source=EXTERNALS,
        given=((1, "cp", "adstop 2c4"), (6, "key", ""), (11, "cp", "attn"), (20, "cp", "begin"), (99, "cp", "begin")),
        limit=400,
    ),
    "externals, bare": Setting(
        source=EXTERNALS,
        cp=False,
        given=((3, "key", ""), (7, "request", ""), (11, "failure", "system damage"), (14, "restart", "")),
        limit=60,
    ),
    "timers": Setting(source=TIMERS, limit=1_000),
    "timers, bare": Setting(source=TIMERS, cp=False, limit=300),
    "PER": Setting(source=PER),
    "PER, bare": Setting(source=PER, cp=False),
}  # fmt: skip

Key = tuple[object, ...]


@dataclass
class Scene:
    """A session that was run, and where in it what kind of trap was first."""

    session: DebugSession
    found: dict[Key, int] = field(default_factory=dict)
    """By class, code (0 for I/O) and the rules that fired; or by "assist" and what it did."""

    def where(self, kind: object, code: int | None = None, *rules: str) -> int:
        """The first such trap that these rules were fired for: where its step was complete."""
        for key, unit in self.found.items():
            if key[0] == kind and code in (None, key[1]) and set(rules) <= set(key[2:]):
                return unit
        raise LookupError(f"no {kind} {code} {rules}; there are {sorted(map(str, self.found))}")


@cache
def scene(name: str) -> Scene:
    """The scene, run to its end."""
    setting, session = SETTINGS[name], DebugSession()
    wanted = [_Source("T", assemble(setting.source, "T"))] if setting.source else None
    real = RealMachine(setting.size, setting.assist)
    if wanted:
        session.load_programs(wanted, setting.cp, real)
    else:
        session.load([setting.name], setting.cp, real)
    made, given = Scene(session), list(setting.given)
    recording, start = session.recording, session.step_number
    for _ in range(setting.limit):
        if not recording.in_step and given and session.step_number - start >= given[0][0]:
            _, kind, text = given.pop(0)
            session.give(kind, text)
        if not setting.given and not recording.in_step and recording.system.start_engine(set()):
            recording.run_compiled(AT_ONCE)
        if not recording.advance():
            if not given:
                break
            _, kind, text = given.pop(0)
            session.give(kind, text)
        elif not recording.in_step:
            for key in _keys(_of_step(session)):
                made.found.setdefault(key, recording.unit)
    return made


def _of_step(session: DebugSession) -> list[Entry]:
    """The entries of the step just done; an input may have brought the interruption that it took."""
    entries = session.journal.of_step(session.step_number)
    if entries and isinstance(entries[0].event, PSWsSwapped):
        return [*session.journal.of_step(session.step_number - 1), *entries]
    return entries


def _keys(entries: list[Entry]) -> list[Key]:
    """What a step was: one key for a trap with all its rules, or what the assist did."""
    traps = [entry.event for entry in entries if isinstance(entry.event, InterruptionRecognized)]
    taken = [entry.event for entry in entries if isinstance(entry.event, DecisionTaken)]
    rules = [word for event in taken for word in (event.verdict.rule.id, event.mnemonic) if word]
    if not traps:
        done = [("assist", entry.event.mnemonic) for entry in entries if isinstance(entry.event, AssistHandled)]
        return done or [("delivery", 0, *rules)] if done or any(not event.within for event in taken) else []
    declined = ["declined"] if any(type(entry.event).__name__ == "AssistDeclined" for entry in entries) else []
    code = 0 if traps[0].kind is Class.INPUT_OUTPUT else traps[0].code
    return [(traps[0].kind, code, *rules, *declined)]
