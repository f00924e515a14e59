"""The main screen: panes, command line, and the way from a key to what is painted.

A key becomes a command line (`keys`), the command line goes to the workbench, and the panes show the snapshot taken
after it.  Short commands run at once; the others in a thread, while the screen stands still and says so.
"""

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events, work
from textual.timer import Timer

from edu_hv.debugger.commands.registry import REGISTRY
from edu_hv.debugger.views import ConsoleView, LogView, StopView, StorageView, View
from edu_hv.isa.errors import UserError
from edu_hv_tui import failures
from edu_hv_tui.filling import Here, filled
from edu_hv_tui.keys import BY_NAME, TO_PROMPT, Key, bindings
from edu_hv_tui.runner import QUICK, Outcome, Runner
from edu_hv_tui.screens.arranged import ArrangedScreen
from edu_hv_tui.screens.help import HelpScreen
from edu_hv_tui.screens.palette import Palette
from edu_hv_tui.snapshot import Glimpse, Snapshot, Wants
from edu_hv_tui.text.answers import answer_lines, from_the_lesson
from edu_hv_tui.text.lesson import lesson_short
from edu_hv_tui.text.notice import LEAST
from edu_hv_tui.text.palette import Entry
from edu_hv_tui.text.rows import Row
from edu_hv_tui.text.status import RUNNING
from edu_hv_tui.text.timeline import timeline_width
from edu_hv_tui.widgets.bars import TimelineRow
from edu_hv_tui.widgets.code_pane import CodePane
from edu_hv_tui.widgets.pane import Pane
from edu_hv_tui.widgets.pointing import PointingPane
from edu_hv_tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from edu_hv.tutor.workbench import Workbench

NEW_LESSON = frozenset(("next", "previous", "restart", "lesson"))
"""Commands after which the lesson is read from its page."""

ANOTHER_GUEST = NEW_LESSON | {"load", "select", "open"}
"""Commands after which another program or guest may be looked at, so that an address asked for before means nothing."""

SEEN_IN_PANES = frozenset(("break", "delete", "select"))
"""Commands whose answer is seen in the panes, as that of every step is."""

BESIDE = (StorageView, LogView, ConsoleView)
"""Answers that are seen in panes which would have to give way for them."""

PATIENCE = 0.25
"""Seconds after which a command counts as long: the screen says so and keys are refused.  As often it is looked at."""


def command_name(line: str) -> str:
    """The command that a line names, whichever of its names or their beginnings was typed."""
    word = line.strip().removeprefix(":").split()[0]
    try:
        return REGISTRY.find(word).name
    except UserError:
        return word


class MainScreen(ArrangedScreen):
    """What is done with the panes."""

    BINDINGS = [*bindings()]

    def __init__(self, workbench: "Workbench") -> None:
        self.workbench = workbench
        self.runner = Runner(workbench)
        super().__init__(self.runner.complete)
        self._storage_at: int | None = None
        self._patience: Timer | None = None
        self._zoomed = ""
        self._lesson_opened_itself = self._answer_opened = False
        self._last_pane = self.code.number
        self._returned = ""
        """The mark that was returned to last."""

    def on_mount(self) -> None:
        for view in self.workbench.take_messages():
            self._show_answer("", view)
        self.code.focus()
        self.call_after_refresh(self._start)

    def _start(self) -> None:
        self.refresh_views()
        self._open_lesson_page()
        gc.collect()
        gc.freeze()

    # ---- from a command line to the panes --------------------------------------------------------------------

    def run_line(self, line: str, key: str = "") -> None:
        """Run a command line, or keep it for later, or refuse it: a running machine takes one thing at a time."""
        if self.runner.going:
            refusal = self.runner.wait(line, key)
            if refusal:
                self.commands.error(refusal)
                self._show_commands()
            return
        self.commands.echo(line, key)
        if key and self._lesson_opened_itself and line.split()[0] not in ("hint", "goals"):
            self._show_layout(zoomed="")
            self.action_pane("1")
        if key and line == "differs":
            self._toggle_differing()
        elif line in QUICK:
            self._finish(line, self.runner.execute(line))
        else:
            self._begin(line)

    def _begin(self, line: str) -> None:
        self.runner.going = line
        self._patience = self.set_interval(PATIENCE, self._look_on)
        self._run_in_thread(line)

    def _look_on(self) -> None:
        """The command still goes on: say so, say how far it has come, and show what the guest has typed."""
        if not self.runner.going:
            return
        self.runner.long = True
        self.runner.insist()
        shown = self.guest_console.view
        glimpse = Glimpse.take(self.workbench, shown.guest) if shown and shown.guest else None
        if shown is None or glimpse is None:
            self._show_running(True)
            return
        now = glimpse.console
        fresh = now.guest == shown.guest and now.lines[: len(shown.lines)] == shown.lines
        if fresh:
            self.guest_console.show(now)
        typed = f"{now.guest}| {now.lines[-1]}" if fresh and now.lines else ""
        self._show_running(True, glimpse.step, "" if self.guest_console.display else typed)

    def _show_running(self, running: bool, step: int | None = None, typed: str = "") -> None:
        self.status.show_running(running, step)
        self.keys.show(running=running, typed=typed)

    @work(thread=True, exclusive=True, group="run", exit_on_error=False)
    def _run_in_thread(self, line: str) -> None:
        outcome = self.runner.execute(line)
        self.app.call_from_thread(self._over, line, outcome)

    def _over(self, line: str, outcome: Outcome) -> None:
        self.runner.over()
        if self._patience is not None:
            self._patience.stop()
        self._show_running(False)
        self._finish(line, outcome)
        waiting = self.runner.next()
        if waiting is not None:
            self.run_line(*waiting)

    def _finish(self, line: str, outcome: Outcome) -> None:
        before = said_from = said_to = self.commands.added
        if isinstance(outcome, str):
            self.runner.forget()
            for sentence in outcome.splitlines():
                self.commands.error(sentence)
        else:
            self._unpin_before(line, outcome)
            for view in outcome:
                at = self.commands.added
                self._show_answer(line, view)
                if from_the_lesson(view):
                    said_from, said_to = at, self.commands.added
            self._side_effects(line, outcome)
        self.refresh_views()
        in_panes = command_name(line) in SEEN_IN_PANES or any(isinstance(view, StopView) for view in outcome)
        new = self.commands.added - before
        said = self.commands.last(self.commands.added - said_from)[: said_to - said_from]
        beside = any(isinstance(view, BESIDE) for view in outcome)
        self._show_commands(new, in_panes, said if in_panes else (), beside)

    def _unpin_before(self, line: str, outcome: list[View]) -> None:
        """Pane 6 follows the machine again in another guest, and after `storage` without an address."""
        alone = len(line.split()) == 1 and any(isinstance(view, StorageView) for view in outcome)
        if alone or command_name(line) in ANOTHER_GUEST:
            self._pin(None)

    def _pin(self, address: int | None) -> None:
        self._storage_at = address
        self.storage.pinned = address is not None
        self.storage.update_rows()

    def _pin_what_was_asked(self, line: str, outcome: list[View]) -> None:
        """The storage of the selected guest; that of the real machine has other addresses."""
        for view in outcome:
            if isinstance(view, StorageView) and view.rows and len(line.split()) > 1:
                selected = self.code.view.guest if self.code.view else ""
                if view.guest == selected:
                    self._pin(view.rows[0].address)

    def _show_answer(self, line: str, view: View) -> None:
        self.commands.answer(answer_lines(line, view, (self.commands.size.width or self.size.width) - 2))

    def _side_effects(self, line: str, outcome: list[View]) -> None:
        """What a command that was carried out does to the screen beyond its answer."""
        word = command_name(line)
        self._pin_what_was_asked(line, outcome)
        if word in ANOTHER_GUEST or any(isinstance(view, StopView) for view in outcome):
            self.code.forget_cursor()
        if word == "goals":
            self.lesson.to_goals()
        elif word in NEW_LESSON:
            self._open_lesson_page()

    def _toggle_differing(self) -> None:
        """The key does more than its command: the panes themselves leave out what is the same."""
        only = not self.psw.only_differing
        for pane in (self.psw, self.registers):
            pane.only_differing = only
            pane.update_rows()
        what = "only what differs; d shows all again" if only else "everything"
        self.commands.answer([f"panes 2 and 4 show {what}"])
        self._show_commands()

    def refresh_views(self) -> None:
        """Show the machine as it stands."""
        if self.runner.going:
            return
        try:
            now = Snapshot.take(self.workbench, self._wants())
        except Exception as error:  # noqa: BLE001 - as above: the panes keep what they showed before
            self.commands.error(failures.report(error, "showing the machine"))
            self._show_commands()
            return
        self.status.show(now.status, lesson_short(now.lesson))
        self.code.show(now.code)
        self.registers.show(now.registers)
        self.xray.show(now.xray)
        self.psw.show(now.psw)
        self.lesson.further = now.further
        self.lesson.show(now.lesson)
        self.storage.show(now.storage)
        self.log_pane.show(now.log)
        self.guest_console.show(now.console)
        self.timeline.show(now.timeline)

    def _wants(self) -> Wants:
        return Wants(
            code_rows=self.code.wanted_rows,
            timeline=timeline_width(self.size.width),
            storage=self._storage_at,
            storage_length=16 * max(0, self.storage.size.height - 2),
            log=4 * self.log_pane.size.height,
        )

    def _show_commands(
        self, new_rows: int = 1, in_panes: bool = False, said: Sequence[Row] = (), beside: bool = False
    ) -> None:
        """Paint what was said, from its beginning.

        In a low screen an answer of more than one row opens pane 8, in a high one it gets more room when it needs it.
        That of a step does not: the panes that it would cover are those that have just changed; nor does one that is
        seen `beside` it, in a pane that would give way.
        """
        self.commands.read_from(new_rows + 1)
        self.echo.show(self.commands.last(new_rows + 1), said)
        if self.has_class("-low"):
            self._give_room(new_rows > 1 and not in_panes, new_rows == 1 or in_panes)
        else:
            enough = new_rows < self.commands.size.height - 2 or self._zoomed or self.has_class("-huge")
            self._give_room(not (enough or in_panes or beside), new_rows == 1 or in_panes)
        if new_rows > 3 and not in_panes:
            self.call_after_refresh(self._focus_long_answer)

    def _focus_long_answer(self) -> None:
        """So that page down reads on."""
        if self.commands.scrolled and self.focused is not self.prompt and not self._zoomed:
            self.commands.focus(scroll_visible=False)

    def _give_room(self, long: bool, short: bool) -> None:
        """Pane 8, or more room for it, for a long answer, until the next short one."""
        if long and not self.has_class("-show-8"):
            self._show_layout(shown="8", zoomed="")
            self._answer_opened = True
        elif short and self._answer_opened:
            self._show_layout(shown="")
            if self.focused is self.commands:
                self.code.focus(scroll_visible=False)

    # ---- keys ------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under a notice that covers everything only leaving is possible; in the command line a colon is a colon.

        The key that stops a run is, while nothing runs, Textual's own: it copies, or tells how to leave.
        """
        if action == "stop":
            return bool(self.runner.going)
        if self.too_small:
            return action in ("quit", "leave")
        return not (action in TO_PROMPT and self.focused is self.prompt)

    @property
    def too_small(self) -> bool:
        """Whether only the notice is to be seen."""
        width, height = self.app.size
        return width < LEAST[0] or height < LEAST[1]

    def action_key(self, name: str) -> None:
        key = BY_NAME[name]
        try:
            line = filled(key, self._here(key))
        except UserError as error:
            self.commands.error(str(error))
            self._show_commands()
            return
        if key.name == "return":
            self._returned = line.split()[-1]
        if line.endswith(" "):
            self.action_ask(line)
        else:
            self.run_line(line, key.shown)

    def _here(self, key: Key) -> Here:
        """Where the key is pressed."""
        pane = self.panes[self.focused.number if isinstance(self.focused, Pane) else self._last_pane]
        status = self.status.view
        return Here(
            cursor=self.code.cursor,
            pane=pane.number,
            thing=pane.thing if isinstance(pane, (CodePane, PointingPane)) else None,
            guests=status.guests if status else (),
            guest=status.guest if status else "",
            marks=self.runner.marks() if "mark" in key.line else {},
            step=status.step if status else 0,
            returned=self._returned,
        )

    def action_pane(self, number: str) -> None:
        """Focus a pane; bring it into sight where it has to share its place."""
        pane = self.panes[number]
        if pane is self.storage and pane is self.focused:
            self._pin(None)
        self._show_layout(shown=number, zoomed=number if self._zoomed else "")
        pane.focus(scroll_visible=False)

    def action_scroll_commands(self, pages: int) -> None:
        """Read the answers without leaving the command line."""
        self.commands.action_turn(pages)

    def action_zoom(self) -> None:
        """The focused pane alone, or all again, among them the one that was alone."""
        focused = self.focused.number if isinstance(self.focused, Pane) else self._last_pane
        if self._zoomed:
            self._show_layout(shown=self._zoomed, zoomed="")
        else:
            self._show_layout(zoomed=focused)

    def action_prompt(self) -> None:
        """To the command line, for one command; then the keys are keys again."""
        self.set_focus(self.prompt, scroll_visible=False)

    def action_ask(self, begun: str) -> None:
        """To the command line, with the command begun."""
        self.prompt.value = begun
        self.set_focus(self.prompt, scroll_visible=False)
        self.prompt.cursor_position = len(begun)

    def action_stop(self) -> None:
        """Stop a run, wherever the focus is."""
        self.runner.stop()

    def action_leave(self) -> None:
        """One thing at a time: a run, the command line, a zoom, a pane that stands in for others."""
        if self.runner.going:
            self.runner.stop()
        elif self.focused is self.prompt:
            self.prompt.value = ""
            self.panes[self._last_pane].focus(scroll_visible=False)
        elif self.focused is self.code and self.code.moved:
            self.code.action_home()
        elif self._zoomed:
            self._show_layout(zoomed="")
        else:
            self.action_pane("1")
            self._show_layout(shown="")

    def action_help(self) -> None:
        """Keys and commands."""
        if not self._refused():
            self.app.push_screen(HelpScreen(self.workbench))

    def action_palette(self) -> None:
        """A command from a list."""
        if not self._refused():
            palette = Palette()
            palette.set_class(self.has_class("-colourless"), "-colourless")
            self.app.push_screen(palette, self._chosen)

    def _refused(self) -> bool:
        """Whether a command goes on, over which nothing else can be shown."""
        if self.runner.going:
            self.commands.error(RUNNING)
            self._show_commands(0)
        return bool(self.runner.going)

    def _chosen(self, entry: Entry | None) -> None:
        """What was chosen in the palette."""
        if entry is None:
            return
        if entry.action:
            self.run_worker(self.run_action(entry.action))
        elif entry.asks:
            self.action_ask(f"{entry.name} ")
        else:
            self.run_line(entry.name)

    def action_quit(self) -> None:
        """Leave, with everything kept."""
        self.runner.stop()
        self.workbench.save()
        self.app.exit()

    def action_theme(self) -> None:
        """The next theme."""
        self.run_worker(self.app.run_action("next_theme"))

    # ---- what is to be seen ----------------------------------------------------------------------------------

    def _show_layout(self, shown: str | None = None, zoomed: str | None = None) -> None:
        """Classes for the style sheet.  `shown`: the pane that takes a shared place; `zoomed`: the one alone."""
        self._lesson_opened_itself = self._answer_opened = False
        if shown is not None:
            for number in self.panes:
                self.set_class(number == shown and number in "56789", f"-show-{number}")
        if zoomed is not None:
            self._zoomed = zoomed
            self.set_class(bool(zoomed), "-zoomed")
            for number, pane in self.panes.items():
                pane.set_class(number == zoomed, "-alone")
        self.call_after_refresh(self.refresh_views)

    def _open_lesson_page(self) -> None:
        """In a low screen a new lesson is opened as a page to read; the first key that steps puts it away."""
        if self.workbench.lesson_view() is None:
            return
        if self.has_class("-low"):
            self._show_layout(shown="", zoomed="5")
            self._lesson_opened_itself = True
        self.lesson.focus(scroll_visible=False)

    def on_resize(self, event: events.Resize) -> None:
        self.notice.update_rows()
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        if self.too_small:
            return
        self.refresh_views()
        if self.focused is None:
            self.panes[self._last_pane].focus(scroll_visible=False)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, Pane):
            self._last_pane = event.widget.number

    def on_timeline_row_chosen(self, event: TimelineRow.Chosen) -> None:
        self.run_line(f"goto {event.step}", "click")

    def on_code_pane_more(self, event: CodePane.More) -> None:
        self.refresh_views()

    # ---- the command line ------------------------------------------------------------------------------------

    def on_input_submitted(self, event: Prompt.Submitted) -> None:
        event.stop()
        line = self.prompt.take()
        self.panes[self._last_pane].focus(scroll_visible=False)
        if line:
            self.run_line(line)

    def on_prompt_typing(self, event: Prompt.Typing) -> None:
        self.keys.show(typing=event.typing)

    def on_prompt_choices(self, event: Prompt.Choices) -> None:
        self.commands.answer(["  ".join(choice.text for choice in event.words)])
        self._show_commands(0)
