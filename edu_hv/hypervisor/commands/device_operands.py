"""What the commands about devices have in common: keywords that may be left out."""

from edu_hv.hypervisor.commands.registry import abbreviates


def without(words: list[str], keyword: str) -> list[str]:
    """The operands without the keyword (To, As, From) that may stand in front of them.

    It is one only if something follows: an address A or a userid TO can be given when the keyword is.
    """
    return words[1:] if len(words) > 1 and abbreviates(words[0], keyword) else list(words)
