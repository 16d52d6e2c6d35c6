"""A page as one offline HTML file."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports import palette
from reports.document import Page

TEMPLATES = Path(__file__).parent / "templates"


def html(page: Page) -> str:
    """HTML of the page; every text in it is escaped, styles are inside, nothing is fetched."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    themes = {"light": Markup(palette.variables(palette.LIGHT)), "dark": Markup(palette.variables(palette.DARK))}
    return templates.get_template("page.html.j2").render(page=page, style=Markup(style), themes=themes)
