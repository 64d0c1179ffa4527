import pytest

from flinktop.local.samples import FAILING, SAMPLES, SLOW, Sample
from flinktop.model import redaction


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_tables_first_then_the_one_statement_that_starts_the_job(sample: Sample) -> None:
    *tables, job = sample.arguments
    assert all(statement.startswith("CREATE ") for statement in tables)
    assert job.startswith(("INSERT INTO ", "EXECUTE STATEMENT SET BEGIN "))
    assert not any("\n" in statement for statement in sample.arguments)
    assert sample.configuration["pipeline.name"] == sample.name
    assert sample.configuration["execution.checkpointing.interval"] in {"5 s", "10 s"}
    assert sample.configuration["restart-strategy.type"] == "fixed-delay"


def test_an_option_of_one_job_is_not_that_of_the_others() -> None:
    assert FAILING.configuration["table.exec.resource.default-parallelism"] == "1"
    assert SLOW.configuration["table.exec.resource.default-parallelism"] == "2"
    assert SLOW.configuration["execution.checkpointing.interval"] == "10 s"
    assert SLOW.configuration["table.exec.state.ttl"] == "5 min"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_nothing_in_it_looks_like_a_secret(sample: Sample) -> None:
    # What is hidden in the ledger could not be run again from there.
    assert redaction.words(sample.arguments) == sample.arguments
    assert redaction.settings(sample.configuration) == sample.configuration


def test_names_and_tables_are_distinguished() -> None:
    assert len({sample.name for sample in SAMPLES}) == len(SAMPLES)
    tables = [statement for sample in SAMPLES for statement in sample.arguments[:-1]]
    names = [" ".join(statement.split("(")[0].split()) for statement in tables]
    assert len(set(names)) == len(names)
