"""Our own themes: dark, light, high contrast, and one without colours.  Tests see that every role can be read."""

from textual.theme import BUILTIN_THEMES, Theme

from edu_hv_tui.text.rows import ROLES

BACKGROUND = {"bar": "bar-ground", "bar-trap": "bar-ground", "bar-key": "bar-ground", "cursor": "cursor-ground"}
"""Roles that do not stand on the ground of the panes."""

DARK = {
    "ground": "#12161c",
    "bar-ground": "#1f3a5f",
    "cursor-ground": "#e8d48a",
    "text": "#d8dee6",
    "quiet": "#98a4b3",
    "heading": "#f0f4f8",
    "border": "#8090a4",
    "focus": "#7fc8ff",
    "now": "#ffe27a",
    "executed": "#b4c0cc",
    "trap": "#ff9d7a",
    "breakpoint": "#ff9ac8",
    "written": "#ffcf5c",
    "read": "#8fd3ff",
    "differs": "#ffb05c",
    "fired": "#9be28f",
    "refused": "#a8b0ba",
    "done": "#9be28f",
    "error": "#ff9a90",
    "echo": "#9fd6ff",
    "key": "#8fdcf0",
    "guest": "#a8e6b0",
    "real": "#f2b8e6",
    "cursor": "#12161c",
    "bar": "#f0f4f8",
    "bar-trap": "#ffd97a",
    "bar-key": "#bfe6ff",
}

LIGHT = {
    "ground": "#fbfbf8",
    "bar-ground": "#d5e3f3",
    "cursor-ground": "#2f4a6b",
    "text": "#1c2430",
    "quiet": "#56606e",
    "heading": "#000000",
    "border": "#68727f",
    "focus": "#00539b",
    "now": "#6a3d00",
    "executed": "#48525e",
    "trap": "#a62b00",
    "breakpoint": "#98105f",
    "written": "#7a4a00",
    "read": "#00558a",
    "differs": "#8f4300",
    "fired": "#1b641b",
    "refused": "#5b636d",
    "done": "#1b641b",
    "error": "#ab1414",
    "echo": "#00508f",
    "key": "#00586e",
    "guest": "#155f2e",
    "real": "#7d1f75",
    "cursor": "#ffffff",
    "bar": "#101820",
    "bar-trap": "#8a2500",
    "bar-key": "#003f78",
}

CONTRAST = {
    "ground": "#000000",
    "bar-ground": "#ffffff",
    "cursor-ground": "#ffff00",
    "text": "#ffffff",
    "quiet": "#d8d8d8",
    "heading": "#ffffff",
    "border": "#e0e0e0",
    "focus": "#ffff00",
    "now": "#ffff00",
    "executed": "#d8d8d8",
    "trap": "#ffb090",
    "breakpoint": "#ffb0e0",
    "written": "#ffe000",
    "read": "#90e0ff",
    "differs": "#ffc070",
    "fired": "#90ff90",
    "refused": "#d0d0d0",
    "done": "#90ff90",
    "error": "#ffb0a8",
    "echo": "#a0e0ff",
    "key": "#80f0ff",
    "guest": "#a0ffb0",
    "real": "#ffb8f4",
    "cursor": "#000000",
    "bar": "#000000",
    "bar-trap": "#700000",
    "bar-key": "#00205c",
}

MONO = dict.fromkeys(("ground", "bar-ground", "cursor-ground", *ROLES), "ansi_default")
"""The terminal's own two colours; what matters is said by marks, words, bold and reverse."""


def _theme(name: str, roles: dict[str, str], dark: bool, ansi: bool = False) -> Theme:
    return Theme(
        name=name,
        primary=roles["focus"],
        foreground=roles["text"],
        background=roles["ground"],
        surface=roles["ground"],
        panel=roles["ground"],
        boost=roles["ground"],
        dark=dark,
        ansi=ansi,
        variables={**(BUILTIN_THEMES["ansi-dark"].variables if ansi else {}), **variables(roles)},
    )


def variables(roles: dict[str, str]) -> dict[str, str]:
    """The names that `app.tcss` uses: `$role-written`."""
    own = {
        "input-cursor-background": roles["text"],
        "input-cursor-foreground": roles["ground"],
        "input-selection-background": roles["cursor-ground"],
        "input-selection-foreground": roles["cursor"],
    }
    return {**{f"role-{name}": colour for name, colour in roles.items()}, **own}


COLOURED = {"edu-dark": DARK, "edu-light": LIGHT, "edu-contrast": CONTRAST}
NAMES = tuple(COLOURED)
WITHOUT_COLOUR = "edu-mono"

THEMES = (
    _theme("edu-dark", DARK, dark=True),
    _theme("edu-light", LIGHT, dark=False),
    _theme("edu-contrast", CONTRAST, dark=True),
    _theme(WITHOUT_COLOUR, MONO, dark=True, ansi=True),
)
