"""The SQL that makes the test jobs on Flink 2.x: options and statements, as TestSql's main() takes them."""

from collections.abc import Mapping

_EVENTS = """CREATE TEMPORARY TABLE `events [v1] 事件` (
  user_id BIGINT, amount BIGINT, padding STRING,
  happened AS LOCALTIMESTAMP, WATERMARK FOR happened AS happened - INTERVAL '1' SECOND
) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}'{rows},
  'fields.user_id.min' = '1', 'fields.user_id.max' = '100',
  'fields.amount.min' = '1', 'fields.amount.max' = '1000', 'fields.padding.length' = '{padding}')"""

_COUNTS = """CREATE TEMPORARY TABLE `nowhere [sink]` (
  `until` TIMESTAMP(3), `users` BIGINT, `most` BIGINT, `total` BIGINT) WITH ('connector' = 'blackhole')"""

# Two aggregations, so three vertices: the source, users in a window, all users of a window.
_WINDOWS = """INSERT INTO `nowhere [sink]`
SELECT window_end, COUNT(*), MAX(`count per user [v1]`), SUM(`<b>sum</b>`) FROM (
  SELECT user_id, window_start, window_end,
         COUNT(*) AS `count per user [v1]`, SUM(amount) AS `<b>sum</b>`
  FROM TABLE(TUMBLE(TABLE `events [v1] 事件`, DESCRIPTOR(happened), INTERVAL '5' SECOND)){where}
  GROUP BY user_id, window_start, window_end
) GROUP BY window_start, window_end"""

_ARRIVALS = """CREATE TEMPORARY TABLE `arrivals 到着` (
  user_id BIGINT, arrived AS PROCTIME()
) WITH ('connector' = 'datagen', 'rows-per-second' = '{rate}',
  'fields.user_id.min' = '1', 'fields.user_id.max' = '100')"""

_ARRIVED = """INSERT INTO `nowhere [sink]`
SELECT user_id, COUNT(*) FROM TABLE(TUMBLE(TABLE `arrivals 到着`, DESCRIPTOR(arrived), INTERVAL '5' SECOND))
GROUP BY user_id, window_start, window_end"""

_USERS = """CREATE TEMPORARY TABLE `nowhere [sink]` (
  user_id BIGINT, seen BIGINT) WITH ('connector' = 'blackhole')"""

# Counting the padding is what makes it travel: full network buffers are what backpressure is about.
_SLOW = """INSERT INTO `nowhere [sink]`
SELECT user_id, slow(`遅い照会`, {millis}) FROM (
  SELECT user_id, COUNT(padding) AS `遅い照会` FROM `events [v1] 事件` GROUP BY user_id)"""

_BATCH = """INSERT INTO `nowhere [sink]`
SELECT user_id, COUNT(*) FROM `events [v1] 事件` GROUP BY user_id"""


def sql_words(kind: str, arguments: Mapping[str, str | int]) -> list[str]:
    """The options and statements of a job of this kind; `arguments` as jobs/README.md lists them."""
    given = {
        "rate": 500,
        "records": 5000 if kind in {"finishing", "batch"} else 0,
        "padding": 500 if kind == "slow" else 40,
        "checkpoint": 5000,
        "millis": 5,
        "fail-after": 45,
        "restarts": 2**31 - 1,
        "restart-delay": 3,
        "parallelism": 2,
        **arguments,
    }
    rows = f", 'number-of-rows' = '{given['records']}'" if given["records"] else ""
    events = _EVENTS.format(rate=given["rate"], rows=rows, padding=given["padding"])
    if kind == "slow":
        statements = [events, _USERS, _SLOW.format(millis=given["millis"])]
    elif kind == "batch":
        statements = [events, _USERS, _BATCH]
    elif kind == "processing-time":
        statements = [_ARRIVALS.format(rate=given["rate"]), _USERS, _ARRIVED]
    else:
        where = f" WHERE risky(amount, {given['fail-after']}) > 0" if kind == "failing" else ""
        statements = [events, _COUNTS, _WINDOWS.format(where=where)]
    return [*_options(kind, given), *statements]


def _options(kind: str, given: Mapping[str, str | int]) -> list[str]:
    options = {
        "pipeline.name": given["name"],
        "parallelism.default": given["parallelism"],
        "restart-strategy.type": "fixed-delay",
        "restart-strategy.fixed-delay.attempts": given["restarts"],
        "restart-strategy.fixed-delay.delay": f"{given['restart-delay']} s",
        # Aggregating before the shuffle would leave next to nothing to send.
        "table.optimizer.agg-phase-strategy": "ONE_PHASE",
    }
    if kind == "batch":
        options["execution.runtime-mode"] = "batch"
    elif int(given["checkpoint"]) > 0:
        options["execution.checkpointing.interval"] = f"{given['checkpoint']} ms"
    return [f"{key}={value}" for key, value in options.items()]
