"""Writes the translation templates of our addons anew and brings the .po files in step.

Run in Odoo's shell, on a database that has the addons and no demo data::

    make db DB=terms ADDONS=crm_metrics
    make shell DB=terms < scripts/translations.py

Then translate what `git diff` shows as empty (`msgstr ""`).
"""

import io
import logging
from pathlib import Path

import polib

from odoo.modules import Manifest
from odoo.tools.translate import trans_export

_logger = logging.getLogger(__name__)


def write_terms(env):
    """Write i18n/<addon>.pot of each installed addon of ours and merge it into .po."""
    installed = env["ir.module.module"].search(
        [("name", "=like", r"crm\_metrics%"), ("state", "=", "installed")]
    )
    for addon in installed.mapped("name"):
        folder = Path(Manifest.for_addon(addon).path) / "i18n"
        folder.mkdir(exist_ok=True)
        buffer = io.BytesIO()
        trans_export(None, [addon], buffer, "po", env)
        template = folder / f"{addon}.pot"
        template.write_bytes(buffer.getvalue())
        terms = polib.pofile(str(template))
        for path in folder.glob("*.po"):
            translated = polib.pofile(str(path), wrapwidth=78)
            translated.merge(terms)
            for entry in translated.obsolete_entries():
                translated.remove(entry)
            translated.sort(key=lambda entry: entry.msgid)
            translated.save()
            _logger.warning(
                "%s: %s terms without translation, %s to look at again",
                path,
                len(translated.untranslated_entries()),
                len(translated.fuzzy_entries()),
            )


write_terms(env)  # noqa: F821
