"""Random CP commands for `tools.fuzz_cp`: what users and operators type, right and wrong."""

import re
from random import Random

from edu_hv.hypervisor.commands import registry
from edu_hv.hypervisor.commands.settings import SETTINGS

USERS = ("ANNE", "BILL", "OPERATOR", "MAINT", "NOBODY", "*")
"""One user, QUIET, is left alone."""
LINES = (
    "BEGIN", "BEGIN 1000", "BEGIN 1200", "SYSTEM RESET", "SYSTEM CLEAR", "SYSTEM RESTART", "IPL 00C", "IPL 191", "IPL 190 CLEAR",
    "EXTERNAL", "EXTERNAL 80", "ATTN", "REQUEST", "STOP", "SLEEP 2 SEC", "READY 00C", "READY 181", "RESET 191", "RESET 009",
    "NOTREADY 00C", "NOTREADY 00E", "REWIND 181", "DEFINE STORAGE 64K", "DEFINE STORAGE 32K", "DEFINE STORAGE 128K",
    "DEFINE CHANNELS BMX", "DEFINE CHANNELS SEL", "DEFINE T3330 193 CYL 2", "DEFINE PRT 01E", "DEFINE CTCA 460",
    "DEFINE 191 292", "DETACH 191", "DETACH 181", "DETACH 009", "DETACH 00C", "DETACH 450", "DETACH 193", "LINK ANNE 191 291 RR ALL",
    "LINK ANNE 191 191 MW ALL", "LINK BILL 191 291 W ALL", "LINK MAINT 190 190 RR", "COUPLE 450 ANNE 450", "COUPLE 450 BILL 450",
    "ATTACH 281 ANNE 181", "ATTACH 282 BILL 181", "ATTACH 281 * 181", "SPOOL PRINTER CONT", "SPOOL 00D TO BILL",
    "SPOOL 00D TO ANNE CLOSE", "SPOOL READER HOLD", "SPOOL READER NOHOLD CONT", "SPOOL CONSOLE START", "SPOOL CONSOLE STOP CLOSE",
    "SPOOL E COPY 2 CLASS X", "CLOSE PRINTER", "CLOSE PUNCH", "CLOSE READER", "CLOSE 00D", "PURGE PRINTER ALL", "PURGE READER ALL",
    "ORDER READER CLASS A", "CHANGE READER ALL CLASS A NOHOLD", "TRANSFER READER ALL TO BILL", "TRANSFER ALL FROM BILL",
    "DISPLAY 0-FF", "DISPLAY G", "DISPLAY X", "DISPLAY Y", "DISPLAY PSW", "DISPLAY K0-END", "DISPLAY T1000.40", "DISPLAY 5000.10 FFFF0",
    "DUMP", "DUMP 0-2000 *A HEADING", "STORE 2000 1234", "STORE PSW 0 1000", "STORE G5 5", "STORE X1 8000", "STORE S2000 010203",
    "STORE STATUS", "STORE Y2 41100000", "STORE 1100 83240008", "ADSTOP 1100", "ADSTOP 1000", "ADSTOP OFF", "TRACE ALL",
    "TRACE SVC", "TRACE PROGRAM EXTERNAL RUN", "TRACE PRIV PRINTER", "TRACE SIO CCW CSW BOTH", "TRACE BRANCH RUN", "TRACE INST RUN",
    "TRACE INST PRINTER", "TRACE ALL OFF", "TRACE END", "PER INST", "PER IFETCH RUN", "PER BRANCH 1000-1100", "PER STORE 2000-2FFF",
    "PER GREG 5", "PER MASK 2000 FF", "PER STORE RANGE 0-100 RUN", "PER IFETCH CMD QUERY TIME", "PER END", "PER QUERY", "PER CLEAR",
    "SET ECMODE ON", "SET ECMODE OFF", "SET TIMER ON", "SET TIMER OFF", "SET TIMER REAL", "SET ASSIST ON", "SET ASSIST OFF",
    "SET ASSIST NOSVC", "SET ASSIST ON SVC", "SET SASSIST OFF", "SET SASSIST ON", "SET PAGEX ON", "SET PAGEX OFF", "SET NOTRANS ON",
    "SET NOTRANS OFF", "SET RUN ON", "SET RUN OFF", "SET VMCONIO ON", "SET CPCONIO ON", "SET SMSG ON", "SET ISAM ON", "SET ISAM OFF",
    "SET EMSG CODE", "SET EMSG ON", "SET FAVORED ANNE 30", "SET FAVORED ANNE OFF", "SET PRIORITY BILL 10", "QUERY VIRTUAL ALL",
    "QUERY SET", "QUERY TIME", "QUERY FILES", "QUERY NAMES", "QUERY READER ALL", "QUERY LINKS 191", "QUERY SYSTEM 350", "QUERY PAGING",
    "INDICATE", "INDICATE USER", "INDICATE QUEUES", "INDICATE I/O", "LOGOFF", "DISCONN", "LOGON ANNE APW", "LOGON BILL BPW",
    "LOGON ANNE APW NOIPL", "AUTOLOG BILL BPW", "FORCE ANNE", "FORCE BILL", "DIAL BILL", "MSG ANNE HELLO", "SMSG ANNE TEXT",
    "SMSG BILL TEXT", "TAG DEV 00D TEXT", "DEFSYS CMSX 0-4 EW 5-7 SR 64K", "SAVESYS CMSX", "IPL CMSX", "DEFSYS SEGX 20-2F SR",
    "DEFINE 3215 01F", "DEFINE GRAF 7C0", "SHUTDOWN", "SET MSG OFF", "SET RUN ON\x15BEGIN",
)  # fmt: skip
WORDS = tuple(
    dict.fromkeys(
        word.upper()
        for found in registry.COMMANDS
        for word in re.findall(r"[A-Za-z/]{2,}", (found.function.__doc__ or "").split(":")[0])
    )
)
NUMBERS = ("0", "5", "009", "00C", "191", "181", "450", "1000", "1000-1100", "FFFF", "10000", "FFFFFFFF", "FFFFFFFFF", "-1", "0-", "X", "2000.10")
_LEFT_ALONE = {"SYSTEM", "ALL"}


def operand(random: Random) -> str:
    """One operand of some command."""
    return random.choice(random.choice((WORDS, NUMBERS, USERS)))


def command_line(random: Random) -> str:
    """A line: mostly one that makes sense, or some command or option with operands that need not."""
    kind = random.random()
    if kind < 0.75:
        return random.choice(LINES)
    if kind < 0.85:
        option = random.choice(SETTINGS).name.upper()
        return f"SET {option} {random.choice(('ON', 'OFF', operand(random)))}"
    name = random.choice(registry.COMMANDS).name.upper()
    operands = [operand(random) for _ in range(random.choice((0, 1, 1, 2, 2, 3, 4)))]
    if name in ("MSG", "MESSAGE", "WARNING", "WNG", "PURGE", "ORDER", "CHANGE", "FORCE"):
        operands = [word for word in operands if word not in _LEFT_ALONE]
    return " ".join((name, *operands))
