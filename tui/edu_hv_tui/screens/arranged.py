"""The panes and rows of the main screen, and how they are arranged."""

from collections.abc import Callable, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.screen import Screen

from edu_hv.debugger.commands.registry import Completion
from edu_hv_tui.text.notice import LEAST
from edu_hv_tui.widgets.bars import Footer, Notice, StatusRow, TimelineRow
from edu_hv_tui.widgets.code_pane import CodePane
from edu_hv_tui.widgets.command_pane import CommandPane, EchoRows
from edu_hv_tui.widgets.guest_console_pane import GuestConsolePane
from edu_hv_tui.widgets.label import Label
from edu_hv_tui.widgets.lesson_pane import LessonPane
from edu_hv_tui.widgets.log_pane import LogPane
from edu_hv_tui.widgets.pane import Pane
from edu_hv_tui.widgets.prompt import Prompt
from edu_hv_tui.widgets.psw_pane import PswPane
from edu_hv_tui.widgets.registers_pane import RegistersPane
from edu_hv_tui.widgets.storage_pane import StoragePane
from edu_hv_tui.widgets.xray_pane import XrayPane


class ArrangedScreen(Screen[None]):
    """All panes are there from the start; which are to be seen is said by classes on the screen, in `app.tcss`."""

    AUTO_FOCUS = None
    HORIZONTAL_BREAKPOINTS = [(0, "-cramped"), (LEAST[0], "-narrow"), (110, "-normal"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LEAST[1], "-low"), (34, "-tall"), (50, "-huge")]

    def __init__(self, complete: Callable[[str], Sequence[Completion]]) -> None:
        super().__init__()
        self.status = StatusRow(id="status")
        self.code = CodePane(id="code")
        self.registers = RegistersPane(id="registers")
        self.xray = XrayPane(id="xray")
        self.psw = PswPane(id="psw")
        self.lesson = LessonPane(id="lesson")
        self.storage = StoragePane(id="storage")
        self.log_pane = LogPane(id="log")
        self.commands = CommandPane(id="commands")
        self.guest_console = GuestConsolePane(id="console")
        self.timeline = TimelineRow(id="timeline")
        self.echo = EchoRows(id="echo")
        self.prompt = Prompt(complete, id="prompt")
        self.keys = Footer(id="footer")
        self.notice = Notice(id="notice")
        shown: list[Pane[Any]] = [
            self.code, self.registers, self.xray, self.psw, self.lesson,
            self.storage, self.log_pane, self.commands, self.guest_console,
        ]  # fmt: skip
        self.panes = {pane.number: pane for pane in shown}

    def compose(self) -> ComposeResult:
        yield self.status
        with Container(id="panes"):
            yield self.code
            yield self.registers
            yield self.lesson
            yield self.xray
            yield self.psw
            yield self.storage
            yield self.log_pane
            yield self.commands
            yield self.guest_console
        yield self.timeline
        yield self.echo
        with Horizontal(id="command-line"):
            yield Label("cp> ", id="cp")
            yield self.prompt
        yield self.keys
        yield self.notice
