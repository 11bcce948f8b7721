from odoo.tests import TransactionCase, tagged

from odoo.addons.crm_metrics.tests.translation_checks import TranslationChecks


@tagged("post_install", "-at_install")
class TestTranslations(TranslationChecks, TransactionCase):
    addon = "crm_metrics_queue_job"
