"""What a fresh checkout promises: both locks agree, and nothing in it points to the machine it was made on."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
# Written in two halves so that this file does not contain them.
MACHINE_PATHS = [f"/{folder}/" for folder in ("work", "root")]


def committed_files() -> list[Path]:
    try:
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [CHECKOUT / name for name in listing.stdout.split("\0") if name and (CHECKOUT / name).is_file()]


def test_no_committed_file_names_a_path_of_one_machine():
    found = []
    for path in committed_files():
        content = path.read_bytes()
        if b"\0" not in content:
            found += [f"{path.relative_to(CHECKOUT)}: {name}" for name in MACHINE_PATHS if name.encode() in content]
    assert not found, "\n".join(found)


def test_both_locks_pin_the_same_versions():
    packages = tomllib.loads((CHECKOUT / "uv.lock").read_text())["package"]
    requirements = (CHECKOUT / "requirements.lock").read_text()
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", requirements, re.MULTILINE))
    assert pins == {package["name"]: package["version"] for package in packages if package["name"] != "edu-hv"}


def test_locks_use_the_public_index_only():
    lock = (CHECKOUT / "uv.lock").read_text()
    assert set(re.findall(r"https?://([^/\"]+)", lock)) == {"pypi.org", "files.pythonhosted.org"}
    assert "://" not in (CHECKOUT / "requirements.lock").read_text()
