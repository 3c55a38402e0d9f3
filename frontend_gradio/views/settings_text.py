"""The settings page: where the API is, the class palettes."""

from __future__ import annotations

from frontend_gradio.views.markup import swatch, text
from hiast.contracts.class_spaces import CLASS_SPACES, ClassSpace


def facts(api_url: str, version: str) -> str:
    """Address and version."""
    return (
        f'<dl class="st-keys"><dt>API address</dt><dd class="mono" id="api-address">{text(api_url)}</dd>'
        f'<dt>Version</dt><dd class="mono">{text(version)}</dd></dl>'
    )


def palettes() -> str:
    """The built-in class spaces with their colours and ids."""
    return (
        '<div class="st-palettes">' + "".join(_palette(space) for space in CLASS_SPACES.values()) + "</div>"
    )


def _palette(space: ClassSpace) -> str:
    rows = "".join(
        f"<li>{swatch(colour)}<span>{class_id}</span>{text(name)}</li>"
        for class_id, (name, colour) in enumerate(zip(space.classes, space.colours, strict=True))
    )
    return f"<section><h3>{text(space.name)}</h3><ul>{rows}</ul></section>"
