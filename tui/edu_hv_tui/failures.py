"""Our own mistakes: the details go to a file, the person gets one sentence."""

import logging
from pathlib import Path

import platformdirs

FILE = "edu-hv-tui.log"


def directory() -> Path:
    """Where this system keeps a program's logs."""
    return platformdirs.user_log_path("edu-hv", appauthor=False)


def report(error: BaseException, while_doing: str) -> str:
    """Write the details of `error` down; the sentence says what happened and where they are."""
    what = f'"{while_doing}" failed inside edu-hv ({type(error).__name__})'
    try:
        path = _write(error, while_doing)
    except OSError:
        return f"{what}; the details could not be written to {directory()}; your work is kept"
    return f"{what}; the details are in {path}; your work is kept"


def _write(error: BaseException, while_doing: str) -> Path:
    path = directory() / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger = logging.Logger("edu_hv_tui")
    logger.addHandler(handler)
    try:
        logger.error("while doing: %s", while_doing, exc_info=error)
    finally:
        handler.close()
    return path
