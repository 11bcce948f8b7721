"""`crm-metrics import nps` into a live server."""

import pytest
from command_line import counts, rejections

ANSWER = ["id", "program", "score", "date", "contact", "email", "comment", "wave"]
STORED = """
    SELECT d.name, a.score, a.bucket, a.date::text, p.name, a.comment, a.wave
      FROM crm_nps_answer a
      JOIN ir_model_data d ON d.model = 'crm.nps.answer' AND d.res_id = a.id
      LEFT JOIN res_partner p ON p.id = a.partner_id
     WHERE d.name LIKE 'cli-%%' ORDER BY d.name
"""
#: a contact answers an invitation of a program
ANSWERED = """
    WITH invitation AS (
        INSERT INTO crm_nps_invitation (program_id, company_id, wave, partner_id,
                                        account_id, state, date)
        SELECT p.id, p.company_id, 'cli', c.id, c.commercial_partner_id, 'answered',
               now()
          FROM crm_nps_program p, res_partner c
         WHERE c.email_normalized = %s AND p.name->>'en_US' = %s
     RETURNING *
    )
    INSERT INTO crm_nps_answer (program_id, company_id, wave, partner_id, account_id,
                                invitation_id, score, bucket, state, date)
    SELECT program_id, company_id, wave, partner_id, account_id, id, 0, 'detractor',
           'counted', '2026-02-01' FROM invitation
"""


@pytest.fixture(autouse=True)
def _alone(query):
    yield
    query(
        """DELETE FROM crm_nps_answer WHERE wave = 'cli';
           DELETE FROM crm_nps_invitation WHERE wave = 'cli';
           DELETE FROM crm_nps_answer WHERE id IN (
               SELECT res_id FROM ir_model_data
                WHERE model = 'crm.nps.answer' AND name LIKE 'cli-%%');
           DELETE FROM ir_model_data
            WHERE model = 'crm.nps.answer' AND name LIKE 'cli-%%'"""
    )


@pytest.fixture(scope="module")
def programs(rpc):
    """Names of a program that knows who answers, and of one that does not."""
    names = "Known", "Nobody"
    values = [{"name": name, "anonymous": name == "Nobody"} for name in names]
    ids = rpc.call("crm.nps.program", "create", values)
    yield names
    rpc.call("crm.nps.program", "unlink", ids)


@pytest.fixture
def person(query):
    """Name and e-mail address of a contact who is the only one with them."""
    [(name, email)] = query(
        """SELECT min(name), email_normalized FROM res_partner
            WHERE active AND email_normalized <> '' AND name NOT IN (
                  SELECT name FROM res_partner WHERE name <> ''
                   GROUP BY name HAVING count(*) > 1)
            GROUP BY email_normalized HAVING count(*) = 1 ORDER BY 1 LIMIT 1"""
    )
    return name, email


def test_created_and_left_alone(command, file, query, programs, person):
    name, email = person
    known, _anonymous = programs
    rows = [
        # the contact by its name, or by its address; and an address of nobody here
        ["cli-1", known, "10", "2026-03-01 10:00", name, "", "Fine.\nMostly.", "2026"],
        ["cli-2", known, "0", "2026-03-02", "", email.upper(), "", "2026"],
        ["cli-3", known, "8", "2026-03-03", "", "nobody.here@example.com", "", ""],
    ]
    path = file(ANSWER, rows)
    said = command.result("import", "nps", path, "--dry-run")
    assert counts(said) == [3, 0, 0, 0]
    assert query(STORED) == []
    assert counts(command.result("import", "nps", path)) == [3, 0, 0, 0]
    first = "2026-03-01 10:00:00", name, "Fine.\nMostly.", "2026"
    expected = [
        ("cli-1", 10, "promoter", *first),
        ("cli-2", 0, "detractor", "2026-03-02 12:00:00", name, None, "2026"),
        ("cli-3", 8, "passive", "2026-03-03 12:00:00", None, None, None),
    ]
    assert query(STORED) == expected
    # the first two have one vote between them
    assert query(
        """SELECT count(DISTINCT person), bool_and(length(person) = 64)
              FROM crm_nps_answer WHERE id IN (
                   SELECT res_id FROM ir_model_data
                    WHERE name IN ('cli-1', 'cli-2'))"""
    ) == [(1, True)]
    assert counts(command.result("import", "nps", path)) == [0, 0, 3, 0]
    # what was answered is nobody's to change
    rows[0][2] = "9"
    rows[1][6] = "Not at all."
    path = file(ANSWER, [*rows, ["cli-4", known, "7", "2026-03-04", "", "", "", ""]])
    said = command.result("import", "nps", path, code=1)
    assert counts(said) == [1, 0, 1, 2]
    assert rejections(said) == [(2, "score"), (4, "comment")]
    assert "stays as it is" in said["rejections"][0]["reason"]
    assert query(STORED)[:3] == expected


def test_anonymous_answers(command, file, query, programs, person):
    """They keep nobody's name, so the file cannot be compared with it."""
    name, email = person
    _known, anonymous = programs
    path = file(
        ANSWER,
        [["cli-1", anonymous, "3", "2026-03-01 10:00", name, email, "Slow", "deal,7"]],
    )
    assert counts(command.result("import", "nps", path)) == [1, 0, 0, 0]
    [(_id, score, _bucket, day, contact, comment, wave)] = query(STORED)
    assert (score, contact, comment, wave) == (3, None, "Slow", None)
    assert day[:10] == "2026-03-01"
    assert counts(command.result("import", "nps", path)) == [0, 0, 1, 0]


def test_every_error_is_named(command, file, query, programs):
    known, _anonymous = programs
    tail = ["", "", "", ""]
    path = file(
        ANSWER,
        [
            ["cli-1", known, "11", "2026-03-01", *tail],
            ["cli-2", known, "9.5", "2026-03-01", *tail],
            ["cli-3", known, "", "2026-03-01", *tail],
            ["cli-4", "No Such Program", "9", "2026-03-01", *tail],
            ["cli-5", known, "9", "01/03/2026", *tail],
            ["cli-6", known, "9", "2090-01-01", *tail],
            ["cli-7", known, "9", "2026-03-01", "Nobody at All", "", "", ""],
            ["cli-8", known, "9", "2026-03-01", *tail],
            ["cli-8", known, "9", "2026-03-01", *tail],
            ["", known, "9", "2026-03-01", *tail],
        ],
    )
    said = command.result("import", "nps", path, code=1)
    assert rejections(said) == [
        (2, "score"),
        (3, "score"),
        (4, "score"),
        (5, "program"),
        (6, "date"),
        (7, "date"),
        (8, "contact"),
        (10, "id"),
        (11, "id"),
    ]
    assert said["rejections"][1]["reason"] == "'9.5' is no whole number from 0 to 10"
    assert counts(said) == [1, 0, 0, 9]
    assert [row[0] for row in query(STORED)] == ["cli-8"]


def test_only_sales_administrators(command, colleague, file, query, programs):
    path = file(ANSWER, [["cli-1", programs[0], "9", "2026-03-01", "", "", "", ""]])
    user = colleague("sales_team.group_sale_salesman_all_leads")
    line = user.refusal("import", "nps", path, code=3)
    assert "only sales administrators import answers" in line
    assert query(STORED) == []


def test_the_id_of_another_record(command, file, query, programs):
    """Only the line that has it is left out, wherever in the batch it is."""
    known, _anonymous = programs
    query(
        """INSERT INTO ir_model_data (module, name, model, res_id)
           SELECT '__import__', 'cli-taken', 'res.partner', 1"""
    )
    try:
        rows = [
            [name, known, "9", "2026-03-01", "", "", "", f"2026 {name}"]
            for name in ("cli-1", "cli-taken", "cli-2")
        ]
        said = command.result("import", "nps", file(ANSWER, rows), code=1)
    finally:
        query("DELETE FROM ir_model_data WHERE name = 'cli-taken'")
    assert counts(said) == [2, 0, 0, 1]
    [rejected] = said["rejections"]
    assert rejected["line"] == 3
    assert "different model" in rejected["reason"]
    assert [row[0] for row in query(STORED)] == ["cli-1", "cli-2"]


def test_nobody_votes_in_the_place_of_a_customer(
    command, file, query, programs, person
):
    """What a contact answered by an invitation is named; the other lines go in."""
    name, email = person
    known, _anonymous = programs
    query(ANSWERED, email, known)
    rows = [
        ["cli-1", known, "9", "2026-03-01", "", "zoe@example.com", "", "cli"],
        ["cli-2", known, "10", "2026-03-01", name, "", "", "cli"],
        ["cli-3", known, "10", "2026-03-01", "", email, "", "cli"],
        ["cli-4", known, "10", "2026-03-01", name, "", "", "cli-w"],
    ]
    said = command.result("import", "nps", file(ANSWER, rows), code=1)
    assert counts(said) == [2, 0, 0, 2]
    assert rejections(said) == [(3, "wave"), (4, "wave")]
    assert "exclude that answer" in said["rejections"][0]["reason"]
    assert [row[0] for row in query(STORED)] == ["cli-1", "cli-4"]
