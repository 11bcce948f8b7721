"""The command ``crm-metrics``: CRM Metrics from outside of Odoo.

It recomputes, verifies, imports and exports over Odoo's external API, from any machine
that reaches the server. Each command is a module; :mod:`.connection` is the only one
that knows how calls get to the server.
"""

__version__ = "1.0.0"
