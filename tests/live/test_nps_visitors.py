"""Who may answer a survey and what he may write, against a running server."""

import secrets
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
import requests
from nps_pages import CONFIRM, HEADERS, NOTHING, READ, THANKS, at_once, text


class TestWhatIsWritten:
    def test_text_stays_text(self, site):
        def write(comment, id_, path):
            person = site.visitor()
            page = person.send(path, person.look(f"{path}?s=6"), comment=comment)
            # on the page to confirm, and on the one to change it
            assert person.fields(page)["comment"] == comment
            person.send(path, page)
            assert site.answers(id_) == [(6, comment, "counted", None)]
            page = person.look(path)
            assert person.fields(page)["comment"] == comment
            for markup in ("<script>window", "<img src=x"):
                assert markup not in page.text

        comments = [
            "<script>window.hacked = 1</script>",
            "</textarea><img src=x onerror='window.hacked = 1'>",
            "=cmd|' /C calc'!A0",
            "+1+2\n@SUM(A1)\n-3",
            "שלום עולם — مرحبا",
            "{{ 7 * 7 }} ${7*7} %s %(x)s",
            "'; DROP TABLE crm_nps_answer; --",
            "🎉" * 100,
        ]
        calls = [partial(write, each, *next(site.invitations)) for each in comments]
        at_once(*calls)

    def test_control_characters_are_left_out(self, site, invitation):
        """What turns the writing direction of the text that follows, too."""
        id_, path = invitation
        comment = "a\x00b\x1b[31m\u202ec\u2066d\r\ne\tf\u200f "
        site.visitor().answer(path, 5, comment)
        assert site.answers(id_) == [(5, "ab[31mcd\ne\tf\u200f", "counted", None)]

    def test_the_longest_comment(self, site, invitation):
        id_, path = invitation
        comment = "好" * 5000
        assert THANKS in site.visitor().answer(path, 10, comment).text
        assert site.answers(id_) == [(10, comment, "counted", None)]

    def test_longer_is_asked_again(self, site, invitation):
        id_, path = invitation
        page = site.visitor().answer(path, 10, "a" * 5001)
        assert "At most 5000 characters" in page.text
        assert site.answers(id_) == []

    def test_huge_bodies(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        page = person.look(path)
        fields = {**person.fields(page), "score": 1, "comment": "a" * 100_000}
        site.written()
        for each in (path, f"{path}/stop", site.public[1]):
            for reply in (
                person.post(each, fields),
                person.session.post(site.url + each, fields),
            ):
                assert reply.status_code == 413
                assert HEADERS.items() <= reply.headers.items()
        assert site.written() == set()
        assert site.answers(id_) == []

    def test_bodies_that_come_in_chunks(self, site, invitation):
        """They do not tell how long they are."""
        id_, path = invitation
        person = site.visitor()
        fields = {**person.fields(person.look(path)), "script": "1", "gesture": "click"}
        time.sleep(READ)

        def post(size):
            body = urlencode({**fields, "score": 3, "comment": "a" * size}).encode()
            pieces = (body[start : start + 1000] for start in range(0, len(body), 1000))
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            return person.session.post(site.url + path, pieces, headers=headers)

        reply = post(40_000)
        assert reply.status_code == 413
        assert HEADERS.items() <= reply.headers.items()
        assert site.answers(id_) == []
        assert THANKS in post(4000).text
        assert site.answers(id_) == [(3, "a" * 4000, "counted", None)]

    def test_files_in_the_place_of_text(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        fields = person.fields(person.look(path))
        time.sleep(READ)
        for name in ("score", "comment", "nonce", "csrf_token"):
            files = {key: (None, value) for key, value in fields.items()}
            files |= {"score": (None, "3"), name: ("x.txt", b"9")}
            reply = person.session.post(site.url + path, files=files)
            assert reply.status_code == 200
        assert site.answers(id_) == []


class TestWhoMay:
    def test_one_page_for_all_that_cannot_be_answered(self, site):
        def changed(assignment):
            id_, path = next(site.invitations)
            site.fetch(f"UPDATE crm_nps_invitation SET {assignment} WHERE id = %s", id_)
            return path

        expired = "expires_at = now() AT TIME ZONE 'UTC' - interval '1 second'"
        stopped_id, stopped = next(site.invitations)
        site.fetch(
            """WITH p AS (INSERT INTO crm_nps_program SELECT (
                    jsonb_populate_record(p, '{"id": 1000000, "state": "stopped"}')).*
                    FROM crm_nps_program p ORDER BY id LIMIT 1 RETURNING id)
               UPDATE crm_nps_invitation SET program_id = p.id FROM p
                WHERE crm_nps_invitation.id = %s""",
            stopped_id,
        )
        answered = next(site.invitations)[1]
        site.visitor().answer(answered, 9)
        anonymous = next(site.anonymous)[1]
        site.visitor().answer(anonymous, 9)
        paths = [
            changed(expired),
            *(
                changed(f"state = '{state}'")
                for state in ("planned", "skipped", "failed", "declined", "expired")
            ),
            stopped,
            answered,
            anonymous,
            "/nps/preview",
            "/nps/p/unknown",
            f"/nps/{'x' * 43}/stop",
            "/nps/%00%ff",
            "/nps/p/abc%00",
            f"/nps/p/{'x' * 42}%00",
            "/nps/%00/stop",
            "/nps/unknown?self=1",
            "/nps/p/unknown?self=1",
            "/nps/unknown/stop?self=1&token=2",
        ]
        unknown = site.visitor().look(f"/nps/{secrets.token_urlsafe(32)}")
        assert unknown.status_code == 404
        assert NOTHING in unknown.text
        assert HEADERS.items() <= unknown.headers.items()
        for path in paths:
            page = site.visitor().look(path)
            assert page.status_code == 404, path
            assert text(page.text) == text(unknown.text), path
            assert len(page.text) == len(unknown.text), path
            assert set(page.cookies.keys()) == set(unknown.cookies.keys())
            assert site.visitor().post(path, {"score": 1}).status_code == 404

    def test_timing_tells_nothing(self, site):
        _id, used = next(site.invitations)
        site.visitor().answer(used, 9)
        seconds = {used: [], f"/nps/{secrets.token_urlsafe(32)}": []}
        for _round in range(40):
            for path, taken in seconds.items():
                taken.append(site.visitor().look(path).elapsed.total_seconds())
        fast, slow = sorted(statistics.median(taken) for taken in seconds.values())
        assert slow < 2 * fast + 0.005

    def test_ten_thousand_guesses(self, site):
        """They are slowed down, and those that get through tell nothing."""

        def guess(_number):
            # of one address, that of this machine; a plain client, since it is many
            connection = HTTPConnection("127.0.0.1", site.server.port, timeout=60)
            connection.request("GET", f"/nps/{secrets.token_urlsafe(32)}")
            reply = connection.getresponse()
            body = reply.read().decode()
            connection.close()
            slowed = reply.status == 429
            assert reply.headers["Retry-After"] == ("60" if slowed else None)
            return reply.status, body if slowed else text(body)

        site.written()
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            replies = Counter(pool.map(guess, range(10_000)))
        minutes = (time.monotonic() - began) / 60
        # two kinds of reply, the same whatever was guessed
        assert sorted(status for status, _body in replies) == [404, 429]
        let_through = sum(n for (status, _), n in replies.items() if status == 404)
        assert let_through <= 60 * (minutes + 1)
        assert site.written() == set()
        # nobody else has to wait for it
        assert site.visitor().look(next(site.invitations)[1]).status_code == 200

    def test_posting_is_limited_as_well(self, site):
        headers = site.headers()
        paths = [f"/nps/x{number}" for number in range(30)]
        paths += [f"{path}/stop" for path in paths[:15]]
        paths += [f"/nps/p/x{number}" for number in range(20)]
        body = {"List-Unsubscribe": "One-Click"}
        codes = [
            requests.post(site.url + path, body, headers=headers).status_code
            for path in paths
        ]
        assert codes == [404] * 60 + [429] * 5

    def test_names_that_odoo_itself_uses(self, site, invitation):
        """They change nothing, in an address or in a form, and are no way round."""
        id_, path = invitation
        names = ("self", "token", "env", "context", "cls", "args", "db", "lang", "page")
        query = "&".join(f"{name}=1&{name}[]=2" for name in names)
        person = site.visitor()
        for each in (path, f"{path}/stop", site.public[1]):
            page = person.look(f"{each}?{query}&s=9&s[]=8&debug=assets")
            assert page.status_code == 200
            assert HEADERS.items() <= page.headers.items()
            for where in (each, f"{each}?{query}"):
                reply = person.post(where, {name: 1 for name in (*names, "score")})
                assert reply.status_code == 200
                assert HEADERS.items() <= reply.headers.items()
        page = person.look(f"{path}?s=9")
        page = person.send(f"{path}?self=1", page, gesture="click")
        assert THANKS in page.text
        assert site.answers(id_) == [(9, None, "counted", None)]
        guesser = site.visitor()
        codes = [
            guesser.look(f"/nps/x{number}?self=1").status_code for number in range(61)
        ]
        assert codes == [404] * 60 + [429]

    def test_one_page_is_limited_too(self, site, invitation):
        """Whoever asks, and however many they are."""
        path = invitation[1]
        codes = [site.visitor().look(path).status_code for _each in range(31)]
        assert codes == [200] * 30 + [429]
        path = next(site.invitations)[1]
        codes = [site.visitor().post(path, {}).status_code for _each in range(11)]
        assert codes == [200] * 10 + [429]

    def test_a_public_link_is_limited_by_address_alone(self, site):
        """It hangs where many people see it at once."""
        path = site.public[1]
        codes = {site.visitor().look(path).status_code for _each in range(35)}
        codes |= {site.visitor().post(path, {}).status_code for _each in range(15)}
        assert codes == {200}
        visitor = site.visitor()
        codes = [visitor.look(path).status_code for _each in range(61)]
        assert codes == [200] * 60 + [429]

    def test_portal_users(self, site, invitation):
        id_, path = invitation
        other = site.visitor("nps_other")
        assert other.look(path).status_code == 404
        assert other.look(f"{path}/stop").status_code == 404
        same = site.visitor("nps_same")
        assert THANKS in same.answer(path, 8).text
        assert site.answers(id_) == [(8, None, "counted", None)]
        assert other.look(path).status_code == 404

    def test_employees_do_not_count(self, site, invitation):
        id_, path = invitation
        page = site.visitor("nps_staff").answer(path, 10)
        assert "Your answer does not count" in page.text
        assert site.answers(id_) == [(10, None, "suspect", "internal")]
        assert site.state(id_) == "sent"
        assert THANKS in site.visitor().answer(path, 10).text

    def test_nobody_stands_as_the_author(self, site, invitation):
        id_, path = invitation
        site.visitor("nps_same").answer(path, 8)
        assert site.fetch(
            """SELECT create_uid, write_uid FROM crm_nps_answer
                WHERE invitation_id = %s""",
            id_,
        ) == [(1, 1)]

    def test_no_personal_data_and_no_token_in_the_log(self, site, invitation):
        _id, path = invitation
        person = site.visitor()
        pages = [person.look(path), person.look(f"{path}/stop")]
        pages.append(person.answer(path, 4))
        for page in pages:
            assert "Zebulon" not in page.text and "zebulon" not in page.text
        log = site.server.log.read_text()
        assert '"GET /nps/...' in log
        assert path not in log
        assert site.public[1] not in log


class TestOptingOut:
    def suppressed(self, site, id_):
        return site.fetch(
            """SELECT s.reason FROM crm_nps_suppression s
                 JOIN crm_nps_invitation i ON i.person = s.person WHERE i.id = %s""",
            id_,
        )

    def test_by_the_page(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        page = person.look(f"{path}/stop")
        for fields in ({}, {**person.fields(page), "nonce": ""}):
            reply = person.post(f"{path}/stop", fields)
            assert "Do not ask me again" in reply.text
        assert self.suppressed(site, id_) == []
        reply = person.send(f"{path}/stop", page, wait=0)
        assert "We will not ask you again" in reply.text
        assert self.suppressed(site, id_) == [("opted_out",)]
        assert site.state(id_) == "declined"
        assert person.look(path).status_code == 404
        # the link of an old mail works as long as there is one
        assert person.look(f"{path}/stop").status_code == 200

    def test_by_one_click_of_the_mail_program(self, site, invitation):
        """RFC 8058: no cookies, no page before; as often as it likes."""
        id_, path = invitation
        body = {"List-Unsubscribe": "One-Click"}
        for _each in range(2):
            url = f"{site.url}{path}/stop"
            reply = requests.post(url, body, headers=site.headers())
            assert (reply.status_code, reply.text) == (200, "")
        assert self.suppressed(site, id_) == [("opted_out",)]
        unknown = f"{site.url}/nps/{secrets.token_urlsafe(32)}/stop"
        reply = requests.post(unknown, body, headers=site.headers())
        assert reply.status_code == 404

    def test_after_an_answer(self, site, invitation):
        id_, path = invitation
        person = site.visitor()
        person.answer(path, 9)
        person.send(f"{path}/stop", person.look(f"{path}/stop"), wait=0)
        assert self.suppressed(site, id_) == [("opted_out",)]
        assert site.state(id_) == "answered"


class TestOtherPrograms:
    def test_anonymous_answers_lead_nowhere(self, site):
        id_, path = next(site.anonymous)
        person = site.visitor()
        assert THANKS in person.answer(path, 3, "Secret").text
        [row] = site.fetch(
            """SELECT invitation_id, partner_id, account_id, person, lead_id,
                      create_date = date AND write_date = date,
                      extract(minute FROM date) + extract(second FROM date)
                 FROM crm_nps_answer WHERE comment = 'Secret'"""
        )
        assert row[:5] == (None,) * 5
        assert row[5:] == (True, 0)
        [(together,)] = site.fetch(
            """SELECT count(*) FROM crm_nps_invitation i, crm_nps_answer a
                WHERE i.id = %s AND a.comment = 'Secret'
                  AND i.write_date >= a.create_date + interval '13 hours'""",
            id_,
        )
        assert together == 0
        assert site.state(id_) == "answered"
        page = person.look(path)
        assert person.fields(page)["comment"] == "Secret"
        person.send(path, page, score=4, comment="Changed", gesture="click")
        assert site.fetch(
            "SELECT score FROM crm_nps_answer WHERE comment IN ('Secret', 'Changed')"
        ) == [(4,)]

    def test_public_answers(self, site):
        """A browser that many people share; a page sent twice is still one answer."""
        id_, path = site.public
        tablet = site.visitor()
        page = tablet.look(path)
        fields = {**tablet.fields(page), "score": 9, "gesture": "click"}
        time.sleep(READ)
        for response in at_once(*[lambda: tablet.post(path, fields)] * 2):
            assert THANKS in response.text
        assert THANKS in tablet.answer(path, 2).text
        rows = site.fetch(
            """SELECT score, state, public, partner_id, invitation_id
                 FROM crm_nps_answer WHERE program_id = %s ORDER BY id""",
            id_,
        )
        assert rows == [(score, "counted", True, None, None) for score in (9, 2)]
        # a doubtful one becomes the one that counts
        robot = site.visitor()
        page = robot.send(path, robot.look(path), wait=0, score=5)
        assert CONFIRM in page.text
        assert THANKS in robot.send(path, page).text
        counted = "SELECT count(*) FROM crm_nps_answer WHERE program_id = %s"
        assert site.fetch(counted, id_) == [(3,)]

    @pytest.mark.parametrize(
        ("lang", "attributes"),
        [
            ("ru_RU", 'lang="ru-RU" dir="ltr"'),
            ("he_IL", 'lang="he-IL" dir="rtl"'),
            ("xx_XX", 'lang="en-US" dir="ltr"'),
        ],
    )
    def test_the_language_is_the_contacts(self, site, invitation, lang, attributes):
        id_, path = invitation
        site.fetch("UPDATE crm_nps_invitation SET lang = %s WHERE id = %s", lang, id_)
        page = site.visitor().look(path)
        assert page.url == site.url + path, "no redirection to another address"
        assert f"<html {attributes}" in page.text

    def test_else_it_is_the_visitors(self, site):
        page = site.visitor().look(site.public[1], headers={"Accept-Language": "ru"})
        assert '<html lang="ru-RU"' in page.text
