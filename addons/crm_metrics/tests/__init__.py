from . import test_movements
from . import test_recurring
from . import test_views
from . import test_demo
from . import test_partner_merge
from . import test_issues
