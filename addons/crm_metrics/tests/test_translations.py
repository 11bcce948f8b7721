from odoo.tests import TransactionCase, tagged

from .translation_checks import TranslationChecks


@tagged("post_install", "-at_install")
class TestTranslations(TranslationChecks, TransactionCase):
    addon = "crm_metrics"
    least = 300
