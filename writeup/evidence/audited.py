"""The page's word about the last audit, which comes after the page is built and is put in its place then."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import jinja2

from writeup.trust.certificate import Certificate

LAYOUTS = Path(__file__).with_name("layouts")
SECTION = re.compile(r'<section id="audit".*?</section>', re.DOTALL)


@cache
def layout(file: Path) -> jinja2.Template:
    """A template of HTML: what it prints is escaped, and a name that is not there is an error."""
    loader = jinja2.FileSystemLoader(file.parent)
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.get_template(file.name)


def audit_section(certificate: Certificate | None) -> str:
    """What was redone, with which result; or that nothing was."""
    return layout(LAYOUTS / "audit.html.j2").render(certificate=certificate)


def with_audit(page: str, certificate: Certificate | None) -> str:
    """The same page with another section on the audit."""
    return SECTION.sub(lambda _: audit_section(certificate), page, count=1)
