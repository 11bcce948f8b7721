from . import res_company
from . import res_currency
from . import res_currency_rate
from . import sale_order
from . import sale_order_line
from . import account_move
from . import account_move_line
from . import crm_purchase
