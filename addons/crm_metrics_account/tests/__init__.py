from . import test_invoices
from . import test_translations
from . import test_nps_invoice
