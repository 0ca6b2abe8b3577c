"""Gradio's own theme, reduced to our colours and to fonts that the machine already has."""

from typing import Any

SANS = ("system-ui", "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif")
MONO = ("ui-monospace", "Consolas", "Noto Sans Mono", "monospace")


def theme() -> Any:
    """The theme for what is left of Gradio's looks; ``assets/app.css`` dresses the rest.

    Named fonts only: Gradio's default themes link a font service.
    """
    from gradio.themes import Base
    from gradio.themes.utils.fonts import Font

    return Base(
        primary_hue="slate",
        secondary_hue="slate",
        neutral_hue="stone",
        font=[Font(name) for name in SANS],
        font_mono=[Font(name) for name in MONO],
    ).set(
        body_background_fill="#f7f4ee",
        body_background_fill_dark="#12161d",
        body_text_color="#1b2437",
        body_text_color_dark="#e4e0d6",
    )
