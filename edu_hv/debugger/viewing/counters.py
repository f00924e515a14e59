"""How often CP was asked for something, by rule, by instruction, by guest; and what the VM assist did without it."""

from collections import Counter
from typing import TYPE_CHECKING

from edu_hv.debugger.views import TableView
from edu_hv.hypervisor.decisions import DecisionTaken, RuleTried
from edu_hv.machine.assist import VMAssist

if TYPE_CHECKING:
    from edu_hv.debugger.session import DebugSession
    from edu_hv.hypervisor.control_program import ControlProgram


def counters(session: "DebugSession", cp: "ControlProgram", guest: str) -> list[TableView]:
    """Tables of rules, instructions, guests and the assist; of one guest, or of all for ""."""
    counts = {key: times for key, times in cp.counts.items() if guest in ("", key[0])}
    of = f"of {guest}" if guest else "of all guests"
    tables = [_rules(session, counts, of), _instructions(counts, of), _guests(cp, guest)]
    return tables + ([_assist(cp.machine.assist)] if cp.machine.assist and cp.machine.assist.counts else [])


Counts = dict[tuple[str, str, str], int]


def _rules(session: "DebugSession", counts: Counts, of: str) -> TableView:
    times: Counter[str] = Counter()
    for (_, rule, _), number in counts.items():
        times[rule] += number
    known = _rules_that_fired(session)
    rows = tuple((rule, f"{number:,}", _words(known.get(rule))) for rule, number in _sorted(times))
    return TableView(f"rules that fired, {of}", ("rule", "times", "what CP did"), rows)


def _words(rule: RuleTried | None) -> str:
    return "" if rule is None else rule.then or rule.question


def _rules_that_fired(session: "DebugSession") -> dict[str, RuleTried]:
    verdicts = (event.verdict for event in session.journal.different(DecisionTaken))
    return {verdict.rule.id: verdict.rule for verdict in verdicts}


def _instructions(counts: Counts, of: str) -> TableView:
    times: Counter[str] = Counter()
    for (_, _, mnemonic), number in counts.items():
        if mnemonic:
            times[mnemonic] += number
    rows = tuple((mnemonic, f"{number:,}") for mnemonic, number in _sorted(times))
    return TableView(f"instructions that trapped, {of}", ("instruction", "times"), rows)


def _sorted(times: "Counter[str]") -> list[tuple[str, int]]:
    """The most frequent first; those as frequent by name."""
    return sorted(times.items(), key=lambda pair: (-pair[1], pair[0]))


def _guests(cp: "ControlProgram", guest: str) -> TableView:
    rows = tuple(
        (
            vm.vmuser,
            f"{vm.traps:,}",
            f"{vm.sio_count:,}",
            f"{vm.storage.resident} of {vm.storage.pages}",
            f"{vm.storage.page_reads:,}",
            f"{vm.storage.page_writes:,}",
            f"{vm.storage.steals:,}",
        )
        for vm in cp.vms
        if guest in ("", vm.vmuser)
    )
    names = ("guest", "traps", "start I/O", "pages in frames", "pages read", "written", "stolen")
    return TableView("guests", names, rows)


def _assist(assist: VMAssist) -> TableView:
    rows = tuple((name, f"{count.calls:,}", f"{count.handled:,}") for name, count in assist.counts.items())
    return TableView("the VM assist, all guests", ("what", "asked", "done without CP"), rows)
