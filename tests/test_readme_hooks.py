"""The commands for alerts in the README do what they promise, against stand-ins for what they call."""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from flinktop.engine.alerts.alert import Alert, Call, Change
from flinktop.engine.alerts.document import document
from flinktop.engine.alerts.policy import policy
from flinktop.judgement.finding import Finding, Kind, Severity
from flinktop.settings import Flags, read_sources
from tests.test_readme import README

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(
    shutil.which("jq") is None or shutil.which("curl") is None, reason="needs jq and curl"
)
WALL = 1_700_000_000.0
EVIL = 'orders"; $(touch evil) `x` <b>&作业 %s \\n'
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class Taken:
    """A web server that takes anything."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        taken = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                taken.posts.append((self.path, dict(self.headers), body))
                self.send_response(taken.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Taken]:
    taken = Taken()
    yield taken
    taken.close()


def script(name: str, tmp_path: Path, **replaced: str) -> Path:
    """A script of the README with other addresses, as a file."""
    blocks = re.findall(
        r"^```sh\n(#!/bin/sh\n# hook: (\w+)\n.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL
    )
    (text,) = (block for block, hook in blocks if hook == name)
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / name
    file.write_text(text)
    file.chmod(0o755)
    return file


def alert(
    job: str = "orders", kind: Kind = Kind.RESTART_LOOP, severity: Severity = Severity.CRITICAL
) -> Alert:
    words = f"{kind}: failed 3 times in 4 m"
    return Alert(
        cluster="http://flink.test:8081",
        target="prod",
        job="a" * 32 if job else "",
        job_name=job,
        finding=Finding(kind=kind, severity=severity, words=words, next="open the exceptions"),
        raised=WALL,
    )


def run(file: Path, *alerts: Alert, change: Change = Change.RAISED) -> subprocess.CompletedProcess[bytes]:
    call = Call(change, alerts or (alert(),), WALL)
    return subprocess.run(
        [file],
        input=document(call, "http://flink.test:8081"),
        capture_output=True,
        check=False,
        cwd=file.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(file.parent)},
        timeout=20,
    )


def test_ntfy(server: Taken, tmp_path: Path) -> None:
    file = script("ntfy", tmp_path, **{"https://ntfy.sh/MY-TOPIC": f"{server.url}/topic"})
    assert run(file).returncode == 0
    run(file, alert(EVIL), change=Change.CLEARED)
    assert [(path, body.decode()) for path, _, body in server.posts] == [
        ("/topic", "raised: orders: restart-loop: failed 3 times in 4 m\n"),
        ("/topic", f"cleared: {EVIL}: restart-loop: failed 3 times in 4 m\n"),
    ]
    assert server.posts[0][1]["Priority"] == "high"
    assert not (tmp_path / "evil").exists()


def test_a_refusal_is_a_failure(server: Taken, tmp_path: Path) -> None:
    server.status = 403
    done = run(script("ntfy", tmp_path, **{"https://ntfy.sh/MY-TOPIC": server.url}))
    assert done.returncode != 0
    assert b"403" in done.stderr.splitlines()[-1]


def test_slack(server: Taken, tmp_path: Path) -> None:
    secret = tmp_path / ".config" / "flinktop" / "slack.curl"
    secret.parent.mkdir(parents=True)
    secret.write_text(f'url = "{server.url}/services/T0/B0/x"\n')
    assert run(script("slack", tmp_path), alert(EVIL)).returncode == 0
    ((path, headers, body),) = server.posts
    assert (path, headers["Content-Type"]) == ("/services/T0/B0/x", "application/json")
    escaped = EVIL.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert json.loads(body) == {"text": f"*raised* {escaped}: restart-loop: failed 3 times in 4 m"}


def test_mail(tmp_path: Path) -> None:
    fake = tmp_path / "sendmail"
    fake.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/words"\ncat > "{tmp_path}/sent"\n')
    fake.chmod(0o755)
    file = script("mail", tmp_path, **{"/usr/sbin/sendmail": str(fake)})
    assert run(file, alert(EVIL), alert("", Kind.MEMORY, Severity.WARNING)).returncode == 0
    assert (tmp_path / "words").read_text() == "-t\n"
    mail = email.message_from_bytes((tmp_path / "sent").read_bytes(), policy=email.policy.default)
    assert mail["To"] == "oncall@example.com"
    assert mail["Subject"] == "[flink] raised prod: restart-loop"
    lines = mail.get_content().splitlines()
    assert lines[0].startswith("2 alerts (1 critical); worst: orders")
    assert lines[2:] == [
        f"- {EVIL}: restart-loop: failed 3 times in 4 m",
        "- cluster: memory: failed 3 times in 4 m",
    ]
    run(file, alert("作业"))
    mail = email.message_from_bytes((tmp_path / "sent").read_bytes(), policy=email.policy.default)
    assert mail["Subject"] == "[flink] raised 作业: restart-loop"


def posted(server: Taken) -> list[dict[str, Any]]:
    """What Alertmanager's API takes, checked as by its schema (`postableAlerts`)."""
    path, headers, body = server.posts[-1]
    assert (path, headers["Content-Type"]) == ("/api/v2/alerts", "application/json")
    alerts: list[dict[str, Any]] = json.loads(body)
    assert isinstance(alerts, list)
    for one in alerts:
        assert set(one) <= {"labels", "annotations", "generatorURL", "startsAt", "endsAt"}
        assert one["labels"]
        for values in (one["labels"], one["annotations"]):
            assert all(LABEL.fullmatch(name) and isinstance(value, str) for name, value in values.items())
        assert urlsplit(one["generatorURL"]).scheme == "http"
        if "endsAt" in one:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["endsAt"])
    return alerts


def test_alertmanager(server: Taken, tmp_path: Path) -> None:
    file = script("alertmanager", tmp_path, **{"http://alertmanager:9093": server.url})
    assert run(file).returncode == 0
    (raised,) = posted(server)
    assert raised["labels"] == {
        "alertname": "restart-loop",
        "severity": "critical",
        "cluster": "prod",
        "job": "orders",
        "job_id": "a" * 32,
    }
    assert raised["annotations"] == {
        "summary": "restart-loop: failed 3 times in 4 m",
        "description": "open the exceptions",
    }
    assert "endsAt" not in raised
    run(file, change=Change.REPEATED)
    assert posted(server) == [raised]
    run(file, change=Change.CLEARED)
    assert posted(server) == [{**raised, "endsAt": "2023-11-14T22:13:20Z"}]


def test_alertmanager_gets_each_alert_of_a_summary(server: Taken, tmp_path: Path) -> None:
    file = script("alertmanager", tmp_path, **{"http://alertmanager:9093": server.url})
    lost = replace(alert("", Kind.CLUSTER_LOST), job="")
    assert run(file, lost, *(alert(f"job-{number}") for number in range(9))).returncode == 0
    alerts = posted(server)
    assert len(alerts) == 10
    assert alerts[0]["labels"] == {"alertname": "cluster-lost", "severity": "critical", "cluster": "prod"}
    assert [one["labels"]["job"] for one in alerts[1:]] == [f"job-{number}" for number in range(9)]
    run(file, lost, alert(), change=Change.CLEARED)
    assert all("endsAt" in one for one in posted(server))


def test_the_config_of_the_readme_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(\[\[alerts\]\].*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    path = tmp_path / "config.toml"
    path.write_text(text)
    settings = read_sources(Flags(config=str(path)), {}).settings
    assert len(settings.alerts) == 3
    assert settings.notify is not None
    assert settings.notify.repeat == 60.0
    read = policy(settings.alerts, settings.notify, "dev-1")
    warning = Finding(kind=Kind.CHECKPOINT_OVERDUE, severity=Severity.WARNING, words="")
    assert read.decide("orders", warning, 12 * 60).calls
    assert not read.decide("orders", warning, 23 * 60).calls
    # What the README says of severity: an entry before it may be about warnings.
    assert read.decide("billing-1", warning, 12 * 60).wait == 0.0
