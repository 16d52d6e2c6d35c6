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
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    themes = {"light": Markup(palette.variables(palette.LIGHT)), "dark": Markup(palette.variables(palette.DARK))}
    return fragment("page.html.j2", page=page, style=Markup(style), themes=themes)


def fragment(template: str, **values: object) -> str:
    """A template with values put in, every text escaped."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template(template).render(**values)
