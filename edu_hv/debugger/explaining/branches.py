"""Whether a branch is taken, and why.  GA22-7000 "Branching"."""

from edu_hv.debugger.explaining.condition_codes import mask_words
from edu_hv.debugger.explaining.operands import places
from edu_hv.isa.codes import MASK_24, MASK_32
from edu_hv.isa.table import operation


def branch_words(text: bytes, gr: list[int], cc: int) -> str:
    """Where the instruction goes on and why, "" if it is no branch: "branches to 000240: the mask selects CC 0"."""
    row = operation(text) if len(text) >= 2 else None
    if row is None:
        return ""
    match row.mnemonic:
        case "BC" | "BCR":
            return _on_condition(row.mnemonic, text, gr, cc)
        case "BAL" | "BALR" | "BAS" | "BASR":
            return _and_link(text, gr)
        case "BCT" | "BCTR":
            return _on_count(text, gr)
        case "BXH" | "BXLE":
            return _on_index(row.mnemonic, text, gr)
    return ""


def _target(text: bytes, gr: list[int]) -> int | None:
    """The branch address; None for a register operand 0, which means no branch."""
    if len(text) == 2:
        return gr[text[1] & 15] & MASK_24 if text[1] & 15 else None
    return places(gr, text)[0].address


def _taken(target: int, why: str) -> str:
    return f"branches to {target:06X}: {why}"


def _on_condition(mnemonic: str, text: bytes, gr: list[int], cc: int) -> str:
    mask, target = text[1] >> 4, _target(text, gr)
    if target is None:
        return "does not branch: register operand 0 means no branch"
    if mask == 15:
        return _taken(target, "mask 15 means always")
    if not mask:
        return "does not branch: mask 0 means never"
    what = f"the mask {mask} selects {mask_words(mask)}, and the condition code is {cc}"
    return _taken(target, what) if mask & 8 >> cc else f"does not branch: {what}"


def _and_link(text: bytes, gr: list[int]) -> str:
    target, link = _target(text, gr), text[1] >> 4
    what = f"the address of the next instruction goes into GR{link}"
    return f"does not branch, register operand 0: only {what}" if target is None else _taken(target, f"always; {what}")


def _on_count(text: bytes, gr: list[int]) -> str:
    register, target = text[1] >> 4, _target(text, gr)
    left = gr[register] - 1 & MASK_32
    counted = f"GR{register} {gr[register]:08X} - 1 = {left:08X}"
    if target is None:
        return f"does not branch, register operand 0: it only counts, {counted}"
    return _taken(target, f"{counted} is not zero") if left else f"does not branch: {counted}, the count is used up"


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def _on_index(mnemonic: str, text: bytes, gr: list[int]) -> str:
    r1, r3 = text[1] >> 4, text[1] & 15
    total, comparand = gr[r1] + gr[r3] & MASK_32, gr[r3 | 1]
    high = _signed(total) > _signed(comparand)
    relation = "higher than" if high else "not higher than"
    why = (
        f"index GR{r1} {gr[r1]:08X} + increment GR{r3} {gr[r3]:08X} = {total:08X} is {relation} "
        f"the comparand GR{r3 | 1} {comparand:08X}"
    )
    target = _target(text, gr)
    assert target is not None
    return _taken(target, why) if high == (mnemonic == "BXH") else f"does not branch: {why}"
