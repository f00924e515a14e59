"""Cases with Hercules' outcomes as test vectors, one JSON object a line, that are replayed without Hercules."""

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from edu_hv.isa.codes import Class
from tools.hercules import CONTROL_REGISTERS, PSA_BYTES, SIZE, Case, Outcome


def frozen(case: Case, outcome: Outcome) -> dict[str, Any]:
    """A case and what it changes, as JSON values; numbers and bytes are hexadecimal, what is usual is left out."""
    return {
        "name": case.name,
        **({} if case.size == SIZE else {"size": case.size}),
        "psw": case.psw.hex(),
        "gr": "".join(f"{value:08x}" for value in case.gr),
        "fpr": "".join(f"{value:016x}" for value in case.fpr) if any(case.fpr) else "",
        "cr": changed(CONTROL_REGISTERS, case.cr),
        "storage": [[f"{address:x}", data.hex()] for address, data in case.storage],
        "keys": {f"{address:x}": f"{key:02x}" for address, key in case.keys},
        "areas": [[f"{address:x}", length] for address, length in case.areas],
        "kind": outcome.kind.name,
        "psa": psa_fields(outcome),
        "new gr": changed(case.gr, outcome.gr),
        "new fpr": changed(case.fpr, outcome.fpr),
        "new cr": changed(case.cr, outcome.cr),
        "new keys": "".join(f"{key:02x}" for key in outcome.keys),
        "new areas": [data.hex() for data in outcome.areas],
    }


def psa_fields(outcome: Outcome) -> dict[str, str]:
    """What real page 0 holds of the outcome, by address; zeros are left out."""
    fields = [(0, 24), (0x40, 8), (outcome.kind.old_psw, 8)]
    if outcome.psw[1] & 0x08:
        fields += [(0x84, 12)]
    if outcome.kind is Class.PROGRAM:
        fields += [(0x90, 16)]
    return {f"{at:x}": outcome.psa[at : at + size].hex() for at, size in fields if any(outcome.psa[at : at + size])}


def changed(before: Sequence[int], after: Sequence[int]) -> dict[str, str]:
    """The registers that are not the same, by number."""
    pairs = enumerate(zip(before, after, strict=True))
    return {str(number): f"{new:x}" for number, (old, new) in pairs if old != new}


def thawed(row: dict[str, Any]) -> tuple[Case, Outcome]:
    """The reverse of `frozen`."""
    gr = tuple(int(row["gr"][at : at + 8], 16) for at in range(0, 128, 8))
    fpr = tuple(int(row["fpr"][at : at + 16], 16) for at in range(0, 64, 16)) if row["fpr"] else (0,) * 4
    cr = replaced(CONTROL_REGISTERS, row["cr"])
    case = Case(
        psw=bytes.fromhex(row["psw"]),
        gr=gr,
        fpr=fpr,
        cr=cr,
        storage=tuple((int(address, 16), bytes.fromhex(data)) for address, data in row["storage"]),
        keys=tuple((int(address, 16), int(key, 16)) for address, key in row["keys"].items()),
        areas=tuple((int(address, 16), length) for address, length in row["areas"]),
        name=row["name"],
        size=row.get("size", SIZE),
    )
    psa = bytearray(PSA_BYTES)
    for address, data in row["psa"].items():
        at = int(address, 16)
        psa[at : at + len(data) // 2] = bytes.fromhex(data)
    registers = (*replaced(gr, row["new gr"]), *replaced(fpr, row["new fpr"]), *replaced(cr, row["new cr"]))
    areas = [bytes.fromhex(data) for data in row["new areas"]]
    return case, Outcome.of(Class[row["kind"]], bytes(psa), registers, bytes.fromhex(row["new keys"]), areas)


def replaced(before: Sequence[int], new: dict[str, str]) -> tuple[int, ...]:
    """The registers with some replaced."""
    return tuple(int(new[str(number)], 16) if str(number) in new else value for number, value in enumerate(before))


def read_vectors(path: Path) -> list[tuple[Case, Outcome]]:
    """The cases of a vector file with Hercules' outcomes."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        return [thawed(json.loads(line)) for line in file]


def write_vectors(path: Path, vectors: Iterable[tuple[Case, Outcome]]) -> None:
    """One JSON object a line, compressed; the same vectors always give the same file."""
    text = "".join(json.dumps(frozen(*vector), separators=(",", ":")) + "\n" for vector in vectors)
    path.write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))
