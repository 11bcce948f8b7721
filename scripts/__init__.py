"""Tools of the project: the set-up behind ``make`` and the ``crm-metrics`` command."""
