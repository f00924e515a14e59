"""Our themes: every role can be read on its ground, and looks different enough without red or green."""

import pytest
from textual.color import Color

from edu_hv_tui.text.rows import ROLES
from edu_hv_tui.themes import BACKGROUND, COLOURED, MONO, THEMES, variables

LEAST = {"edu-dark": 4.5, "edu-light": 4.5, "edu-contrast": 7.0}


def luminance(colour: Color) -> float:
    """Relative luminance as in WCAG 2."""
    channels = [value / 255 for value in (colour.r, colour.g, colour.b)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(Color.parse(first)), luminance(Color.parse(second))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", COLOURED)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_is_readable_on_its_ground(theme, role):
    colours = COLOURED[theme]
    assert contrast(colours[role], colours[BACKGROUND.get(role, "ground")]) >= LEAST[theme]


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_theme_names_every_role():
    names = {f"role-{role}" for role in (*ROLES, "ground", "bar-ground", "cursor-ground")}
    for theme in THEMES:
        assert names <= theme.variables.keys(), theme.name
    assert set(MONO.values()) == {"ansi_default"}
    assert names <= variables(MONO).keys()
