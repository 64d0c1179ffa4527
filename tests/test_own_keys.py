"""`[[commands]]`, `[[links]]` and `opener` of the config: what is read, and a sentence for each mistake."""

from pathlib import Path

import pytest

from flinktop import own_keys
from flinktop.allowed import SettingsError
from flinktop.config_file import read_config
from flinktop.own_keys import OwnKeys
from flinktop.taken_keys import EVERYWHERE, MOVES, ON_SCREENS, PLACES
from flinktop.templates import NotFilled
from flinktop.ui import keys
from flinktop.ui.tabs import Tab
from flinktop.ui.widgets.flame import FlameView
from flinktop.ui.widgets.graph_canvas import GraphCanvas
from flinktop.ui.widgets.pager import Pager
from flinktop.ui.widgets.table import LiveTable
from tests.test_readme import README, SCREENS

COMMAND = '[[commands]]\nkey = "K"\non = "taskmanager"\nname = "pod log"\n'
LINK = '[[links]]\nkey = "D"\non = "job"\nname = "Grafana"\n'


def read(tmp_path: Path, text: str) -> OwnKeys:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    own = read_config(path).own
    assert own is not None
    return own


def test_commands_and_links_are_read_as_they_stand(tmp_path: Path) -> None:
    own = read(
        tmp_path,
        'opener = ["xdg-open", "{url}"]\n'
        f'{COMMAND}run = ["kubectl", "logs", "-f", "--", "{{taskmanager}}"]\nreads = true\n'
        'clusters = "prod-*"\n'
        '[[commands]]\nkey = "ctrl+K"\non = ["job", "vertex"]\nname = "note"\nhow = "background"\n'
        'run = ["./note", "--job={job}", "{{{job_name}}}"]\n'
        f'{LINK}url = "https://grafana/d/flink?var-job={{job_name}}&from={{since_ms}}"\n'
        '[[links]]\non = ["job", "cluster"]\nname = "runbook"\nurl = "{url}/{verdict}"\n',
    )
    first, second = own.commands
    assert (first.key, first.on, first.how, first.reads) == ("K", ("taskmanager",), "terminal", True)
    assert first.clusters == ("prod-*",)
    assert first.words({"taskmanager": "-a b"}) == ("kubectl", "logs", "-f", "--", "-a b")
    assert (second.key, second.how, second.reads, second.on) == (
        "ctrl+k",
        "background",
        False,
        ("job", "vertex"),
    )
    values = {"job": "0a", "job_name": "$(x) {job}"}
    assert second.words(values) == (str(tmp_path / "note"), "--job=0a", "{$(x) {job}}")
    assert second.names == ("job", "job_name")
    grafana, runbook = own.links
    assert grafana.address({"job_name": "a b&c", "since_ms": "5"}) == (
        "https://grafana/d/flink?var-job=a%20b%26c&from=5"
    )
    assert grafana.address_if_known({"job_name": "a"}) is None
    assert (runbook.key, runbook.on) == ("", ("job", "cluster"))
    assert own.sentence == "2 commands and 2 links, opened by xdg-open"


def test_a_config_without_them_has_none(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "dark"\n')
    assert read_config(path).own is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (COMMAND, 'line 1: [[commands]] needs run, such as run = ["kubectl", "…"]'),
        (f"{COMMAND}run = []", "line 1: [[commands]] needs run"),
        (f'{COMMAND}run = "kubectl logs"', "line 5: run is started without a shell"),
        (f'{COMMAND}run = ["kubectl logs {{taskmanager}}"]', "line 5: run is started without a shell"),
        (f'{COMMAND}run = ["kubectl", 1]', "line 5: run must be a list of texts in quotes"),
        (f'{COMMAND}run = ["k"]\nhow = "quit"', "quiet or background, not 'quit'; did you mean 'quiet'?"),
        (f'{COMMAND}run = ["k"]\nreads = 1', "line 6: reads must be true or false, not the number 1"),
        (f'{COMMAND}run = ["k"]\nreads = yes', "line 6: reads must be true or false"),
        (f'{COMMAND}run = ["k"]\nshell = true', "line 6: [[commands]] has no key 'shell'"),
        (
            f'{COMMAND}run = ["k", "{{taskmanger}}"]',
            "have; did you mean 'taskmanager'? (values of a taskmanager: cluster, url, ",
        ),
        (f'{COMMAND}run = ["k", "{{job}}"]', "line 5: run holds {job}, which a taskmanager does not have"),
        (f'{COMMAND}run = ["k", "{{.status}}"]', "a brace of its own {{ or }}"),
        (f'{COMMAND}run = ["{{host}}", "x"]', "line 5: run must begin with a program"),
        (
            f'{COMMAND}run = ["sh", "-c", "kubectl logs {{host}}"]',
            "line 5: run puts {host} into a script of sh",
        ),
        (
            f'{COMMAND}run = ["kubectl", "exec", "--", "/bin/bash", "-lc", "echo {{host}}"]',
            "puts {host} into a script of bash",
        ),
        (
            '[[commands]]\nkey = "c"\non = "job"\nname = "x"\nrun = ["k"]',
            "where a job is selected: checkpoints (screen job); free there: ",
        ),
        (
            '[[commands]]\nkey = "q"\non = "cluster"\nname = "x"\nrun = ["k"]',
            "line 2: key 'q' is a key of flinktop where",
        ),
        ('[[commands]]\nkey = "5"\non = "job"\nname = "x"\nrun = ["k"]', "selected: tabs"),
        (
            '[[commands]]\nkey = "K"\non = "job"\nname = "x"\nrun = ["k"]',
            "selected: scroll the graph (screen job)",
        ),
        (
            '[[commands]]\nkey = "Esc"\non = "job"\nname = "x"\nrun = ["k"]',
            'line 2: key must be one character such as "K", "ctrl+k" or "f5", not \'Esc\'',
        ),
        (
            '[[commands]]\non = "job"\nname = "x"\nrun = ["k"]',
            'line 1: [[commands]] needs key, such as key = "K"',
        ),
        (
            '[[commands]]\nkey = "K"\nname = "x"\nrun = ["k"]',
            "line 1: [[commands]] needs on: cluster, job, vertex,",
        ),
        (
            '[[commands]]\nkey = "K"\non = "taskmanger"\nname = "x"\nrun = ["k"]',
            "or jobmanager, not 'taskmanger'; did you mean 'taskmanager'",
        ),
        ('[[commands]]\nkey = "K"\non = "taskmanager"\nrun = ["k"]', "line 1: [[commands]] needs a name"),
        (f'{COMMAND}run = ["k"]\n{COMMAND}run = ["k"]', "line 7: key 'K' is that of pod log on"),
        ("commands = 1", "line 1: commands must be a list of tables, [[commands]], not the number 1"),
        ("[links]\nx = 1", "links must be a list of tables, [[links]], not a table"),
        (LINK, 'line 1: [[links]] needs url, such as url = "https://…"'),
        (f'{LINK}url = "grafana/{{job}}"', "line 5: url must begin with https://, http:// or {url}"),
        (f'{LINK}url = "javascript://x"', "line 5: url must not begin with javascript://"),
        (f'{LINK}url = "https://me:secret@grafana/"', "line 5: url must not hold a user or a password"),
        (f'{LINK}url = "https://g/{{jobname}}"', "did you mean 'job_name'"),
        (f'{LINK}run = ["x"]', "line 5: [[links]] has no key 'run'"),
        ('opener = ["xdg-open"]', 'line 1: opener needs "{url}" among its words'),
        ('opener = "xdg-open {url}"', 'line 1: opener must be a list of texts: ["xdg-open", "{url}"]'),
        ('opener = ["xdg-open", "{job}"]', "line 1: opener can hold {url} only"),
    ],
)
def test_a_mistake_is_one_sentence_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        read(tmp_path, text)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_two_clusters_may_have_their_own_on_one_key(tmp_path: Path) -> None:
    own = read(
        tmp_path,
        f'{COMMAND}run = ["a"]\nclusters = "prod"\n{COMMAND}run = ["b"]\nclusters = "dev"\n'
        '[[links]]\nkey = "K"\non = "checkpoint"\nname = "x"\nurl = "https://x"\n',
    )
    assert [one.program for one in own.commands] == ["a", "b"]


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["ssh", "{host}", "uptime"], "ssh hands its words to a shell"),
        (["watch", "-n1", "kubectl", "get", "{taskmanager}"], "watch hands its words to a shell"),
        (["kubectl", "get", "{taskmanager}"], None),
    ],
)
def test_words_that_reach_a_shell_hold_plain_letters_only(
    tmp_path: Path, words: list[str], refused: str | None
) -> None:
    quoted = ", ".join(f"'{word}'" for word in words)
    (command,) = read(tmp_path, f"{COMMAND}run = [{quoted}]").commands
    command.words({"taskmanager": "pod-1.x:61", "host": "10.0.0.1"})
    evil = {"taskmanager": "a;b", "host": "h$(x)"}
    if refused is None:
        assert "a;b" in command.words(evil)
    else:
        with pytest.raises(NotFilled, match=refused):
            command.words(evil)


def test_a_value_after_dashes_of_a_value_is_refused(tmp_path: Path) -> None:
    (command,) = read(tmp_path, f'{COMMAND}run = ["k", "x{{host}}", "{{taskmanager}}"]').commands
    with pytest.raises(NotFilled, match="begins with '-'"):
        command.words({"host": "--", "taskmanager": "--"})


def test_each_value_has_a_thing_that_has_it() -> None:
    assert set(own_keys.VALUES) == set(PLACES) == set(own_keys.ON)
    assert set(own_keys.VALUES["cluster"]) == set.intersection(*map(set, own_keys.VALUES.values()))


def drawn(key: str) -> str:
    return keys.key_name(key)


def test_the_list_of_taken_keys_is_that_of_the_screens() -> None:
    """What to do where it fails: write the right list into flinktop/taken_keys.py."""
    by_widgets = {
        "job": {"h", "H", "K", "L"},
        "vertex": {"h"},
        "subtask": {"h"},
    }
    every = {drawn(key): command.label for command in keys.GLOBAL for key in command.keys}
    on_all = {
        key: label
        for key, label in ((drawn(key), one.label) for one in keys.OVERVIEW for key in one.keys)
        if all(
            any(key == drawn(its) for one in commands for its in one.keys) for commands in SCREENS.values()
        )
    }
    assert every | on_all == EVERYWHERE
    found = {
        screen: {
            drawn(key): command.label
            for command in commands
            if not isinstance(command, Tab)
            for key in command.keys
            if drawn(key) not in EVERYWHERE
        }
        for screen, commands in {
            **SCREENS,
            "clusters": keys.FLEET,
            "alerts of all clusters": keys.FLEET_ALERTS,
        }.items()
    }
    known = {
        screen: {key: words for key, words in taken.items() if key not in by_widgets.get(screen, ())}
        for screen, taken in ON_SCREENS.items()
    }
    # Of two commands with one key on a screen either may be named.
    assert {name: set(taken) for name, taken in found.items()} == {
        name: set(taken) | ({"h"} & set(found[name])) for name, taken in known.items()
    }
    labels = {one.label for commands in SCREENS.values() for one in commands}
    assert {words for taken in known.values() for words in taken.values()} <= labels


@pytest.mark.parametrize(
    ("widget", "screen"), [(LiveTable, ""), (Pager, ""), (GraphCanvas, "job"), (FlameView, "vertex")]
)
def test_keys_of_tables_texts_and_graphs_are_taken(widget: type, screen: str) -> None:
    bound = {key for binding in vars(widget)["BINDINGS"] for key in binding.key.split(",") if len(key) == 1}
    assert bound
    assert bound <= {*EVERYWHERE, *MOVES, *ON_SCREENS.get(screen, ())}


def test_the_example_in_the_readme_is_one(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    section = text.partition("## Commands and links of your own")[2].partition("\n## ")[0]
    whole, script = (block.partition("```")[0] for block in section.split("```toml\n")[1:])
    own = read(tmp_path, whole)
    assert own.sentence == "3 commands and 3 links, opened by xdg-open"
    assert [one.how for one in own.commands] == ["terminal", "quiet", "background"]
    (shell,) = read(tmp_path, f"{COMMAND}{script}").commands
    evil = "$(touch evil); -rf"
    assert shell.words({"taskmanager": evil}) == ("sh", "-c", 'kubectl logs "$1" | less', "sh", evil)
    for thing, values in own_keys.VALUES.items():
        assert [name for name in values if f"`{name}`" not in section] == [], thing
