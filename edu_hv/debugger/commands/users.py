"""Commands about the users of CP: a system with a directory, who logs on, cards for his reader, the spool."""

from pathlib import Path

from edu_hv.debugger.commands.arguments import is_device, parse_device, parse_word, program_names, short, user_ids
from edu_hv.debugger.commands.files import file_names
from edu_hv.debugger.commands.hypervisor import answered
from edu_hv.debugger.commands.machine import real_machine
from edu_hv.debugger.commands.registry import Argument, command
from edu_hv.debugger.configuration import Configuration, Medium
from edu_hv.debugger.session import DebugSession
from edu_hv.debugger.system import System
from edu_hv.debugger.views import StopView, TableView, TextView
from edu_hv.devices.card_image import Deck
from edu_hv.guests import catalog
from edu_hv.guests.files import MEDIUM, PROGRAM, read_file
from edu_hv.hypervisor.control_program import ControlProgram
from edu_hv.hypervisor.directory import parse
from edu_hv.hypervisor.disconnected import disconnected
from edu_hv.hypervisor.spooling.files import QUEUES, SFBLOK
from edu_hv.isa.errors import UserError


def _programs(session: DebugSession, text: str) -> list[str]:
    return [*program_names(session), *file_names(text)]


def _spool_numbers(session: DebugSession) -> list[str]:
    cp = session.system.cp if session.loaded else None
    return sorted(str(file.sfbfilid) for queue in QUEUES for file in cp.spool.files(queue)) if cp is not None else []


_VOLUME = "3330"
"""The type of a drive for a volume that system is given."""


@command(
    "system",
    Argument("DIRECTORY", parse_word, kind="file", offer=lambda session, text: file_names(text)),
    Argument(
        "[OPTION]", parse_word, lambda session: ("real", "assist", "nooperator", "volume"), many=True, kind="option"
    ),
    group="machine",
    examples=(
        "system my.direct : CP with the users of a directory",
        "system my.direct real 512K volume 330=my.ckd : with 512K and a disk pack",
    ),
)
def system(session: DebugSession, name: str, words: list[str]) -> StopView:
    """Start CP with a directory of users: "system my.direct", then "logon USERID PASSWORD".

    The real machine is the machine of your own: attach its drives first, such as "attach 330 3330 USERS1 new"; CP has
    its paging volume at 130.  OPTIONs: "real 512K", its storage; "assist", the VM assist for all; "nooperator", or
    else the user OPERATOR is logged on; and at the end "volume 330=FILE", a 3330 with the disk image in FILE.
    """
    directory = parse(_text(Path(name).expanduser()), Path(name).name)
    real, left = real_machine(session, words, session.configuration.size)
    operator = not (left and left[0].lower() == "nooperator")
    plan = session.configuration
    for volume in _volumes(left if operator else left[1:]):
        plan = _with_volume(session, plan, volume)
    return session.start_cp(directory, plan, real, operator)


def _volumes(words: list[str]) -> list[str]:
    """The words behind "volume"."""
    if words and words[0].lower() != "volume":
        raise UserError(f'system does not know "{short(words[0])}"; it takes real SIZE, assist, nooperator, volume')
    if len(words) == 1:
        raise UserError("volume needs an address and a file, such as volume 330=my.ckd")
    return [word for word in words if word.lower() != "volume"]


def _with_volume(session: DebugSession, plan: Configuration, text: str) -> Configuration:
    at, _, name = text.partition("=")
    if not is_device(at) or not name:
        raise UserError(f'"{short(text)}" is no volume: give an address and a file, such as 330=my.ckd')
    path = Path(name).expanduser()
    return plan.with_device(parse_device(session, at), _VOLUME, Medium(path.name, read_file(path, MEDIUM)))


def _text(path: Path) -> str:
    try:
        return read_file(path, PROGRAM).decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path} is not text: a directory is a text file with a statement on each line") from None


@command(
    "logon",
    Argument("USERID PASSWORD [NOIPL]", parse_word, user_ids, rest=True, kind="user"),
    group="hypervisor",
    examples=(
        "logon ANNA APPLE : the user ANNA, whose password is APPLE",
        "logon ANNA APPLE NOIPL : without loading her system",
    ),
)
def logon(session: DebugSession, line: str) -> list[TextView]:
    """A user comes to a terminal and logs on; he is then the selected guest.  NOIPL: his system is not loaded.

    A user who is disconnected gets his machine again.  It is an outside input: part of the recording.
    """
    before = _at_terminals(session)
    answer, remarks = session.give_and_remark("logon", line)
    userid = line.split()[0].upper()
    if userid in _at_terminals(session) - before:
        session.select(userid)
    return answered(answer, remarks, f"terminal of {userid}")


def _at_terminals(session: DebugSession) -> set[str]:
    """The users who are logged on and not disconnected."""
    return {guest.name for guest in session.system.guests if guest.vm is not None and not disconnected(guest.vm)}


@command(
    "deck",
    Argument("PROGRAM", parse_word, kind="program", offer=_programs),
    Argument("USERID", parse_word, user_ids, kind="user"),
    group="hypervisor",
    examples=("deck hello ANNA : cards with the guest hello into ANNA's reader",),
)
def deck(session: DebugSession, name: str, userid: str) -> TextView:
    """Put a deck into the real card reader for a user: CP spools it to his reader, and he may then "cp ipl 00c".

    PROGRAM is a guest of the catalog or a file, as with load; a file with another name is taken as cards of text.
    """
    found = _system_with_cp(session)
    userid = userid.upper()
    program = None if _is_data(name) else catalog.find(name)
    cards = program.deck() if program else _data_cards(Path(name).expanduser())
    answer = session.give("deck", Path(name).name, cards, guest=userid)
    if program is not None:
        found.put_deck(userid, program)
    return TextView(tuple(answer))


def _system_with_cp(session: DebugSession) -> System:
    _cp(session)
    return session.system


def _is_data(name: str) -> bool:
    """Whether a word names a file that is no program."""
    path = Path(name).expanduser()
    return name.lower() not in catalog.GUESTS and path.suffix.lower() not in (".asm", ".deck", ".obj") and path.exists()


def _data_cards(path: Path) -> bytes:
    """The cards of a deck that is no program: lines of text, or images of cards."""
    return Deck.from_bytes(read_file(path, PROGRAM), path.name).image()


def _cp(session: DebugSession) -> ControlProgram:
    cp = session.system.cp
    if cp is None:
        raise UserError("this is the bare machine, without CP's users and spool; try load cp kernel")
    return cp


@command(
    "spool",
    Argument("NUMBER", parse_word, _spool_numbers, optional=True, default="", kind="spool file"),
    group="hypervisor",
    examples=(
        "spool : all spool files",
        "spool 3 : what is in file 3",
    ),
)
def spool(session: DebugSession, number: str) -> TableView | TextView:
    """The spool files that CP keeps for all users; "spool 3" shows what is in file 3, cards or paper."""
    cp = _cp(session)
    files = {sfblok.sfbfilid: (queue, sfblok) for queue in QUEUES for sfblok in cp.spool.files(queue)}
    if not number:
        columns = ("file", "queue", "of", "from", "class", "records", "copies", "hold", "name")
        return TableView("spool files", columns, tuple(_file(*files[each]) for each in sorted(files)))
    spoolid = next((each for each in files if str(each) == number.lstrip("0")), None)
    if spoolid is None:
        raise UserError(f'"{short(number)}" is no spool file; there are {", ".join(map(str, sorted(files))) or "none"}')
    queue, sfblok = files[spoolid]
    lines = cp.spool.text(sfblok).decode("utf-8", errors="replace").splitlines()
    return TextView(tuple(lines), f"spool file {sfblok.sfbfilid:04} of {sfblok.sfbuser}, {queue}")


def _file(queue: str, sfblok: SFBLOK) -> tuple[str, ...]:
    name = f"{sfblok.sfbfname} {sfblok.sfbftype}".strip() or "-"
    hold = "user" if sfblok.sfbuhold else "being read" if sfblok.sfbinuse else "none"
    numbers = f"{sfblok.sfbrecno}", f"{sfblok.sfbcopy}"
    return f"{sfblok.sfbfilid}", queue, sfblok.sfbuser, sfblok.sfborig, sfblok.sfbclas, *numbers, hold, name
