"""``crm-metrics verify``: facts and figures, worked out a second time.

Nothing here is shared with the addon. The sources are read over the network, and what
they give is worked out anew from the definitions in docs/definitions.md, with pandas
instead of SQL; what is stored and what the façade answers is compared with that.
"""
