"""Answering a survey, against a running server.

What scanners of mail do to links, and what comes back of the pages that they open.
"""

import time

import pytest
import requests
from nps_pages import CONFIRM, HEADERS, READ, THANKS, at_once


class TestScanners:
    def test_looking_writes_nothing(self, site, invitation):
        """All links of a mail and of its page, by every method that only looks."""
        id_, path = invitation
        scanner = site.visitor()
        paths = [f"{path}?s={score}" for score in range(11)]
        paths += [path, f"{path}?more=1", f"{path}/stop", site.public[1]]
        paths += [f"{path}?debug=assets"]
        site.written()
        for each in paths:
            page = scanner.look(each)
            assert page.status_code == 200
            assert "<form" in page.text
            assert HEADERS.items() <= page.headers.items()
        for each in paths[::4]:
            head = scanner.look(each, "HEAD")
            assert (head.status_code, head.text) == (200, "")
            assert scanner.look(each, "OPTIONS").status_code == 200
        assert scanner.look("/nps/unknown").status_code == 404
        assert site.written() == set()
        assert (site.answers(id_), site.state(id_)) == ([], "sent")

    def test_the_counter_counts(self, site, invitation):
        site.written()
        site.visitor().answer(invitation[1], 7)
        expected = {"crm_nps_nonce", "crm_nps_answer", "crm_nps_invitation"}
        assert expected <= site.written()

    def test_other_methods_are_refused(self, site, invitation):
        path = invitation[1]
        for each in (path, f"{path}/stop", site.public[1], "/nps/unknown"):
            for method in ("PUT", "DELETE", "PATCH", "TRACE"):
                page = site.visitor().look(each, method)
                assert page.status_code == 405
                assert page.headers["Allow"] == "GET, HEAD, OPTIONS, POST"
                assert HEADERS.items() <= page.headers.items()

    def test_after_a_scanner_a_person_confirms_once_more(self, site, invitation):
        """Who opens the page while a robot follows all links cannot be told from it."""
        id_, path = invitation
        scanner, person = site.visitor(), site.visitor()
        for score in range(11):
            scanner.look(f"{path}?s={score}")
        page = person.answer(path, 9, "Good")
        assert CONFIRM in page.text
        assert site.answers(id_) == [(9, "Good", "suspect", "scores")]
        assert site.state(id_) == "sent"
        page = person.send(path, page, wait=10.1, script="1", gesture="click")
        assert THANKS in page.text
        assert site.answers(id_) == [(9, "Good", "counted", None)]

    def test_a_minute_later_nothing_is_asked_twice(self, site, invitation):
        id_, path = invitation
        scanner, person = site.visitor(), site.visitor()
        for score in range(11):
            scanner.look(f"{path}?s={score}")
        time.sleep(10.1)
        assert THANKS in person.answer(path, 9).text
        assert site.answers(id_) == [(9, None, "counted", None)]

    def test_following_the_link_that_nobody_sees(self, site, invitation):
        id_, path = invitation
        robot = site.visitor()
        page = robot.look(f"{path}?s=10")
        robot.look(f"{path}?more=1")
        page = robot.send(path, page, script="1", gesture="click")
        assert CONFIRM in page.text
        assert site.answers(id_) == [(10, None, "suspect", "honeypot")]

    @pytest.mark.parametrize(
        ("reason", "fields"),
        [
            ("honeypot", {"subject": "buy"}),
            ("automatic", {"driver": "1"}),
            ("fast", {"wait": 0}),
        ],
    )
    def test_what_no_person_does(self, site, invitation, reason, fields):
        """It is stored and changes nothing; then somebody confirms, and it counts."""
        id_, path = invitation
        robot = site.visitor()
        page = robot.look(f"{path}?s=1")
        page = robot.send(path, page, script="1", gesture="click", **fields)
        assert page.status_code == 200
        assert CONFIRM in page.text
        assert site.answers(id_) == [(1, None, "suspect", reason)]
        assert site.state(id_) == "sent"
        page = robot.send(path, page)
        assert THANKS in page.text
        assert site.answers(id_) == [(1, None, "counted", None)]

    def test_opened_the_moment_the_mail_arrived(self, site, invitation):
        id_, path = invitation
        site.fetch(
            """UPDATE crm_nps_invitation
                  SET last_sent_at = now() AT TIME ZONE 'UTC' WHERE id = %s""",
            id_,
        )
        assert CONFIRM in site.visitor().answer(path, 9).text
        assert site.answers(id_) == [(9, None, "suspect", "early")]

    def test_five_doubtful_replies_are_enough(self, site, invitation):
        id_, path = invitation
        for score in range(7):
            robot = site.visitor()
            page = robot.look(path)
            robot.send(path, page, wait=0, score=score)
        assert [row[0] for row in site.answers(id_)] == [0, 1, 2, 3, 4]
        assert site.state(id_) == "sent"


class TestSending:
    def test_without_nonce_or_token_of_the_session(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        fields = {**person.fields(person.look(path)), "score": 3, "gesture": "click"}
        *signed, last = fields["nonce"]
        forged = "".join(signed) + ("1" if last == "0" else "0")
        time.sleep(READ)
        site.written()
        for missing in (
            {"nonce": ""},
            {"nonce": "vote-1-2-3"},
            {"nonce": forged},
            {"nonce": fields["nonce"].replace("vote", "stop")},
            {"csrf_token": ""},
            {"csrf_token": "é" * 40 + "o1"},
        ):
            page = person.post(path, {**fields, **missing})
            assert page.status_code == 200
            assert "Please send it once more" in page.text
            # what was entered is still there
            assert person.fields(page)["score"] == "3"
        assert site.written() == set()
        assert site.answers(id_) == []

    def test_a_nonce_of_another_page(self, site, invitation):
        id_, path = invitation
        other_id, other = next(site.invitations)
        person = site.visitor()
        page = person.look(other)
        page = person.send(path, page, score=5, gesture="click")
        assert "Please send it once more" in page.text
        stop = person.look(f"{path}/stop")
        page = person.send(path, stop, score=5, gesture="click")
        assert "Please send it once more" in page.text
        assert site.answers(id_) == site.answers(other_id) == []

    def test_a_nonce_is_of_one_session(self, site, invitation):
        id_, path = invitation
        person, thief = site.visitor(), site.visitor()
        page = person.look(f"{path}?s=10")
        thief.look(path)
        page = thief.send(path, page, gesture="click")
        assert "Please send it once more" in page.text
        assert site.answers(id_) == []

    def test_a_nonce_is_used_once(self, site, invitation):
        """Also by its owner: the answer is what he sent first, and he is told so."""
        id_, path = invitation
        person = site.visitor()
        page = person.look(f"{path}?s=10")
        fields = {**person.fields(page), "gesture": "click"}
        assert THANKS in person.send(path, page, gesture="click").text
        assert THANKS in person.post(path, fields).text
        again = person.post(path, {**fields, "score": 0})
        assert "Your answer is 10 of 10." in again.text
        assert site.answers(id_) == [(10, None, "counted", None)]
        person.send(path, again, gesture="click")
        assert site.answers(id_) == [(0, None, "counted", None)]

    def test_a_double_click_is_one_answer(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        page = person.look(f"{path}?s=8")
        fields = {**person.fields(page), "gesture": "click", "comment": "Twice"}
        time.sleep(READ)
        # before anything came back that could tell this browser anything
        for response in at_once(*[lambda: person.post(path, fields)] * 4):
            assert response.status_code == 200
            assert THANKS in response.text
        assert site.answers(id_) == [(8, "Twice", "counted", None)]

    def test_two_browsers_at_once(self, site, invitation):
        id_, path = invitation
        visitors = [site.visitor() for _each in range(4)]
        opened = [visitor.look(path) for visitor in visitors]
        time.sleep(READ)
        replies = at_once(
            *(
                lambda visitor=visitor, page=page, score=score: visitor.send(
                    path, page, wait=0, score=score, gesture="click"
                )
                for score, (visitor, page) in enumerate(
                    zip(visitors, opened, strict=True)
                )
            )
        )
        assert sorted(reply.status_code for reply in replies) == [200, 404, 404, 404]
        [winner] = [n for n, reply in enumerate(replies) if reply.status_code == 200]
        rows = site.answers(id_)
        assert [row[0] for row in rows if row[2] == "counted"] == [winner]
        assert {row[3] for row in rows if row[2] == "suspect"} == {"locked"}

    def test_a_later_reply_changes_nothing(self, site, invitation):
        """A scanner that had opened the page sends it half a minute after him."""
        id_, path = invitation
        person, scanner = site.visitor(), site.visitor()
        opened = scanner.look(path)
        assert THANKS in person.answer(path, 9, "Mine").text
        reply = scanner.send(path, opened, score=0, gesture="click")
        assert reply.status_code == 404
        assert site.answers(id_) == [
            (9, "Mine", "counted", None),
            (0, None, "suspect", "locked"),
        ]
        assert scanner.look(path).status_code == 404
        assert scanner.look(f"{path}?s=2").status_code == 404
        # and once more, with the nonce that is used
        fields = {**scanner.fields(opened), "score": 0}
        assert scanner.post(path, fields).status_code == 404
        assert len(site.answers(id_)) == 2

    def test_who_answered_may_change_it(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        person.answer(path, 9, "Good")
        page = person.look(path)
        assert person.fields(page)["score"] == "9"
        assert person.fields(page)["comment"].strip() == "Good"
        page = person.send(path, page, score=0, comment="", gesture="click")
        assert "Thank you for telling us" in page.text
        assert site.answers(id_) == [(0, None, "counted", None)]
        site.fetch(
            """UPDATE crm_nps_answer SET date = date - interval '24 hours 1 second'
                WHERE invitation_id = %s""",
            id_,
        )
        assert person.look(path).status_code == 404

    def test_nothing_chosen_and_nonsense(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        for score in ("", "11", "-1", "9.5", "1e1", "٣", "9\n", "x" * 100):
            page = person.look(f"{path}?s={requests.utils.quote(score)}")
            assert "checked" not in page.text
        for score in ("", "11", "٣"):
            page = person.send(path, page, wait=0, score=score, gesture="click")
            assert "Please choose a number from 0 to 10" in page.text
        assert site.answers(id_) == []

    def test_without_javascript_it_is_confirmed(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        site.written()
        page = person.send(path, person.look(f"{path}?s=0"), comment="Bad")
        assert CONFIRM in page.text
        assert site.written() == {"crm_nps_nonce"}
        page = person.send(path, page)
        assert THANKS in page.text
        assert site.answers(id_) == [(0, "Bad", "counted", None)]

    def test_a_script_that_touches_nothing(self, site, invitation):
        id_, path = invitation
        robot = site.visitor()
        page = robot.send(path, robot.look(f"{path}?s=10"), script="1")
        page = robot.send(path, page, script="1")
        assert CONFIRM in page.text
        assert site.answers(id_) == [(10, None, "suspect", "gesture")]
