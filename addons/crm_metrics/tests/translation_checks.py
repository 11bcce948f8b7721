import re
from pathlib import Path

import polib

from odoo.modules import Manifest
from odoo.tools.translate import TranslationModuleReader

#: what has to be in a translation as it is in the source
FIXED = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|</?[a-z]+[^>]*>")
#: the text of a tag, which is to be translated, too
TITLE = re.compile(r' title="[^"]*"')
#: terms that are the same in Russian: Odoo keeps no translation of them
SAME = {
    "%(amount)s · %(share)s",
    "%(figure)s, %(days)s",
    "%(figure)s, %(period)s: %(amount)s",
    "%(figure)s, %(period)s: %(value)s",
    "%(figure)s, %(stage)s",
    "%(label)s: %(amount)s",
    "%(label)s: %(figure)s",
    "%(label)s: %(value)s",
    "%(reason)s, %(stage)s",
    "%(slices)s, %(period)s",
    "%(stage)s (%(share)s)",
    "%(value)s, %(deals)s",
    "ARR",
    "CARR",
    "CRM Metrics",
    "GRR %s",
    "ID",
    "MRR",
    "%(count)s · %(share)s",
    "%(period)s: %(score)s, %(interval)s, %(answers)s",
    "< 0.01",
    "Message-Id",
    "NPS",
    "Qweb",
    "n = %s",
    "· NPS",
    "· MRR",
    # names of figures in nps_sheet.py, which the search for terms takes along
    "excludedanswers",
    "excludedscore_with_them",
    "in_time",
    "median_hours",
    "p_value",
    "weighted_score",
}
HINT = "Write them anew: see scripts/translations.py"


class TranslationChecks:
    """The template says what the code says, and Russian is complete.

    To be mixed into a test case of each addon, which names the addon.
    """

    addon = None
    #: so many terms it has at least; else nothing was read
    least = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = Path(Manifest.for_addon(cls.addon).path) / "i18n"
        cls.template = polib.pofile(str(folder / f"{cls.addon}.pot"))
        cls.russian = polib.pofile(str(folder / "ru.po"))

    def _is_inherited(self, kind, name):
        """Tell whether a term is the text of a field that a mixin brings along.

        Which of these there are depends on the other addons of the database.

        :param name: of the record, without module
        """
        if not kind.startswith("model:ir.model.fields,") or "selection" in kind:
            return False
        data = self.env["ir.model.data"].search(
            [("module", "=", self.addon), ("name", "=", name)]
        )
        if not data:
            return name.startswith("field_crm_subscription__")
        field = self.env["ir.model.fields"].browse(data.res_id)
        python_field = self.env[field.model]._fields[field.name]
        return self.addon not in python_field._modules

    def _exported(self):
        """Return the terms of the addon in this database, our own only."""
        terms = set()
        for row in TranslationModuleReader(self.env.cr, modules=[self.addon]):
            _module, kind, name, record, source, _value, _comments = row
            record = str(record).partition(".")[2]
            if record.endswith("_demo") and not record.startswith("model_"):
                continue
            if not self._is_inherited(f"{kind}:{name}", record):
                terms.add(source)
        return terms

    def _stored(self):
        """Return the terms of the template, our own only."""
        return {
            entry.msgid
            for entry in self.template
            if not all(
                self._is_inherited(place.rpartition(":")[0], place.rpartition(".")[2])
                for place, _line in entry.occurrences
            )
        }

    def test_template_is_what_the_code_says(self):
        exported, stored = self._exported(), self._stored()
        self.assertGreaterEqual(len(exported), self.least)
        self.assertFalse(exported - stored, f"Terms without template. {HINT}")
        self.assertFalse(stored - exported, f"Terms that are gone. {HINT}")

    def test_russian_is_complete(self):
        self.assertEqual(
            {entry.msgid for entry in self.russian},
            {entry.msgid for entry in self.template},
            HINT,
        )
        for entry in self.russian:
            self.assertFalse(entry.fuzzy, entry.msgid)
            if entry.msgid in SAME:
                continue
            self.assertRegex(entry.msgstr, "[А-Яа-яЁё]", entry.msgid)

    def test_russian_keeps_what_is_filled_in(self):
        for entry in self.russian:
            self.assertEqual(
                sorted(FIXED.findall(TITLE.sub("", entry.msgid))),
                sorted(FIXED.findall(TITLE.sub("", entry.msgstr or entry.msgid))),
                entry.msgid,
            )
