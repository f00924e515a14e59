"""What CP answers to a request of the Virtual Machine Communication Facility (DMKVMC).

GC20-1807 "DIAGNOSE X'68' Return Codes".  A table of rules for each function; the first that applies gives the return
code, and only with return code 0 is anything done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edu_hv.hypervisor.decisions import AnswerDiagnose, Rule, Verdict, decide
from edu_hv.hypervisor.virtual_storage import SEGMENT, blocks
from edu_hv.hypervisor.vmcf_blocks import LENGTH, VMCBLOK, VMCPARM, Authorization, Function, Progress
from edu_hv.isa.codes import Key
from edu_hv.machine.storage import BLOCK

if TYPE_CHECKING:
    from edu_hv.hypervisor.vmblok import VMBLOK
    from edu_hv.hypervisor.vmcf import VMCF

MOST_MESSAGES = 50
"""Messages of one source that are not complete."""
CANCELED = 11
"""The return code of a CANCEL when the sink has received, but not replied: it is carried out all the same."""
GO_ON = AnswerDiagnose(None, 0)


@dataclass(frozen=True)
class Attempt:
    """A request, and what is asked about it."""

    vmcf: "VMCF"
    vm: "VMBLOK"
    parm: VMCPARM

    @property
    def me(self) -> str:
        """Who asks."""
        return self.vm.vmuser

    @property
    def own(self) -> Authorization | None:
        """The asker's authorization."""
        return self.vmcf.authorized.get(self.me)

    @property
    def other(self) -> Authorization | None:
        """That of the user in the parameter list."""
        return self.vmcf.authorized.get(self.parm.user)

    @property
    def known(self) -> bool:
        """Whether there is such a function."""
        return self.parm.function in RULES

    @property
    def bad_buffer(self) -> bool:
        """AUTHORIZE: whether the buffer cannot be one."""
        parm = self.parm
        return parm.address_a % 8 != 0 or parm.length_a < LENGTH or self.bad_area

    @property
    def bad_area(self) -> bool:
        """Whether the area A is outside the asker's storage."""
        return not self.vm.storage.contains(self.parm.address_a, self.parm.length_a)

    @property
    def bad_reply_area(self) -> bool:
        """Whether the area B is."""
        return not self.vm.storage.contains(self.parm.address_b, self.parm.length_b)

    @property
    def unavailable(self) -> bool:
        """Whether the other user cannot be spoken to: not logged on, not authorized, or listening to another only."""
        return self.other is None or not self.other.hears(self.me)

    @property
    def no_priority(self) -> bool:
        """Whether a priority message is not wanted."""
        return self.parm.priority and self.other is not None and not self.other.priority

    @property
    def quiesced(self) -> bool:
        """Whether the other user takes no new messages now."""
        return self.other is not None and self.other.quiesced

    @property
    def duplicate(self) -> bool:
        """Whether a message with this id to this user is under way."""
        return self.sent is not None

    @property
    def too_many(self) -> bool:
        """Whether the asker has sent all it may."""
        return sum(message.source == self.me for message in self.vmcf.messages) >= MOST_MESSAGES

    @property
    def too_large(self) -> bool:
        """SENDX: whether the data do not fit behind the header in the sink's buffer."""
        return self.other is not None and self.parm.length_a > self.other.length - LENGTH

    @property
    def sent(self) -> VMCBLOK | None:
        """The asker's own message of this name."""
        return self.vmcf.find(self.me, self.parm.user, self.parm.mid)

    @property
    def got(self) -> VMCBLOK | None:
        """The message of this name to the asker."""
        return self.vmcf.find(self.parm.user, self.me, self.parm.mid)

    def got_is(self, *progress: Progress) -> bool:
        """Whether the message to the asker has come so far."""
        return self.got is not None and self.got.progress in progress

    def sent_is(self, *progress: Progress) -> bool:
        """Whether the asker's message has come so far."""
        return self.sent is not None and self.sent.progress in progress

    @property
    def one_way(self) -> bool:
        """Whether the message to the asker wants no reply."""
        return self.got is not None and self.got.sent.function != Function.SEND_RECEIVE

    @property
    def store_protected(self) -> bool:
        """Whether the asker may not store in the area A."""
        return protected(self.vm, self.parm.address_a, self.parm.length_a, self.vm.vmpsw.key, store=True)

    @property
    def fetch_protected(self) -> bool:
        """Whether the asker may not fetch from the area A."""
        return protected(self.vm, self.parm.address_a, self.parm.length_a, self.vm.vmpsw.key, store=False)

    @property
    def overlaps(self) -> bool:
        """A machine that speaks to itself: whether data would be moved over themselves."""
        message, parm = self.got, self.parm
        if message is None or message.source != message.sink:
            return False
        sent, reply = message.sent, parm.function == Function.REPLY
        start, length = (sent.address_b, sent.length_b) if reply else (sent.address_a, sent.length_a)
        moved = min(length, parm.length_a)
        return start < parm.address_a + moved and parm.address_a < start + moved


def protected(vm: "VMBLOK", address: int, length: int, key: int, store: bool) -> bool:
    """Whether an access with this key would be a protection exception, or a store would be into a shared segment.

    An area that is not in storage any more is not protected.
    """
    if not vm.storage.contains(address, length):
        return False
    for at, _ in blocks(address, length, BLOCK):
        segment = vm.storage.shared.get(at // SEGMENT)
        if store and segment is not None and segment.protected:
            return True
        found = vm.storage.peek_key(at)
        if key and found >> 4 != key and (store or found & Key.FETCH_PROTECTION):
            return True
    return False


def _rule(number: int, code: int, question: str, why: str, applies: Callable[[Attempt], bool]) -> Rule[Attempt]:
    answer = AnswerDiagnose(None, code)
    source = "GC20-1807 \"DIAGNOSE X'68' Return Codes\""
    return Rule(f"VMC-{number}", question, f"return code {code}", why, source, applies, lambda _: answer)


_UNKNOWN = _rule(
    1,
    2,
    "is there no such function?",
    "the functions are 0 to 11",
    lambda a: not a.known,
)
_NOT_AUTHORIZED = _rule(
    2,
    4,
    "has the asker not said AUTHORIZE?",
    "only who has named a buffer for message headers may take part",
    lambda a: a.own is None,
)
_BUFFER = _rule(
    3,
    1,
    "is the buffer not on a doubleword, shorter than 40 bytes, or not in storage?",
    "CP stores each message header there",
    lambda a: a.bad_buffer,
)
_AREA = _rule(
    4,
    1,
    "is the area for data not in storage?",
    "data are moved between the storages of the two machines and nowhere else",
    lambda a: a.bad_area,
)
_REPLY_AREA = _rule(
    5,
    1,
    "is the area for the reply not in storage?",
    "the sink's reply is moved there",
    lambda a: a.bad_reply_area,
)
_UNAVAILABLE = _rule(
    6,
    5,
    "is the other user not logged on, not authorized, or authorized for somebody else?",
    "nobody gets a message that he has not agreed to get",
    lambda a: a.unavailable,
)
_GONE = _rule(
    7,
    5,
    "is the other user not logged on or not authorized?",
    "its messages went with it",
    lambda a: a.other is None,
)
_PRIORITY = _rule(
    8,
    18,
    "is it a priority message to a user who takes none?",
    "the other user has not said AUTHORIZE with PRIORITY",
    lambda a: a.no_priority,
)
_QUIESCED = _rule(
    9,
    9,
    "has the other user said QUIESCE?",
    "it takes no new messages for the time being",
    lambda a: a.quiesced,
)
_DUPLICATE = _rule(
    10,
    8,
    "is a message with this id to this user under way?",
    "id and userid are the name of a message until it is complete",
    lambda a: a.duplicate,
)
_LIMIT = _rule(
    11,
    10,
    "has the asker 50 messages under way?",
    "a machine that does not take its responses would use up CP's storage",
    lambda a: a.too_many,
)
_TOO_LARGE = _rule(
    12,
    7,
    "are the data longer than the sink's buffer?",
    "SENDX moves them behind the header, without the sink asking for them",
    lambda a: a.too_large,
)
_NOT_FOUND = _rule(
    13,
    12,
    "is there no such message to the asker?",
    "none with this id has come from this user, or it is complete, or was cancelled",
    lambda a: a.got is None,
)
_TOO_EARLY = _rule(
    14,
    13,
    "has the asker not had the interruption for it yet?",
    "what is in the message's header the asker cannot know yet",
    lambda a: a.got_is(Progress.QUEUED),
)
_RECEIVED = _rule(
    15,
    3,
    "has the asker received it already?",
    "the data of a message are received once",
    lambda a: a.got_is(Progress.RECEIVED, Progress.RESPONSE),
)
_NO_REPLY = _rule(
    16,
    3,
    "does the message want no reply?",
    "only SEND/RECV names an area for one",
    lambda a: a.one_way,
)
_ANSWERED = _rule(
    17,
    12,
    "has the asker replied to it, or rejected it, already?",
    "the transaction is complete, but for the source's interruption",
    lambda a: a.got_is(Progress.RESPONSE),
)
_STORE = _rule(
    18,
    6,
    "may the asker not store in the area with its key, or is it in a shared segment?",
    "CP moves the data for the machine, and no further than the machine could",
    lambda a: a.store_protected,
)
_FETCH = _rule(
    19,
    6,
    "may the asker not fetch from the area with its key?",
    "CP moves the data for the machine, and no further than the machine could",
    lambda a: a.fetch_protected,
)
_OVERLAP = _rule(
    20,
    17,
    "would the asker, who speaks to itself, move data over themselves?",
    "the data would be destroyed while they are moved",
    lambda a: a.overlaps,
)
_NOT_MINE = _rule(
    21,
    3,
    "is it a message that the asker did not send, but got?",
    "only its source cancels a message",
    lambda a: a.sent is None and a.got is not None,
)
_NOT_SENT = _rule(
    22,
    12,
    "has the asker sent no such message?",
    "none with this id to this user is under way",
    lambda a: a.sent is None,
)
_TOO_LATE = _rule(
    23,
    14,
    "has the sink done all that there was to do?",
    "the response is already on its way",
    lambda a: a.sent_is(Progress.RESPONSE),
)
_REPLY_CANCELED = _rule(
    24,
    CANCELED,
    "has the sink received, but not replied yet?",
    "the reply is cancelled: the sink will find no such message",
    lambda a: a.sent_is(Progress.RECEIVED),
)
_ALLOWED = Rule[Attempt](
    "VMC-25",
    "is nothing against it?",
    "return code 0",
    "the request is as it should be, and CP carries it out",
    'GC20-1807 "Descriptions of VMCF Subfunctions"',
    lambda a: True,
    lambda a: GO_ON,
)
_ALL = (_UNKNOWN, _NOT_AUTHORIZED)
_TO_SINK = (_UNAVAILABLE, _PRIORITY, _QUIESCED, _DUPLICATE, _LIMIT)
_FROM_SOURCE = (_GONE, _NOT_FOUND, _TOO_EARLY)

RULES: dict[int, tuple[Rule[Attempt], ...]] = {
    Function.AUTHORIZE: (_UNKNOWN, _BUFFER, _STORE, _ALLOWED),
    Function.UNAUTHORIZE: (*_ALL, _ALLOWED),
    Function.SEND: (*_ALL, _AREA, *_TO_SINK, _ALLOWED),
    Function.SEND_RECEIVE: (*_ALL, _AREA, _REPLY_AREA, *_TO_SINK, _ALLOWED),
    Function.SENDX: (*_ALL, _AREA, *_TO_SINK, _TOO_LARGE, _ALLOWED),
    Function.RECEIVE: (*_ALL, _AREA, *_FROM_SOURCE, _RECEIVED, _STORE, _OVERLAP, _ALLOWED),
    Function.CANCEL: (*_ALL, _NOT_MINE, _NOT_SENT, _TOO_LATE, _REPLY_CANCELED, _ALLOWED),
    Function.REPLY: (*_ALL, _AREA, *_FROM_SOURCE, _NO_REPLY, _ANSWERED, _FETCH, _OVERLAP, _ALLOWED),
    Function.QUIESCE: (*_ALL, _ALLOWED),
    Function.RESUME: (*_ALL, _ALLOWED),
    Function.IDENTIFY: (*_ALL, *_TO_SINK, _ALLOWED),
    Function.REJECT: (*_ALL, *_FROM_SOURCE, _ANSWERED, _ALLOWED),
}
"""By function, in the order in which the questions are asked."""


def verdict_on(attempt: Attempt) -> Verdict:
    """The return code, and why.  Decides; changes nothing."""
    return decide(RULES.get(attempt.parm.function, (*_ALL, _ALLOWED)), attempt)
