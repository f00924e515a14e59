"""How many processes the tests run in: all cores for much, one for what somebody picks by name."""

import os

import pytest


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What "-n auto" of pyproject.toml means; 0 is no process of its own, so that a single test starts at once."""
    if any(".py" in name for name in config.option.file_or_dir) or config.option.collectonly:
        return 0
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
