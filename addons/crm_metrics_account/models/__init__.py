from . import res_company
from . import account_move
from . import account_move_line
from . import crm_purchase
from . import crm_nps_invitation
from . import crm_nps_program
