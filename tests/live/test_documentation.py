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

ROOT = testing.ROOT
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
FENCED = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
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
    options |= {"date_from": "2026-01-01", "date_to": "2026-06-30"}
    answers.append(env["crm.metrics"].recurring(options))
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


def tables():
    """The tables of definitions.md that come from the example: what, options, rows."""
    text = (ROOT / "docs" / "definitions.md").read_text()
    found = []
    for what, options, table in re.findall(
        r"<!-- (figures|customers): (.*?) -->\n\n((?:\|.*\n)+)", text
    ):
        lines = [
            [cell.strip() for cell in line.strip("|\n").split("|")]
            for line in table.splitlines()
        ]
        head, _rule, *rows = lines
        head = [cell.lower() for cell in head]
        found.append(
            (
                what,
                dict(option.split("=") for option in options.split()),
                [dict(zip(head, row, strict=True)) for row in rows],
            )
        )
    return found


def label(first: date, grain: str) -> str:
    quarter = f"{first.year}-Q{(first.month + 2) // 3}"
    return {"quarter": quarter, "month": f"{first:%Y-%m}"}[grain]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


@pytest.fixture(scope="module")
def database():
    with testing.database("crm_metrics_test_documentation") as name:
        yield name


@pytest.fixture(scope="module")
def answers(database):
    asked = [options for _what, options, _rows in tables()]
    asked.append({"grain": "month"})
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


def test_key_figures_of_the_example(answers):
    kpis = answers[-1]["kpis"]
    text = (ROOT / "docs" / "definitions.md").read_text()
    for title, figure in {"MRR": "mrr", "ARR": "arr", "Net new": "net_new"}.items():
        row = re.search(rf"^\| \*\*{title}\*\* .*\| +([\d,]+) \|$", text, re.MULTILINE)
        assert number(row[1]) == kpis[figure]
    row = re.search(r"^\| \*\*Growth\*\* .* = ([\d.]+) % \|$", text, re.MULTILINE)
    assert float(row[1]) == round(100 * kpis["growth"], 1)


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
