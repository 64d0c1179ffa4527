"""Metrics by the operators that they are of."""

import pytest

from flinktop.model.metric_tree import by_operator, name_in, operator_of


@pytest.mark.parametrize(
    ("metric", "operator", "name"),
    [
        ("numRecordsIn", "", "numRecordsIn"),
        ("Join[7].numRecordsIn", "Join[7]", "numRecordsIn"),
        ("Source__a.KafkaConsumer.records-lag-max", "Source__a", "KafkaConsumer.records-lag-max"),
        ("Shuffle.Netty.Input.Buffers.inPoolUsage", "", "Shuffle.Netty.Input.Buffers.inPoolUsage"),
        ("buffers.inPoolUsage", "", "buffers.inPoolUsage"),
        ("", "", ""),
        ("Join[7].", "Join[7]", ""),
    ],
)
def test_an_operator_stands_before_the_first_dot(metric: str, operator: str, name: str) -> None:
    assert operator_of(metric) == operator
    assert name_in(operator, metric) == name


def test_the_tasks_own_metrics_stand_before_those_of_its_operators() -> None:
    found = by_operator(["map.b", "Z.a", "uptime", "map.A", "buffers.x"])
    assert list(found.items()) == [
        ("", ["buffers.x", "uptime"]),
        ("map", ["map.A", "map.b"]),
        ("Z", ["Z.a"]),
    ]


def test_without_operators_all_are_the_tasks_own() -> None:
    assert by_operator([]) == {"": []}
