"""The condition code means what the instruction that set it says: GA22-7000 appendix "Condition-Code Summary"."""

import pytest

from edu_hv.debugger.explaining.code_set_by import condition_code
from edu_hv.debugger.explaining.condition_codes import MEANINGS, mask_words, meaning_of
from edu_hv.debugger.session import DebugSession
from edu_hv.isa.table import OPERATIONS, ConditionCode

SETTING = [row.mnemonic for row in OPERATIONS if row.condition_code is ConditionCode.SET]

SUMMARY = {
    "0123": "A AR AH S SR SH LCR SLA SLDA AP SP ZAP SRP AL ALR MVCL RRB RRBE LRA LASP SIGP STCK TPROT "
    "SIO SIOF TIO CLRIO HIO HDV STIDC TCH",
    "012-": "LTR SRA SRDA C CR CH CL CLR CLC CLI CLM CLCL CP ED EDMK ICM TRT AE AER AD ADR AXR AU AUR AW AWR SE SER SD "
    "SDR SXR SU SUR SW SWR LTER LTDR LCER LCDR CE CER CD CDR",
    "-123": "SL SLR",
    "01-3": "TM CONCS DISCS SCK RIO",
    "0-23": "LPR",
    "01--": "LNR LNER LNDR N NR NI NC O OR OI OC X XR XI XC TS CS CDS IAC TB",
    "0-2-": "LPER LPDR",
    "0--3": "MVCK MVCP MVCS CLRCH",
}
"""Which codes an instruction can set, as the manual's summary has it: a hyphen is one that it never sets."""


@pytest.mark.parametrize("mnemonic", SETTING)
def test_every_instruction_that_sets_the_code_has_a_meaning_for_each_code_it_can_set_and_for_no_other(mnemonic):
    (codes,) = [codes for codes, names in SUMMARY.items() if mnemonic in names.split()]
    assert "".join(str(cc) if meaning_of(mnemonic, cc) else "-" for cc in range(4)) == codes


def test_no_instruction_that_leaves_the_code_alone_has_a_meaning():
    assert set(MEANINGS) == set(SETTING)


CASES = [
    ("AR 1,2", " L 1,=F'5'\n L 2,=F'-5'", 0, "zero"),
    ("AR 1,2", " L 1,=F'5'\n L 2,=F'-6'", 1, "negative"),
    ("AR 1,2", " L 1,=F'5'\n L 2,=F'6'", 2, "positive"),
    ("AR 1,2", " L 1,=X'7FFFFFFF'\n LA 2,1", 3, "overflow"),
    ("S 1,=F'1'", " L 1,=X'80000000'", 3, "overflow"),
    ("ALR 1,2", " L 1,=F'5'\n L 2,=F'6'", 1, "not zero, no carry"),
    ("ALR 1,2", " L 1,=F'-1'\n LA 2,1", 2, "zero, carry"),
    ("ALR 1,2", " SR 1,1\n SR 2,2", 0, "zero, no carry"),
    ("ALR 1,2", " L 1,=F'-1'\n LA 2,2", 3, "not zero, carry"),
    ("SLR 1,2", " LA 1,5\n LA 2,5", 2, "zero, carry"),
    ("SLR 1,2", " LA 1,5\n LA 2,6", 1, "not zero, no carry"),
    ("SLR 1,2", " LA 1,6\n LA 2,5", 3, "not zero, carry"),
    ("CR 1,2", " L 1,=F'-1'\n LA 2,1", 1, "first operand low"),
    ("CLR 1,2", " L 1,=F'-1'\n LA 2,1", 2, "first operand high"),
    ("C 1,=F'7'", " LA 1,7", 0, "equal"),
    ("CLI D,X'40'", "", 1, "first operand low"),
    ("TM D,X'81'", "", 0, "all tested bits zero"),
    ("TM D,X'30'", "", 1, "mixed zeros and ones"),
    ("TM D,X'10'", "", 3, "all tested bits one"),
    ("TM D,X'00'", "", 0, "all tested bits zero"),
    ("NI D,X'0F'", "", 0, "zero"),
    ("XI D,X'0F'", "", 1, "not zero"),
    ("OR 1,1", " SR 1,1", 0, "zero"),
    ("LTR 1,1", " L 1,=F'-9'", 1, "negative"),
    ("LPR 1,1", " L 1,=X'80000000'", 3, "overflow"),
    ("LNR 1,1", " LA 1,4", 1, "negative"),
    ("LCR 1,1", " L 1,=X'80000000'", 3, "overflow"),
    ("SLA 1,1", " L 1,=X'40000000'", 3, "overflow"),
    ("SRA 1,1", " L 1,=F'-4'", 1, "negative"),
    ("ICM 1,8,D", "", 2, "first inserted bit zero, not all"),
    ("ICM 1,8,D+1", "", 1, "first inserted bit one"),
    ("ICM 1,8,D+2", "", 0, "inserted bits all zero"),
    ("TS D+1", "", 1, "leftmost bit was one"),
    ("TS D", "", 0, "leftmost bit was zero"),
    ("CS 1,2,W", " SR 1,1", 0, "equal, stored"),
    ("CS 1,2,W", " LA 1,5", 1, "not equal, loaded"),
    ("AP PK,PK", "", 2, "positive"),
    ("SP PK,PK", "", 0, "zero"),
    ("ZAP PK,=P'-1'", "", 1, "negative"),
    ("CP PK,=P'9'", "", 1, "first operand low"),
    ("SRP PK,1,0", "", 2, "positive"),
    ("LTER 2,2", " SER 2,2", 0, "zero"),
    ("LCER 2,0", " LE 0,=E'2'", 1, "negative"),
    ("CER 2,0", " LE 0,=E'2'\n SER 2,2", 1, "first operand low"),
    ("MVCL 2,4", " SR 3,3\n SR 5,5\n LA 2,D\n LA 4,D", 0, "lengths equal"),
    ("TRT D+2(1),D", "", 2, "found at the last byte"),
    ("TRT PK(2),D", "", 1, "found before the end"),
    ("TIO 5(1)", " LA 1,X'5F0'", 3, "not operational"),
    ("SIO 5(1)", " LA 1,X'5F0'", 3, "not operational"),
    ("TCH 0(1)", " LA 1,X'900'", 3, "not operational"),
]
HEAD = "P  START X'1000'\n BALR 12,0\n USING *,12\n"
DATA = "D DC X'10FF00'\nW DC F'0'\nPK DC PL3'4'\n LTORG\n END P"


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
@pytest.mark.parametrize(
    ("instruction", "before", "cc", "meaning"), CASES, ids=[f"{case[0]} {case[2]}" + case[1][:14] for case in CASES]
)
def test_the_code_is_explained_for_the_instruction_that_set_it_though_others_follow(
    instruction, before, cc, meaning, under_cp
):
    session = DebugSession()
    session.load_source(f"{HEAD}{before}\n {instruction}\n LA 7,1\n LR 8,7\n DC H'0'\n{DATA}", "p", under_cp)
    source = instruction.split()
    for _ in range(20):
        if session.system.machine.cpu.gr[8] == 1:
            break
        session.step()
    view = condition_code(session)
    assert session.guest_psw().cc == cc
    assert view.title == f"condition code {cc}: {meaning}"
    assert f"set by {' '.join(source)} at " in view.sentences[0]
    assert f"{cc} {meaning}" in view.sentences[1]
    step = int(view.sentences[0].partition("goto ")[2].split()[0]) + 1
    session.goto(step)
    assert session.executed[2][:1] or under_cp


def test_a_code_that_came_with_a_psw_is_called_loaded_and_given_no_meaning():
    session = DebugSession()
    session.load_source(f"{HEAD} LPSW T\nG LA 1,1\n DS 0D\nT DC X'00000000',X'20',AL3(G)\n END P", "p")
    session.step(3)
    view = condition_code(session)
    assert view.title == "condition code 2"
    assert view.sentences[0].startswith("loaded by LPSW T at 001002 in step 2")


@pytest.mark.parametrize("under_cp", [False, True], ids=["bare", "under CP"])
def test_a_code_that_went_back_with_an_old_psw_is_traced_to_what_had_set_it_before_the_interruption(under_cp):
    source = f"{HEAD} MVC 96(8,0),SVC\n CLI D,1\n SVC 3\n LA 8,1\n DC H'0'\nSERVE SR 1,1\n LPSW 32\n DS 0D\n"
    session = DebugSession()
    session.load_source(f"{source}SVC DC A(0,SERVE)\n{DATA}", "p", under_cp)
    for _ in range(20):
        if session.system.machine.cpu.gr[8] == 1:
            break
        session.step()
    view = condition_code(session)
    assert view.title == "condition code 2"
    assert view.sentences[0].startswith("loaded by LPSW 32 at ")
    assert "from CLI D,1 at " in view.sentences[1]
    assert view.sentences[1].endswith("where it means: first operand high")


@pytest.mark.parametrize(
    ("mask", "words"),
    [(0, "never"), (15, "always"), (8, "CC 0"), (6, "CC 1 or 2"), (7, "CC 1, 2 or 3"), (1, "CC 3"), (10, "CC 0 or 2")],
)
def test_a_branch_mask_names_the_codes_it_selects(mask, words):
    assert mask_words(mask) == words
