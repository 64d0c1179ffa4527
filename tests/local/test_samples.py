import zipfile

import pytest

from flinktop.local.samples import _PAUSE_JAR, FAILING, SAMPLES, SLOW, Sample


class Script:
    """Takes SQL and keeps it."""

    def __init__(self, job: str | None) -> None:
        self.options: dict[str, str] = {}
        self.statements: list[str] = []
        self._job = job

    def set(self, key: str, value: str) -> None:
        self.options[key] = value

    def execute(self, statement: str) -> str | None:
        self.statements.append(statement)
        return self._job


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_tables_first_then_the_job_with_its_options(sample: Sample) -> None:
    sql = Script("abc")
    sample.prepare(sql)
    assert sql.options == {}
    assert sample.submit(sql) == "abc"
    assert sql.statements == [*sample.tables, sample.job]
    assert sql.options["pipeline.name"] == sample.name
    assert sql.options["execution.checkpointing.interval"] in {"5 s", "10 s"}
    assert sql.options["restart-strategy.type"] == "fixed-delay"


def test_an_option_of_one_job_does_not_stay_for_the_next() -> None:
    sql = Script("abc")
    FAILING.submit(sql)
    SLOW.submit(sql)
    assert sql.options["table.exec.resource.default-parallelism"] == "2"
    assert sql.options["execution.checkpointing.interval"] == "10 s"
    assert sql.options["table.exec.state.ttl"] == "5 min"


def test_a_statement_that_starts_no_job_is_an_error() -> None:
    with pytest.raises(ValueError, match="starts no job"):
        FAILING.submit(Script(None))


def test_the_jar_holds_the_function_for_java_17() -> None:
    assert f"'{_PAUSE_JAR.as_uri()}'" in SLOW.tables[0]
    with zipfile.ZipFile(_PAUSE_JAR) as jar:
        code = jar.read("flinktop/Pause.class")
    assert int.from_bytes(code[6:8], "big") == 61  # the class file version of Java 17


def test_names_and_tables_are_told_apart() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)
    tables = [statement for sample in SAMPLES for statement in sample.tables]
    names = [" ".join(statement.split("(")[0].split()) for statement in tables]
    assert len(set(names)) == len(names)
