"""Colours, fonts and the <head> of every page. The rest of the look is viewer/studio.css."""

from __future__ import annotations

import json

import gradio as gr

STATIC_PATH = "/ui-static"
PLOTLY_PATH = STATIC_PATH + "/plotly"
UI_PATH = "/ui"
SIGN_IN_PATH = "/sign-in"

SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")

# Every value names a variable of studio.css, which holds the light and the dark colours.
_COLOURS = {
    "body_background_fill": "--st-page",
    "body_text_color": "--st-text",
    "body_text_color_subdued": "--st-muted",
    "background_fill_primary": "--st-surface",
    "background_fill_secondary": "--st-raised",
    "border_color_primary": "--st-line",
    "border_color_accent": "--st-accent",
    "block_background_fill": "--st-surface",
    "block_border_color": "--st-line",
    "block_label_background_fill": "--st-surface",
    "block_label_text_color": "--st-muted",
    "block_title_text_color": "--st-muted",
    "block_info_text_color": "--st-muted",
    "input_background_fill": "--st-field",
    "input_background_fill_focus": "--st-field",
    "input_border_color": "--st-line-strong",
    "input_border_color_focus": "--st-accent",
    "input_placeholder_color": "--st-faint",
    "button_primary_background_fill": "--st-accent-fill",
    "button_primary_background_fill_hover": "--st-accent-fill-hover",
    "button_primary_text_color": "--st-on-accent",
    "button_primary_border_color": "--st-accent-fill",
    "button_secondary_background_fill": "--st-surface",
    "button_secondary_background_fill_hover": "--st-hover",
    "button_secondary_text_color": "--st-text",
    "button_secondary_border_color": "--st-line-strong",
    "color_accent_soft": "--st-hover",
    "link_text_color": "--st-accent",
    "link_text_color_hover": "--st-accent",
}


def build_theme() -> gr.themes.Base:
    """The theme: system fonts, small sizes, colours from CSS variables in both modes."""
    theme = gr.themes.Base(
        font=list(SANS),
        font_mono=list(MONO),
        text_size=gr.themes.sizes.text_sm,
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_sm,
    )
    colours = {name: f"var({variable})" for name, variable in _COLOURS.items()}
    dark = {f"{name}_dark": value for name, value in colours.items()}
    return theme.set(
        **colours,
        **dark,
        input_border_width="1px",
        button_border_width="1px",
        button_large_text_size="13px",
        button_large_text_weight="500",
        button_large_padding="6px 14px",
        button_small_text_size="12px",
        button_small_text_weight="500",
        button_small_padding="4px 10px",
        input_padding="6px 9px",
        block_title_text_size="12px",
        block_shadow="none",
        block_shadow_dark="none",
        button_primary_shadow="none",
        button_secondary_shadow="none",
        input_shadow="none",
        input_shadow_dark="none",
        input_shadow_focus="none",
        input_shadow_focus_dark="none",
    )


def places(browser_api_base: str) -> str:
    """The <script> that tells the viewer's modules where API, pages and sign-in are."""
    # "<" escaped: the base comes from settings and must not be able to close the script tag.
    known = {"api": browser_api_base, "ui": UI_PATH, "signIn": SIGN_IN_PATH}
    escaped = json.dumps(known).replace("<", "\\u003c")
    return f"<script>window.STUDIO = {escaped};</script>"


def head(browser_api_base: str) -> str:
    """Tags for <head>: where things are, the style sheets and the modules every page needs."""
    return (
        f"{places(browser_api_base)}"
        f'<link rel="stylesheet" href="{STATIC_PATH}/studio.css">'
        f'<link rel="stylesheet" href="{STATIC_PATH}/viewer.css">'
        f'<script type="module" src="{STATIC_PATH}/chrome.js"></script>'
        f'<script type="module" src="{STATIC_PATH}/account.js"></script>'
    )
