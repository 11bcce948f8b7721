"""What the documentation says is true: links, commands, figures, code."""

import json
import re
import subprocess
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest

from scripts.setup import testing
from scripts.setup.environment import ready
from scripts.setup.paths import clone_key

ROOT = testing.ROOT
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
#: title in a table of key figures -> key of the figure
FIGURES = {
    "MRR": "mrr",
    "ARR": "arr",
    "Net new": "net_new",
    "Growth": "growth",
    "Gross churn": "gross_churn",
    "Net churn": "net_churn",
    "Logo churn": "logo_churn",
    "Quick ratio": "quick_ratio",
    "ARPA": "arpa",
    "ASP": "asp",
    "LTV": "ltv",
    "Top 10": "top10_share",
}
RETENTION = {
    "NRR": "nrr_12m",
    "GRR": "grr_12m",
    "Logo retention": "logo_retention_12m",
}
#: name -> figure; a column that is not here names the period
COLUMNS = ("opening", "new", "reactivation", "expansion", "contraction", "churn")
COLUMNS += ("transfer", "closing")


def name(page):
    return str(page.relative_to(ROOT))


@pytest.fixture(params=PAGES, ids=name)
def page(request):
    return request.param


# ----------------------------------------------------------------------
# links
# ----------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    found: set[str] = set()
    for title in re.findall(
        r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE
    ):
        plain = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def test_links_lead_somewhere(page):
    text = FENCED.sub("", page.read_text())
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    links += re.findall(r'(?:src|srcset|href)="([^"]+)"', text)
    assert links, "no links at all?"
    for link in links:
        if re.match(r"https?://|mailto:", link):
            continue
        path, _hash, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_page_is_reached():
    """From the README, one leads to all pages and pictures."""
    text = "".join(page.read_text() for page in PAGES)
    for path in (ROOT / "docs").rglob("*"):
        if path.suffix in (".md", ".png", ".svg", ".py"):
            assert path.name in text, f"nothing leads to {path.relative_to(ROOT)}"
    readme = (ROOT / "README.md").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert f"docs/{path.name}" in readme, path.name


def test_make_targets_exist(page):
    text = page.read_text()
    code = [*re.findall(r"`([^`\n]+)`", text)]
    code += [line for block in FENCED.finditer(text) for line in block[0].splitlines()]
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for line in code:
        for target in re.findall(r"(?:^|[;&|] )make ([a-z-]+)", line):
            assert target in known, line


# ----------------------------------------------------------------------
# figures
# ----------------------------------------------------------------------

ASK = """
import json
asked = json.loads('''%s''')
answers = []
for options in asked:
    team = options.pop("team", None)
    if team:
        options["team_ids"] = env["crm.team"].search([("name", "=", team)]).ids
    options["company_ids"] = env.ref("base.main_company").ids
    half = {"date_from": "2026-01-01", "date_to": "2026-06-30"}
    method = options.pop("method", "recurring")
    answers.append(getattr(env["crm.metrics"], method)({**half, **options}))
cases = env["crm.mrr.movement"].search(
    [("company_id.name", "=", "Special Cases")], order="partner_id, date, amount"
)
answers.append(
    [
        [row.partner_id.name, str(row.date), row.kind, row.amount, row.customers]
        + [row.reason or ""]
        for row in cases.sorted(lambda row: row.partner_id.name)
    ]
)
print(json.dumps(answers))
"""

#: as the web client does: what it understands by the titles, it imports
IMPORT = """
import json
env["res.partner"].create({"name": "Azure Interior"})
wizard = env["base_import.import"].create({
    "res_model": "crm.subscription",
    "file": %r,
    "file_type": "text/csv",
    "file_name": "subscriptions.csv",
})
options = {
    "quoting": '"', "separator": ",", "has_headers": True, "encoding": "utf-8",
    "date_format": "%%Y-%%m-%%d", "datetime_format": "", "float_thousand_separator": "",
    "float_decimal_separator": ".", "advanced": True, "keep_matches": False,
    "name_create_enabled_fields": {}, "import_set_empty_fields": [],
    "import_skip_records": [], "fallback_values": {}, "skip": 0, "limit": 100,
    "sheet": "",
}
preview = wizard.parse_preview(options)
titles = preview["headers"]
names = ["/".join(preview["matches"].get(n, [])) or False for n in range(len(titles))]
result = wizard.execute_import(names, titles, options)
found = env["crm.subscription"].browse(result["ids"] or [])
rates = [line.mrr for line in found.line_ids.sorted("id")]
print(json.dumps([result["messages"], rates]))
"""


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of a table, by the titles of its columns."""
    lines = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in table.splitlines()
    ]
    head, _rule, *rows = lines
    head = [cell.lower() for cell in head]
    return [dict(zip(head, row, strict=True)) for row in rows]


def definitions() -> str:
    return (ROOT / "docs" / "definitions.md").read_text()


def marked(what: str) -> list[dict[str, str]]:
    """The rows of the one table that follows a mark."""
    return rows_of(re.search(rf"<!-- {what} -->\n\n((?:\|.*\n)+)", definitions())[1])


def tables():
    """The tables of definitions.md that come from the example: what, options, rows."""
    return [
        (what, dict(option.split("=") for option in options.split()), rows_of(table))
        for what, options, table in re.findall(
            r"<!-- (figures|customers): (.*?) -->\n\n((?:\|.*\n)+)", definitions()
        )
    ]


def label(first: date, grain: str) -> str:
    quarter = f"{first.year}-Q{(first.month + 2) // 3}"
    return {"quarter": quarter, "month": f"{first:%Y-%m}"}[grain]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


@pytest.fixture(scope="module")
def database():
    with testing.database(f"crm_metrics_documentation_{clone_key()}") as name:
        yield name


@pytest.fixture(scope="module")
def answers(database):
    asked = [options for _what, options, _rows in tables()]
    asked.append({"grain": "month"})
    # a day that is over, with a year before it
    asked.append({"date_to": "2026-11-15"})
    asked.append({"method": "recurring_cohorts", "date_from": "2025-10-01"})
    asked.append({"method": "nps", "grain": "quarter"})
    testing.shell(database, (ROOT / "docs" / "examples.py").read_text())
    printed = testing.shell(database, ASK % json.dumps(asked))
    return json.loads(printed.splitlines()[-1])


def test_tables_of_the_example(answers):
    assert len(tables()) >= 7
    for (what, options, rows), answer in zip(tables(), answers, strict=False):
        periods = answer["periods"]
        assert len(rows) == len(periods), options
        for row, period in zip(rows, periods, strict=True):
            figures = period["customers"] if what == "customers" else period
            title = next(iter(row))
            first = date.fromisoformat(period["date_from"])
            assert row.pop(title) == label(first, options["grain"]), options
            for column in COLUMNS:
                expected = number(row.pop(column)) if column in row else 0
                assert figures.get(column, 0) == expected, (options, first, column)
            assert not row, f"unknown columns: {row}"


def check_figure(title: str, value: float) -> None:
    """The last number of a figure's row is the figure."""
    row = re.search(rf"^\| \*\*{title}\*\* .*\|(.*)\|$", definitions(), re.MULTILINE)
    shown, percent = re.findall(r"([\d,.]+)( %)?", row[1])[-1]
    digits = len(shown.partition(".")[2])
    assert number(shown) == round(100 * value if percent else value, digits), title


def test_key_figures_of_the_example(answers):
    half, retention, *_others = answers[-5:]
    for title, figure in FIGURES.items():
        check_figure(title, half["kpis"][figure])
    for title, figure in RETENTION.items():
        check_figure(title, retention["kpis"][figure])


def test_cohorts_of_the_example(answers):
    cohorts = {cohort["cohort"]: cohort for cohort in answers[-3]["cohorts"]}
    rows = marked("cohorts")
    assert len(rows) > 5
    for row in rows:
        age = cohorts[f"{row.pop('cohort')}-01"]["ages"][int(row["age"])]
        assert {name: number(cell) for name, cell in row.items()} == age


def test_feedback_of_the_example(answers):
    found = answers[-2]
    trend = {
        label(date.fromisoformat(p["date_from"]), "quarter"): p for p in found["trend"]
    }
    rows = marked("feedback trend")
    assert [row.pop("period") for row in rows] == [*trend]
    for row, point in zip(rows, trend.values(), strict=True):
        assert {title: number(cell) for title, cell in row.items()} == {
            title: round(point[title], 1) for title in row
        }
    (row,) = marked("feedback")
    figures = {
        **found,
        "equal accounts": found["accounts"]["score"],
        "by revenue": found["accounts"]["weighted_score"],
        "coverage": 100 * found["accounts"]["coverage"],
        "public": found["public"]["score"],
        "with excluded": found["excluded"]["score_with_them"],
    }
    for title, cell in row.items():
        assert number(cell.removesuffix(" %")) == round(figures[title], 1), title


def test_special_cases(answers):
    """All movements but the first of each customer."""
    rows = [
        [row["customer"], row["day"], row["kind"], number(row["amount"])]
        + [number(row["customers"]), row["reason"]]
        for row in marked("cases")
    ]
    movements, known = [], set()
    for movement in answers[-1]:
        if movement[0] in known:
            movements.append(movement)
        known.add(movement[0])
    assert rows == movements


def test_import_of_the_user_guide(database):
    """The table of the guide, as a file, is understood by its titles alone."""
    text = (ROOT / "docs" / "user-guide.md").read_text()
    table = re.search(r"<!-- import -->\n\n((?:\|.*\n)+)", text)[1]
    lines = [
        ",".join(cell.strip() for cell in line.strip("|").split("|"))
        for line in table.splitlines()
        if not line.startswith("| -")
    ]
    printed = testing.shell(database, IMPORT % "\n".join(lines).encode())
    messages, rates = json.loads(printed.splitlines()[-1])
    assert not messages
    assert rates == [300, 360, 100]


# ----------------------------------------------------------------------
# code
# ----------------------------------------------------------------------


def blocks(page: Path) -> dict[str, str]:
    """Code blocks that say of which file they are."""
    return dict(
        re.findall(
            r"<!-- file: (\S+) -->\n\n```\w*\n(.*?)^```",
            page.read_text(),
            re.MULTILINE | re.DOTALL,
        )
    )


def test_addon_of_the_adapter_guide(tmp_path, database):
    """The addon of the guide installs, and does what the guide says."""
    files = blocks(ROOT / "docs" / "adapter-guide.md")
    trial = files.pop("trial.py")
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (addon,) = tmp_path.iterdir()
    with ready() as environment:
        launcher = environment.launcher
        given = re.search("addons_path = (.*)", launcher.config().read_text())[1]

        def run(subcommand: str, *arguments: str, **options) -> str:
            command = launcher.command(
                subcommand,
                f"--addons-path={given},{tmp_path}",
                f"--database={database}",
                "--no-http",
                "--log-level=warn",
                *arguments,
            )
            done = subprocess.run(
                command,
                env=launcher.environment(),
                capture_output=True,
                text=True,
                **options,
            )
            assert done.returncode == 0, done.stderr
            assert not re.search(" (WARNING|ERROR|CRITICAL) ", done.stderr), done.stderr
            return done.stdout

        run("server", f"--init={addon.name}", "--stop-after-init")
        assert run("shell", input=trial).split("\n")[-2:] == ["ok", ""]
