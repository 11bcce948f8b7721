"""``crm-metrics import``: files into subscriptions, purchases, histories, answers.

A file is read and checked as a whole (:mod:`.table`), its names are looked up
(:mod:`.lookup`), and what is new or different goes to the server in batches, each in
one transaction (:mod:`.run`). What a kind of file has for columns, and how it gets into
Odoo, is in a module of its own.
"""
