"""The Virtual Machine Communication Facility: machines that send each other messages (DMKVMC).

GC20-1807 "Virtual Machine Communication Facility".  The data stay in the source's storage until the sink asks for them;
CP has only a block for each message.  Who has something to hear gets an external interruption X'4001', with the
message's header in the buffer that its AUTHORIZE named; one at a time, as many as there are.

The parts: `vmcf_blocks` and `vmcf_rules`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from edu_hv.hypervisor.decisions import AnswerDiagnose
from edu_hv.hypervisor.paging_area import PagingFailure
from edu_hv.hypervisor.virtual_storage import blocks
from edu_hv.hypervisor.vmcf_blocks import (
    LENGTH,
    SYSTEM,
    VMCBLOK,
    VMCPARM,
    Authorization,
    Function,
    Option,
    Progress,
    userid,
)
from edu_hv.hypervisor.vmcf_rules import CANCELED, Attempt, protected, verdict_on
from edu_hv.isa.codes import CR0, External

if TYPE_CHECKING:
    from edu_hv.hypervisor.control_program import ControlProgram
    from edu_hv.hypervisor.vmblok import VMBLOK, XINTBLOK

NOT_IN_STORAGE, UNAVAILABLE, PROTECTION, TOO_LARGE, PAGING_ERROR, INCORRECT_LENGTH = 1, 5, 6, 7, 15, 16
"""Return codes that are data transfer error codes as well."""


class VMCF:
    """Who is authorized, and the messages under way.  One for the whole CP: `cp.vmcf`."""

    def __init__(self, cp: "ControlProgram") -> None:
        self.cp = cp
        self.authorized: dict[str, Authorization] = {}
        """By userid."""
        self.messages: list[VMCBLOK] = []
        """Those for which an interruption is pending are in the order in which they became pending."""
        self._functions: dict[int, Callable[[VMBLOK, VMCPARM], int]] = {
            Function.AUTHORIZE: self._authorize,
            Function.UNAUTHORIZE: lambda vm, _: self.unauthorize(vm),
            Function.SEND: self._send,
            Function.SEND_RECEIVE: self._send,
            Function.SENDX: self._send,
            Function.IDENTIFY: self._send,
            Function.RECEIVE: self._receive,
            Function.REPLY: self._reply,
            Function.REJECT: self._reject,
            Function.CANCEL: self._cancel,
            Function.QUIESCE: lambda vm, _: self._set_quiesced(vm, True),
            Function.RESUME: lambda vm, _: self._set_quiesced(vm, False),
        }

    def find(self, source: str, sink: str, mid: int) -> VMCBLOK | None:
        """The message with that id between these two."""
        return next((message for message in self.messages if message.named(source, sink, mid)), None)

    def request(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        """Carry out a function for a machine, if nothing is against it: the return code."""
        verdict = verdict_on(Attempt(self, vm, parm))
        self.cp.note(vm, verdict)
        assert isinstance(verdict.decision, AnswerDiagnose)
        code = verdict.decision.code
        assert code is not None
        if code in (0, CANCELED):
            code = self._functions[parm.function](vm, parm) or code
            self._notify()
        return code

    # ---- who takes part --------------------------------------------------------------------------------------

    def _authorize(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        """Who is authorized already says it anew; messages that do not suit any more are complete."""
        specific = parm.user if parm.options & Option.SPECIFIC else ""
        own = Authorization(parm.address_a, parm.length_a, parm.priority, specific)
        self.authorized[vm.vmuser] = own
        if parm.options & Option.SMSG:
            vm.settings["SMSG"] = "ON"
        for message in self._to(vm):
            if not own.hears(message.source):
                self._refuse(message, UNAVAILABLE)
            elif message.sent.function == Function.SENDX and message.sent.length_a > own.length - LENGTH:
                self._refuse(message, TOO_LARGE)
        return 0

    def unauthorize(self, vm: "VMBLOK") -> int:
        """UNAUTHORIZE, reset, LOGOFF: its own messages are gone; who has sent to it is told."""
        if self.authorized.pop(vm.vmuser, None) is None:
            return 0
        self.messages = [message for message in self.messages if message.source != vm.vmuser]
        for message in self._to(vm):
            self._refuse(message, UNAVAILABLE)
        vm.withdraw_external(CR0.VMCF_MASK)
        self._notify()
        return 0

    def _to(self, vm: "VMBLOK") -> list[VMCBLOK]:
        """The messages to a machine that are not complete."""
        return [m for m in self.messages if m.sink == vm.vmuser and m.progress is not Progress.RESPONSE]

    def _refuse(self, message: VMCBLOK, error: int) -> None:
        """A message cannot be delivered: its source is told, unless it expects no response."""
        if message.sent.function == Function.IDENTIFY or message.text:
            self.messages.remove(message)
        else:
            self._respond(message, error=error)

    def _set_quiesced(self, vm: "VMBLOK", quiesced: bool) -> int:
        self.authorized[vm.vmuser] = replace(self.authorized[vm.vmuser], quiesced=quiesced)
        return 0

    # ---- messages --------------------------------------------------------------------------------------------

    def _send(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        self.messages.append(VMCBLOK(vm.vmuser, parm.user, parm, vm.vmpsw.key))
        return 0

    def _receive(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        """Move the source's data to the sink.  A SEND is complete then."""
        message = self._got(vm, parm)
        source = self.cp.vm(message.source)
        sent = message.sent
        count = min(sent.length_a, parm.length_a)
        error = INCORRECT_LENGTH if parm.length_a < sent.length_a else 0
        if protected(source, sent.address_a, count, message.key, store=False):
            count, error = 0, PROTECTION
        count, error = _move(source, sent.address_a, vm, parm.address_a, count, error)
        if sent.function == Function.SEND:
            self._respond(message, received=count, error=error, use=parm.use)
        else:
            self._change(message, progress=Progress.RECEIVED, received=count, error=error, use=parm.use)
        return error

    def _reply(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        """Move the sink's reply to the source.  The SEND/RECV is complete then, be it received or not."""
        message = self._got(vm, parm)
        source = self.cp.vm(message.source)
        sent = message.sent
        count = min(sent.length_b, parm.length_a)
        error = INCORRECT_LENGTH if parm.length_a > sent.length_b else 0
        if protected(source, sent.address_b, count, message.key, store=True):
            count, error = 0, PROTECTION
        count, error = _move(vm, parm.address_a, source, sent.address_b, count, error)
        self._respond(message, replied=count, error=error or message.error, use=parm.use)
        return error

    def _reject(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        self._respond(self._got(vm, parm), rejected=True, use=parm.use)
        return 0

    def _cancel(self, vm: "VMBLOK", parm: VMCPARM) -> int:
        message = self.find(vm.vmuser, parm.user, parm.mid)
        assert message is not None, "the rules have found it"
        self.messages.remove(message)
        return 0

    def _got(self, vm: "VMBLOK", parm: VMCPARM) -> VMCBLOK:
        message = self.find(parm.user, vm.vmuser, parm.mid)
        assert message is not None, "the rules have found it"
        return message

    def _change(self, message: VMCBLOK, **changes: Any) -> None:
        self.messages[self.messages.index(message)] = replace(message, **changes)

    def _respond(self, message: VMCBLOK, **changes: Any) -> None:
        """The transaction is complete: the source hears of it behind what it has still to hear."""
        self.messages.remove(message)
        self.messages.append(replace(message, progress=Progress.RESPONSE, **changes))

    def special(self, source: "VMBLOK", sink: "VMBLOK", text: bytes) -> bool:
        """SMSG: CP sends a text for a user; False when the other machine has no buffer that takes it."""
        own = self.authorized.get(sink.vmuser)
        if own is None or len(text) > own.length - LENGTH:
            return False
        mid = self.cp.machine.clocks.tod >> 12 & 0xFFFFFFFF
        parm = VMCPARM(0, Function.SENDX, mid, sink.vmuser, 0, len(text), 0, 0, userid(source.vmuser))
        self.messages.append(VMCBLOK(SYSTEM, sink.vmuser, parm, text=text))
        self._notify()
        return True

    # ---- interruptions ---------------------------------------------------------------------------------------

    def _next(self, vm: "VMBLOK") -> VMCBLOK | None:
        """What a machine is to hear of next: priority messages first."""
        waiting = [message for message in self.messages if message.to == vm.vmuser]
        return next((message for message in waiting if message.sent.priority), waiting[0] if waiting else None)

    def _notify(self) -> None:
        """Make the interruption pending at each machine that has something to hear, and at no other."""
        for vm in self.cp.vms:
            if vm.vmuser not in self.authorized:
                continue
            posted = any(block.code == External.VMCF for block in vm.vmpxint)
            wanted = self._next(vm) is not None
            if wanted and not posted:
                vm.queue_external(External.VMCF, CR0.VMCF_MASK, parameter=1)
                self.cp.wake(vm)
            elif posted and not wanted:
                vm.withdraw_external(CR0.VMCF_MASK)

    def deliver(self, vm: "VMBLOK", block: "XINTBLOK") -> None:
        """The interruption is taken: the header, with SENDX the data too, goes to the machine's buffer (DMKVMCEX)."""
        message = self._next(vm)
        assert message is not None, "otherwise nothing was pending"
        try:
            self._hand_over(vm, self.authorized[vm.vmuser].address, message)
        finally:
            self._notify()

    def _hand_over(self, vm: "VMBLOK", buffer: int, message: VMCBLOK) -> None:
        """A buffer that is in storage no more, in a segment that was purged, gets nothing.  Raises PagingFailure."""
        if vm.storage.contains(buffer, LENGTH):
            vm.cpu.store_real(buffer, message.header())
        if message.progress is Progress.RESPONSE or message.sent.function == Function.IDENTIFY:
            self.messages.remove(message)
        elif message.sent.function == Function.SENDX:
            self._deliver_data(vm, buffer + LENGTH, message)
        else:
            self._change(message, progress=Progress.SEEN)

    def _deliver_data(self, vm: "VMBLOK", address: int, message: VMCBLOK) -> None:
        """SENDX is complete when its data are delivered; of SMSG there is no response."""
        if message.text:
            if vm.storage.contains(address, len(message.text)):
                vm.cpu.store_real(address, message.text)
            self.messages.remove(message)
            return
        source, sent = self.cp.vm(message.source), message.sent
        count, error = _move(source, sent.address_a, vm, address, sent.length_a, 0)
        self._respond(message, received=count, error=error)

    # ---- checkpoint ------------------------------------------------------------------------------------------

    def state(self) -> Any:
        """A checkpoint."""
        return tuple(self.authorized.items()), tuple(self.messages)

    def restore(self, state: Any) -> None:
        """Go back to a checkpoint."""
        authorized, messages = state
        self.authorized, self.messages = dict(authorized), list(messages)


def _move(source: "VMBLOK", at: int, sink: "VMBLOK", to: int, count: int, error: int) -> tuple[int, int]:
    """Move bytes between two machines' storages, in pieces that need few frames: how many, and the error code."""
    if not (source.storage.contains(at, count) and sink.storage.contains(to, count)):
        return 0, NOT_IN_STORAGE
    try:
        for place, length in blocks(at, count):
            sink.cpu.store_real(to + place - at, source.cpu.load_real(place, length))
            sink.storage.paging.hold_none()
    except PagingFailure:
        return 0, PAGING_ERROR
    return count, error
