from pathlib import Path

import pytest

from flinktop.cli import main
from flinktop.config_file import read_config
from flinktop.settings import Flags, SettingsError, read_sources

PROD = '[clusters.prod]\nurl = "http://jobmanager:8081"\n'
GOOD = 'tunnel = ["ssh", "-N", "-L", "{port}:jobmanager:8081", "bastion"]\n'


def written(directory: Path, text: str) -> Path:
    path = directory / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (GOOD, ("ssh", "-N", "-L", "{port}:jobmanager:8081", "bastion")),
        ('tunnel = ["kubectl", "port-forward", "{port}:8081"]', ("kubectl", "port-forward", "{port}:8081")),
        ('tunnel = ["sh", "-c", "a {port}\\nb {port}"]', ("sh", "-c", "a {port}\nb {port}")),
        # The values of -i and -F hold an f, which is no option.
        ('tunnel = ["ssh", "-if", "-Ff", "-L{port}:f:1", "-vN", "f"]',
         ("ssh", "-if", "-Ff", "-L{port}:f:1", "-vN", "f")),
        ('tunnel = ["kubectl", "-f", "{port}"]', ("kubectl", "-f", "{port}")),
    ],
)  # fmt: skip
def test_a_command(tmp_path: Path, line: str, words: tuple[str, ...]) -> None:
    (cluster,) = read_config(written(tmp_path, PROD + line)).clusters
    assert cluster.connection.tunnel == words


def test_a_program_beside_the_config_file(tmp_path: Path) -> None:
    path = written(tmp_path, PROD + 'tunnel = ["./tunnel.sh", "{port}"]')
    (cluster,) = read_config(path).clusters
    assert cluster.connection.tunnel == (str(tmp_path / "tunnel.sh"), "{port}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'tunnel = "ssh -N -L {port}:jm:8081 bastion"',
            "tunnel must be a list of texts, program and arguments",
        ),
        ("tunnel = 8081", "tunnel must be a list of texts"),
        ("tunnel = ssh", "line 3"),
        ("tunnel = []", "tunnel must not be an empty list"),
        ('tunnel = ["ssh", 8081]', "not the number 8081"),
        ('tunnel = ["", "{port}"]', "not empty"),
        ('tunnel = ["ssh", "{port}\\u0000"]', "NUL"),
        ('tunnel = ["ssh", "-L", "8081:jm:8081", "bastion"]', "tunnel must hold {port} in a word"),
        ('tunnel = ["{port}"]', "tunnel must begin with a program, without {port}"),
        ('tunnel = ["ssh", "-fN", "-L", "{port}:jm:8081", "b"]', "leave out -f"),
        ('tunnel = ["/usr/bin/ssh", "-Nvf", "-L", "{port}:jm:8081", "b"]', "leave out -f"),
        ("tunnel = ['ssh', " + "'{port}', " * 100 + "]", "at most 100 words, not 101"),
        ('tunnels = ["ssh"]', "did you mean 'tunnel'?"),
    ],
)
def test_a_wrong_command_is_refused(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_config(written(tmp_path, PROD + line))
    assert said in str(raised.value)
    assert f"{tmp_path}/config.toml, line 3" in str(raised.value)


@pytest.mark.parametrize("url", ["http://localhost:8081", "http://127.0.0.1:8081", "https://[::1]:8081"])
def test_a_url_that_names_this_machine_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"line 2: url names this machine, but a tunnel leads elsewhere"):
        read_config(written(tmp_path, f'[clusters.prod]\nurl = "{url}"\n{GOOD}'))


@pytest.mark.parametrize("tunnel", ["", GOOD.replace("bastion", "other")])
def test_two_clusters_of_one_url_have_one_tunnel(tmp_path: Path, tunnel: str) -> None:
    other = '[clusters.other]\nurl = "http://JobManager.:8081/"\n'
    assert len(read_config(written(tmp_path, PROD + GOOD + other + GOOD)).clusters) == 2
    with pytest.raises(SettingsError, match=r"line 5: other and prod have the same url, but not the"):
        read_config(written(tmp_path, PROD + GOOD + other + tunnel))


def test_the_address_means_the_cluster_with_its_tunnel(tmp_path: Path) -> None:
    sources = read_sources(Flags(config=str(written(tmp_path, PROD + GOOD))), {})
    for target in ("prod", "jobmanager:8081", "http://JOBMANAGER:8081/"):
        assert sources.profile(target).connection.tunnel[0] == "ssh"
    assert sources.profile("other:8081").connection.tunnel == ()


def test_clusters_shows_how_each_is_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = 'tunnel = ["sshpass", "-p", "hunter2", "ssh", "-L", "{port}:a b:1", "x"]\n'
    text = (
        f'{PROD}{GOOD}[clusters.dev]\nurl = "http://dev:8081"\n[clusters.pass]\nurl = "http://p:1"\n{secret}'
    )
    assert main(["clusters", "--no-ask", "--config", str(written(tmp_path, text))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:5] == [
        "prod  http://jobmanager:8081",
        "      through: ssh -N -L {port}:jobmanager:8081 bastion",
        "dev   http://dev:8081",
        "pass  http://p:1",
    ]
    assert "hunter2" not in lines[5]
    assert lines[5].endswith("ssh -L '{port}:a b:1' x")
