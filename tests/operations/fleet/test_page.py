"""The page of a fleet: whole in itself, nothing that was read becomes markup, and the form says what is typed."""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.problems import ProblemsError
from infra.tenants.files import parse_tenant
from infra.yaml_text import read_yaml
from operations.fleet.page_of import write_page
from tests.operations.fleet.conftest import Run
from tests.operations.fleet.world import IMAGE, make_fleet

pytestmark = pytest.mark.lengthy

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REPOSITORY = "workbuoy/infrastructure"
FIELDS = {
    "name": "hooli",
    "legalName": "Hooli AS",
    "contact": "Kari Nordmann",
    "email": "kari@hooli.example",
    "signed": "2026-11-26",
}
HOSTILE = 'A"</script><img src=x onerror=alert(1)>\\u0022 #&value=x: [*a]\u2028{{%0A}} \U0001f6a2 \u00e6'
"""Quotes, markup, escapes, YAML's own signs, query's own signs, a line's end that is none, and beyond ASCII."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_fleet(tmp_path_factory.mktemp("page") / "project", 3, on_one_base=2)
    (root / "tenants/prod").mkdir()
    (root / "tenants/c0001.yaml").rename(root / "tenants/prod/c0001.yaml")
    return root


@pytest.fixture(scope="module")
def looks(project: Path) -> Path:
    folder = project.parent / "looks"
    folder.mkdir()
    danger = "<script>alert('c0001')</script>"
    urn = "urn:pulumi:prod-c0001::workbuoy::aws:s3/bucket:Bucket::files"
    drifted = {"urn": urn, "gone": False, "properties": ["<i>acl"], "dangers": [danger]}
    release = {"digest": IMAGE, "declaredAt": None, "taskDefinition": "service:1", "runs": True}
    cost: dict[str, object] = {"region": "eu-west-1", "currency": "USD", "complete": True, "pricesReadOn": "2026-11-22"}
    contents: list[dict[str, object]] = [
        {"drifted": True, "refreshedAt": None, "resources": [drifted]},
        {"releases": [release]},
        {**cost, "perMonth": "1234.50", "atRest": [], "byUse": [], "unpriced": []},
    ]
    for number, content in enumerate(contents):
        (folder / f"{number}.json").write_text(json.dumps({"schema": 1, "stack": "prod-c0001", **content}))
    return folder


@pytest.fixture(scope="module")
def html(project: Path, looks: Path) -> str:
    file = project.parent / "out/fleet.html"
    write_page(project, "prod", looks, file, REPOSITORY)
    return file.read_text(encoding="utf-8")


class Reading(HTMLParser):
    """What a page fetches, labels and runs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_says_who_stands_where_on_what_and_what_it_costs(html: str) -> None:
    words = " ".join(re.sub(r"<(style|script)>.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL).split())
    assert "prod: 5 of 5 stacks need attention" in words
    assert "3 customers : 3 with stacks of their own" in words.replace("customers:", "customers :")
    assert "1,234 USD a month at rest, without 4 stacks whose cost is not known" in words
    for part in ("Versions", "Drift", "Restore drills", "Backups", "Cells", "Customers", "A new customer"):
        assert part in words
    assert f"{IMAGE} in order 1 prod-c0001" in words


def test_nothing_is_fetched_and_the_policy_lets_the_pages_own_script_run_alone(html: str) -> None:
    tags = Reading(html).tags
    assert not [tag for tag, given in tags if "src" in given or tag in ("iframe", "object", "embed")]
    policy = next(given["content"] for _, given in tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert html.count("<script>") == 1
    assert "ghp_" not in html
    assert "token" not in html.lower()


def test_nothing_that_was_read_becomes_markup(html: str) -> None:
    assert "&lt;script&gt;alert(&#39;NAME&#39;)&lt;/script&gt;" in html
    assert "&lt;i&gt;acl" in html


def test_every_field_has_a_label_and_the_page_a_language_a_title_and_a_way_past(html: str) -> None:
    tags = Reading(html).tags
    fields = [given for tag, given in tags if tag in ("input", "select")]
    assert len(re.findall(r"<label[^>]*><span>[^<]+</span><(?:input|select)", html)) == len(fields) == 12
    assert ("html", {"lang": "en"}) in tags
    assert "<title>prod: 5 of 5 stacks need attention</title>" in html
    assert '<a href="#main" class="skip">' in html


def test_without_a_repository_there_is_no_form_and_no_script(project: Path, tmp_path: Path) -> None:
    write_page(project, "prod", None, tmp_path / "fleet.html", None)
    html = (tmp_path / "fleet.html").read_text()
    assert "<script>" not in html
    assert "<form" not in html
    assert "workbuoy tenant create" in html


@pytest.mark.parametrize("repository", ["javascript:alert(1)", "a/b/c", 'a/b" onclick="x', "", "a/b?c"])
def test_what_is_no_repository_stands_in_no_link(project: Path, tmp_path: Path, repository: str) -> None:
    if not repository:
        write_page(project, "prod", None, tmp_path / "fleet.html", repository)
        assert "<form" not in (tmp_path / "fleet.html").read_text()
        return
    with pytest.raises(ProblemsError, match="is no repository's address"):
        write_page(project, "prod", None, tmp_path / "fleet.html", repository)
    assert not (tmp_path / "fleet.html").exists()


def test_the_command_writes_the_page(run: Run, tmp_path: Path) -> None:
    result = run("page", "--output", str(tmp_path / "fleet.html"), "--repository", REPOSITORY)
    assert result.exit_code == 0, result.output
    assert "12 customers" in (tmp_path / "fleet.html").read_text()


def filled(html: str, folder: Path, fields: Mapping[str, str], width: int = 1280) -> dict[str, str]:
    """What a browser makes of the page when these fields are filled in: links, texts, and how wide the page got.

    The page's policy would stop the test's own script, so that script goes in with the policy taken out.
    """
    assert CHROMIUM is not None
    script = f"""
      const form = document.getElementById("customer");
      for (const [name, value] of Object.entries({json.dumps(dict(fields))})) form.elements[name].value = value;
      form.dispatchEvent(new Event("input"));
      const id = (name) => document.getElementById(name);
      const found = {{record: id("record").getAttribute("href") ?? "", stack: id("stack").getAttribute("href") ?? "",
        said: id("said").textContent, content: id("content").textContent, second: String(!id("second").hidden),
        images: String(document.images.length), width: String(document.documentElement.scrollWidth)}};
      document.title = btoa(unescape(encodeURIComponent(JSON.stringify(found))));
    """.replace("</", "<\\/")
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    file = folder / "filled.html"
    file.write_text(page.replace("</body>", f"<script>{script}</script></body>"), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile"]
    done = subprocess.run(
        [*command, f"--window-size={width},900", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    title = re.search(r"<title>([A-Za-z0-9+/=]+)</title>", done.stdout)
    assert title is not None, done.stderr[-2000:]
    return dict(json.loads(base64.b64decode(title[1])))


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the form was not tried in a browser")


@needs_chromium
def test_the_link_holds_a_record_that_the_project_takes_whatever_is_typed(html: str, tmp_path: Path) -> None:
    found = filled(html, tmp_path, {**FIELDS, "legalName": HOSTILE, "base": "prod"})
    link = urlsplit(found["record"])
    assert (link.scheme, link.netloc, link.path) == ("https", "github.com", f"/{REPOSITORY}/new/main")
    asked = parse_qs(link.query, strict_parsing=True)
    assert set(asked) == {"filename", "value"}
    assert asked["filename"] == ["tenants/prod/hooli.yaml"]
    (text,) = asked["value"]
    assert text == found["content"]
    assert found["images"] == "0"
    file = tmp_path / "hooli.yaml"
    file.write_text(text, encoding="utf-8")
    read = read_yaml(file)
    tenant = parse_tenant(read, read.content, "hooli")
    assert tenant.legal_name == HOSTILE
    assert (tenant.base, tenant.region, tenant.tier, tenant.listener_priority) == ("prod", "eu-west-1", "standard", 3)
    assert tenant.contacts[0].email == "kari@hooli.example"
    second = parse_qs(urlsplit(found["stack"]).query)
    assert urlsplit(found["stack"]).path == f"/{REPOSITORY}/new/tenant-hooli"
    assert second["filename"] == ["Pulumi.prod-hooli.yaml"]
    assert second["value"] == ['config:\n  workbuoy:tenant: "hooli"\n']
    assert text.startswith("# yaml-language-server: $schema=../../infra/tenants/tenant.schema.json\n")


@needs_chromium
def test_a_pool_tenant_has_one_file_without_a_silos_settings(html: str, tmp_path: Path) -> None:
    found = filled(html, tmp_path, {**FIELDS, "isolation": "pool", "base": "prod-1"})
    assert found["second"] == "false"
    assert parse_qs(urlsplit(found["record"]).query)["filename"] == ["tenants/hooli.yaml"]
    assert "tier" not in found["content"]
    assert "listenerPriority" not in found["content"]


@needs_chromium
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "c0001", "residency": "nordic", "email": "nobody"}, "Name: is a customer's already, or was"),
        ({"name": "../x", "contact": "  ", "signed": ""}, "Contact's name: is empty; Day of the contract: is empty"),
    ],
)
def test_what_is_wrong_is_said_and_there_is_no_link(
    html: str, tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    found = filled(html, tmp_path, {**FIELDS, **changed})
    assert (found["record"], found["stack"]) == ("", "")
    assert said in found["said"]
    if "residency" in changed:
        assert "Residency: leaves out eu-west-1, where prod lies" in found["said"]


@needs_chromium
def test_a_phone_scrolls_the_page_one_way_alone(html: str, tmp_path: Path) -> None:
    assert int(filled(html, tmp_path, FIELDS, width=500)["width"]) <= 500
