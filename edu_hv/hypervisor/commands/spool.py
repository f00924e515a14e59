"""The commands on virtual unit record devices: SPOOL, CLOSE, TAG (DMKCSP, DMKCST).  GC20-1820."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.commands.registry import Answer, command
from edu_hv.hypervisor.commands.spool_operands import SYSTEM, Operands, Output, Target, known, userid
from edu_hv.hypervisor.spooling.devices import SpooledReader
from edu_hv.hypervisor.spooling.files import CONSOLE, QUEUES, SFBLOK, TAG
from edu_hv.hypervisor.spooling.options import SpoolOptions
from edu_hv.hypervisor.spooling.printers import ConsoleSpool

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK


# ---- SPOOL ---------------------------------------------------------------------------------------------------------


class _Settings:
    """What one SPOOL command sets; the operands may come in any order."""

    def __init__(self, cp: "ControlProgram", vm: "VMBLOK", operands: Operands, targets: list[Target]) -> None:
        self.cp, self.vm, self.operands = cp, vm, operands
        self.reader = any(isinstance(target, SpooledReader) for target in targets)
        self.console = any(isinstance(target, ConsoleSpool) for target in targets)
        self.options: dict[str, Any] = {}
        """Attributes of SpoolOptions."""
        self.of_console: dict[str, bool] = {}
        """Attributes of ConsoleSpool."""
        self.close = self.purge = False

    def read(self) -> None:
        """Take all operands.  Raises CommandError 003E for one that there is not for this type of device."""
        while self.operands:
            if not (self._common() or (self._reader() if self.reader else self._output())):
                raise self.operands.error(3, f"INVALID OPTION - {self.operands.next()}")

    def _flag(self, attributes: dict[str, Any], name: str, on: str, off: str) -> bool:
        for value, word in ((True, on), (False, off)):
            if self.operands.take(word):
                attributes[name] = value
                return True
        return False

    def _common(self) -> bool:
        if self.operands.take("CLass"):
            self.options["sfbclas"] = self.operands.sfbclas(any_too=self.reader)
            return True
        return self._flag(self.options, "cont", "CONt", "NOCont") or self._flag(self.options, "hold", "HOld", "NOHold")

    def _reader(self) -> bool:
        return self._flag(self.options, "eof", "EOF", "NOEof")

    def _output(self) -> bool:
        take = self.operands.take
        if take("COpy"):
            self.options["copies"] = self.operands.copies()
        elif take("OFF"):
            self._send()
        elif take("To"):
            self._send(to=self._destination())
        elif take("For"):
            self._send(for_user=self._destination())
        elif take("CLOSE"):
            self.close = True
        elif take("PURGE"):
            self.close = self.purge = True
        else:
            return (self.console and self._console()) or self._bare_userid()
        return True

    def _console(self) -> bool:
        attributes = self.of_console
        return self._flag(attributes, "started", "STArt", "STOp") or self._flag(
            attributes, "on_terminal", "TErm", "NOTErm"
        )

    def _bare_userid(self) -> bool:
        """A userid without TO means the same as with it."""
        word = self.operands.words[0]
        if word not in ("*", SYSTEM) and not known(self.cp, word):
            return False
        self._send(to=self._destination())
        return True

    def _destination(self) -> str:
        """A userid; SYSTEM, the real device, is as good as OFF."""
        word = self.operands.next(20, "USERID MISSING OR INVALID")
        return "" if word == SYSTEM else userid(self.cp, self.vm, word, self.operands.module)

    def _send(self, to: str = "", for_user: str = "") -> None:
        self.options |= {"to": to, "for_user": for_user}


@command("SPool")
def spool(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """SPool {Reader | Printer | PUnch | CONsole | vaddr} options: what holds for the device's files from now on."""
    operands = Operands(words, "CSP")
    targets = operands.targets(cp, vm)
    if not operands:
        raise operands.error(26, "OPERAND MISSING OR INVALID")
    settings = _Settings(cp, vm, operands, targets)
    settings.read()
    return Answer([line for target in targets for line in _set(target, settings)])


def _set(target: Target, settings: _Settings) -> list[str]:
    target.options = replace(target.options, **settings.options)
    if isinstance(target, ConsoleSpool):
        target.started = settings.of_console.get("started", target.started)
        target.on_terminal = settings.of_console.get("on_terminal", target.on_terminal)
    if not settings.close or isinstance(target, SpooledReader):
        return []
    return _close(target, target.options, settings.purge, final=True)


# ---- CLOSE ---------------------------------------------------------------------------------------------------------


@command("CLose")
def close(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """CLose {Reader | Printer | PUnch | CONsole | vaddr} [HOld | NOHold] [PUrge] [DIst code] [Name fn ft | dsname]."""
    operands = Operands(words, "CSP")
    targets = operands.targets(cp, vm)
    purge, options = _close_options(operands, reader=any(isinstance(target, SpooledReader) for target in targets))
    lines: list[str] = []
    for target in targets:
        if isinstance(target, SpooledReader):
            target.close(options.get("hold"))
        else:
            lines += _close(target, replace(target.options, **options), purge)
    return Answer(lines)


def _close_options(operands: Operands, reader: bool) -> tuple[bool, dict[str, Any]]:
    """Whether to purge, and the attributes of SpoolOptions that hold for this one file."""
    purge, options = False, dict[str, Any]()
    while operands:
        if operands.take("HOld"):
            options["hold"] = True
        elif operands.take("NOHold"):
            options["hold"] = False
        elif not reader and operands.take("PUrge"):
            purge = True
        elif not reader and operands.take("DIst"):
            options["dist"] = operands.distribution()
        elif not reader and operands.take("Name"):
            options["name"] = operands.name()
        else:
            raise operands.error(3, f"INVALID OPTION - {operands.next()}")
    return purge, options


def _close(target: Output, options: SpoolOptions, purge: bool, final: bool = False) -> list[str]:
    closed = target.close(options, purge, final)
    return [closed.line] if closed.line else []


# ---- TAG -----------------------------------------------------------------------------------------------------------


@command("TAg")
def tag(cp: "ControlProgram", vm: "VMBLOK", words: list[str]) -> Answer:
    """TAg DEv device [text] | FIle spoolid [text] | QUery DEv device | QUery FIle spoolid."""
    operands = Operands(words, "CST")
    query = operands.take("QUery")
    if operands.take("FIle"):
        return _tag_file(cp, vm, operands, query)
    if not operands.take("DEv"):
        raise operands.error(26, "OPERAND MISSING OR INVALID")
    targets = operands.targets(cp, vm)
    if any(isinstance(target, SpooledReader) for target in targets):
        raise operands.error(6, f"INVALID DEVICE TYPE - {targets[0].address:03X}")
    if query:
        return Answer([line for target in targets for line in _tag_lines(target)])
    for target in targets:
        target.options = replace(target.options, tag=_tag_text(operands))
    return Answer()


def _tag_text(operands: Operands) -> str:
    return " ".join(operands.words)[:TAG]


def _tag_lines(target: Target) -> list[str]:
    kind = "CONS" if target.kind == CONSOLE else target.kind
    name = f"{kind} {target.address:03X} TAG"
    return [f"{name}:", target.options.tag] if target.options.tag else [f"{name} NOT SET"]


def _tag_file(cp: "ControlProgram", vm: "VMBLOK", operands: Operands, query: bool) -> Answer:
    sfblok = _own_file(cp, vm, operands)
    if query:
        return Answer([cp.spool.tag(sfblok) or "(TAG BLANK)"])
    cp.spool.set_tag(sfblok, _tag_text(operands))
    return Answer()


def _own_file(cp: "ControlProgram", vm: "VMBLOK", operands: Operands) -> SFBLOK:
    spoolid = operands.spoolid()
    for queue in QUEUES:
        sfblok = cp.spool.find(queue, spoolid)
        if sfblok is not None and sfblok.sfbuser == vm.vmuser:
            return sfblok
    raise operands.error(42, f"SPOOLID {spoolid:04} DOES NOT EXIST")
