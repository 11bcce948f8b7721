from datetime import date

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..kernel import periods
from .date_range import FIRST_DAY, LAST_DAY

#: options that every method takes
COMMON = frozenset({"date_from", "date_to", "grain", "company_ids"})
#: so many periods are more than anybody reads, and less than hurts a server
MAX_PERIODS = 5000


class CrmMetrics(models.AbstractModel):
    """The façade: the only thing that screens, digests, exports and the command
    line ask for a figure.

    Every public method takes one dict `options` and returns plain values, read
    with the rights of the caller. Dates are inclusive ISO dates, amounts are
    floats rounded to the currency, rates are fractions; what does not exist is
    None. Options that all methods take:

    `date_from`, `date_to`
        required
    `grain`
        `day`, `week` (ISO), `month` (default), `quarter`, `year`
    `company_ids`
        default: the selected companies; others of the user are allowed
    `team_ids`, `user_ids`
        only what belongs to these sales teams, salespersons

    Bad options raise a ValidationError that begins with the name of the key.
    """

    _name = "crm.metrics"
    _description = "CRM Metrics"

    # ------------------------------------------------------------------
    # options
    # ------------------------------------------------------------------

    def _options(self, options, ids=None, choices=None):
        """Check options and return them complete.

        :param dict options: what the caller gave
        :param dict ids: keys that take ids, besides the common ones -> model
        :param dict choices: key -> allowed values, the first is the default
        :return: dict with dates as dates, `companies` as a recordset (the main
            one first), the keys of `choices` filled and the keys of `ids`, None
            where nothing was asked for
        """
        choices = {"grain": ("month", *periods.GRAINS), **(choices or {})}
        ids = {"team_ids": "crm.team", "user_ids": "res.users", **(ids or {})}
        self._check_keys(options, COMMON | set(ids) | set(choices))
        companies = self._option_companies(options)
        # record rules look at the selected companies
        asked = self.with_context(allowed_company_ids=companies.ids)
        checked = {
            "date_from": self._option_date(options, "date_from"),
            "date_to": self._option_date(options, "date_to"),
            "companies": companies,
            **{
                key: asked._option_ids(options, key, model)
                for key, model in ids.items()
            },
        }
        if checked["date_from"] > checked["date_to"]:
            raise ValidationError(self.env._("date_from: it is after date_to."))
        for key, values in choices.items():
            checked[key] = options.get(key, values[0])
            self._check_choice(key, checked[key], values)
        if (
            periods.at_most(checked["date_from"], checked["date_to"], checked["grain"])
            > MAX_PERIODS
        ):
            raise ValidationError(
                self.env._(
                    "grain: the range has more than %(limit)s periods. Choose a "
                    "coarser grain or a shorter range.",
                    limit=MAX_PERIODS,
                )
            )
        return checked

    def _check_keys(self, options, known):
        """Check who asks, and that options are a dict of known keys."""
        self.env["crm.metrics.engine"]._check_user()
        if not isinstance(options, dict):
            raise ValidationError(self.env._("options: expected a dictionary."))
        for key in options:
            if key not in known:
                raise ValidationError(
                    self.env._(
                        "%(key)s: unknown option; known are %(known)s.",
                        key=key,
                        known=", ".join(sorted(known)),
                    )
                )

    def _check_choice(self, key, value, values):
        """Check that a value is one of some."""
        # whatever it may be: not all can be looked up in a dict
        if value not in tuple(values):
            raise ValidationError(
                self.env._(
                    "%(key)s: %(value)r is none of %(values)s.",
                    key=key,
                    value=value,
                    values=", ".join(v for v in dict.fromkeys(values) if v),
                )
            )

    def _option_date(self, options, key):
        value = options.get(key)
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            day = None
        # only the usual form, neither "20260131" nor a week date; and the year
        # 9999 has no end: the day after it does not exist
        if day and day.isoformat() == value and day <= LAST_DAY:
            if day >= FIRST_DAY:
                return day
            raise ValidationError(
                self.env._(
                    "%(key)s: expected a date from %(first)s on, not %(value)s.",
                    key=key,
                    first=FIRST_DAY,
                    value=value,
                )
            )
        raise ValidationError(
            self.env._(
                "%(key)s: expected a date as YYYY-MM-DD, not %(value)r.",
                key=key,
                value=value,
            )
        )

    def _option_ids(self, options, key, model):
        """Return ids that the caller may read, or None when none were given."""
        ids = self._option_list(options, key)
        if ids is None:
            return None
        records = self.env[model].with_context(active_test=False)
        self._check_ids(key, ids, records.search([("id", "in", ids)]))
        return ids

    def _option_companies(self, options):
        ids = self._option_list(options, "company_ids")
        if ids is None:
            return self.env.companies
        # the selected ones are the default, not the limit
        self._check_ids("company_ids", ids, self.env.user.company_ids)
        if not ids:
            raise ValidationError(
                self.env._("company_ids: choose at least one company.")
            )
        return self.env["res.company"].browse(ids)

    def _option_list(self, options, key):
        """Return a list of ids, whatever records they may be, or None."""
        ids = options.get(key)
        if ids is None:
            return None
        if not isinstance(ids, (list, tuple)) or any(
            type(id_) is not int for id_ in ids
        ):
            raise ValidationError(
                self.env._(
                    "%(key)s: expected a list of ids, not %(value)r.",
                    key=key,
                    value=ids,
                )
            )
        return list(dict.fromkeys(ids))

    def _check_ids(self, key, ids, allowed):
        if unknown := set(ids) - set(allowed.ids):
            raise ValidationError(
                self.env._(
                    "%(key)s: no record that you may read has the id %(ids)s.",
                    key=key,
                    ids=", ".join(map(str, sorted(unknown))),
                )
            )

    # ------------------------------------------------------------------
    # what all results share
    # ------------------------------------------------------------------

    def _as_of(self, options):
        """Return the last day and the moment that figures of a range know.

        That is the end of `date_to` in the main company, or now if it lies ahead.
        """
        company = options["companies"][:1]
        today = company._metrics_today()
        if options["date_to"] < today:
            return options["date_to"], company._metrics_end_of_day(options["date_to"])
        return today, fields.Datetime.now()

    def _meta(self, options, facts):
        """Return the part that all results begin with.

        :param facts: names of the facts that the result is read from
        """
        last, moment = self._as_of(options)
        return {
            "currency": options["companies"][0].currency_id.name,
            "date_from": fields.Date.to_string(options["date_from"]),
            "date_to": fields.Date.to_string(options["date_to"]),
            "grain": options["grain"],
            "as_of": self.env["crm.metrics.engine"]._iso(moment),
            # the same as a day of the company: a browser may be elsewhere
            "last_day": fields.Date.to_string(last),
            **self._meta_missing(options["companies"], facts),
        }

    def _meta_missing(self, companies, facts):
        """Return what is not in the rows of facts: keys that wait, records left out."""
        waiting = self.env["crm.metrics.queue"]._waiting()
        issues = self.env["crm.metrics.issue"]._read_group(
            [
                ("fact", "in", facts),
                # without a company a record belongs to nobody, and to everybody
                ("company_id", "in", [*companies.ids, False]),
            ],
            ["code"],
            ["__count"],
        )
        return {
            "queued": sum(waiting.get(fact, 0) for fact in facts),
            "issues": dict(issues),
        }

    def _scope_domain(self, options, fields_by_key):
        """Return the domain of the facts that the options ask for.

        :param dict fields_by_key: key of an option with ids -> field of the fact
        """
        domain = Domain("company_id", "in", options["companies"].ids)
        for key, field in fields_by_key.items():
            if options[key] is not None:
                domain &= Domain(field, "in", options[key])
        return domain

    def _is_slice(self, model, domain):
        """Tell whether a domain and the caller's rules leave a part of companies.

        Only then customers have to be counted one by one.
        """
        domain &= self.env["ir.rule"]._compute_domain(model, "read")
        domain = domain.optimize(self.env[model])
        # an empty list of teams asks for nothing, by a domain without conditions
        return domain.is_false() or any(
            condition.field_expr != "company_id"
            for condition in domain.iter_conditions()
        )

    def _conversion_rates(self, companies, day):
        """Return what one unit of each company's currency is worth in the main one.

        The last rate on or before `day` counts; unlike `_convert`, a later rate
        or 1 never stands in for a missing one.

        :return: dict, company id -> factor
        :raise ValidationError: a currency has no rate on or before that day
        """
        main = companies[0]
        currencies = companies.currency_id
        if currencies == main.currency_id:
            return dict.fromkeys(companies.ids, 1)
        self.env["res.currency.rate"].flush_model()
        rates = dict(
            self.env.execute_query(
                SQL(
                    """SELECT DISTINCT ON (currency_id) currency_id, rate
                         FROM res_currency_rate
                        WHERE currency_id = ANY(%s) AND name <= %s
                          AND (company_id IS NULL OR company_id = %s)
                        ORDER BY currency_id, name DESC, company_id""",
                    currencies.ids,
                    day,
                    main.root_id.id,
                )
            )
        )
        # a company's own currency often has no rate row: it is the unit
        rates.setdefault(main.currency_id.id, 1)
        for currency in currencies:
            if not rates.get(currency.id):
                raise ValidationError(
                    self.env._(
                        "company_ids: there is no rate of %(currency)s on or before "
                        "%(day)s. Enter one in the currency's rates.",
                        currency=currency.name,
                        day=day,
                    )
                )
        unit = rates[main.currency_id.id]
        return {
            company.id: unit / rates[company.currency_id.id] for company in companies
        }
