from odoo.exceptions import UserError

from ..models.crm_nps_invitation import SENDING
from .nps_case import NpsCase


class TestLinks(NpsCase):
    """A link votes for whoever holds it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.running = cls.program()
        cls.anna = cls.contact("Anna")

    def test_a_token_opens_one_invitation(self):
        one, other = self.consider(self.running, self.anna, self.contact("Ben"))
        token = one._token()
        self.assertRegex(token, r"\A[A-Za-z0-9_-]{43}\Z")
        self.assertNotEqual(token, other._token())
        self.assertEqual(one.browse()._find(token), one)
        # a reminder repeats it
        self.env.invalidate_all()
        self.assertEqual(one._token(), token)
        for wrong in ("", "x", token[:-1], token + "=", token.swapcase(), "\udc80"):
            self.assertFalse(one._find(wrong))

    def test_nothing_stored_opens_anything(self):
        [invitation] = self.consider(self.running, self.anna)
        for stored in (invitation.salt, invitation.token_hash):
            self.assertNotIn(invitation._token(), stored)
            self.assertFalse(invitation._find(stored))

    def test_sellers_are_told_no_link(self):
        """Neither by a preview, nor by a context of their own, nor by the fields."""
        [invitation] = self.consider(self.running, self.anna)
        theirs = invitation.with_user(self.seller).with_context(
            crm_nps_sending={"crm_nps_sending": True}
        )
        base = invitation.get_base_url()
        self.assertEqual(theirs._url(), f"{base}/nps/preview")
        self.assertEqual(theirs._url(0), f"{base}/nps/preview?s=0")
        self.assertEqual(theirs._stop_url(), f"{base}/nps/preview/stop")
        for name in ("salt", "token_hash", "person"):
            self.assertNotIn(name, theirs.fields_get())

    def test_the_mail_has_the_link(self):
        [invitation] = self.consider(self.running, self.anna)
        sending = invitation.with_context(crm_nps_sending=SENDING)
        link = f"{invitation.get_base_url()}/nps/{invitation._token()}"
        self.assertEqual(sending._url(), link)
        self.assertEqual(sending._url(0), f"{link}?s=0")
        self.assertEqual(sending._stop_url(), f"{link}/stop")


class TestSuppression(NpsCase):
    def test_once_and_the_stronger_reason(self):
        suppression = self.env["crm.nps.suppression"]
        suppression._suppress(["a", "b", "", "a"], "opted_out")
        suppression._suppress(["a"], "opted_out")
        suppression._suppress(["b"], "erased")
        suppression._suppress(["b"], "opted_out")
        self.assertEqual(
            suppression._suppressed(["a", "b", "c"]), {"a": "opted_out", "b": "erased"}
        )
        self.assertEqual(
            suppression.search_count([("person", "in", ["a", "b", ""])]), 2
        )

    def test_surveys_can_be_allowed_again(self):
        """By managers; not for those whose data was erased."""
        suppression = self.env["crm.nps.suppression"]
        anna = self.contact("Anna")
        key = suppression._person_key(anna.email_normalized, anna)
        suppression._suppress([key], "opted_out")
        self.assertEqual(anna.crm_nps_suppressed, "opted_out")
        with self.assertRaises(UserError):
            anna.with_user(self.seller_all).action_nps_allow()
        anna.with_user(self.manager).action_nps_allow()
        self.assertFalse(anna.crm_nps_suppressed)
        self.assertAsked(self.consider(self.program(), anna), None)
        suppression._suppress([key], "erased")
        anna.invalidate_recordset()
        with self.assertRaises(UserError):
            anna.with_user(self.manager).action_nps_allow()

    def test_a_contact_without_address(self):
        anna = self.contact("Anna", email=False)
        self.env["crm.nps.suppression"]._suppress([f"partner,{anna.id}"], "opted_out")
        self.assertEqual(anna.crm_nps_suppressed, "opted_out")
