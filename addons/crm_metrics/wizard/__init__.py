from . import (
    base_partner_merge,
    crm_nps_ask,
    crm_subscription_terms,
    crm_subscription_wizard,
    crm_subscription_change,
    crm_subscription_renew,
    crm_subscription_pause_start,
    crm_subscription_resume,
    crm_subscription_close,
    crm_nps_exclude,
    privacy_lookup_wizard,
)
