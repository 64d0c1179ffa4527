"""The demo's jobs: what a company that sells things runs on Flink."""

from __future__ import annotations

from flinktop.demo.specs import (
    DAY,
    GIB,
    HOUR,
    MIB,
    CheckpointSpec,
    Edge,
    Fate,
    JobSpec,
    VertexSpec,
)

FORWARD, REBALANCE, BROADCAST = "FORWARD", "REBALANCE", "BROADCAST"


def enrichment(name: str = "orders-enrichment") -> JobSpec:
    """A join of two streams: orders and the customers who made them."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: orders[1] -> Calc[2] -> WatermarkAssigner[3]",
                4,
                rate=5200,
                busy=0.34,
                lag=5,
                record=410,
            ),
            VertexSpec(
                "Source: customers[4] -> DropUpdateBefore[5]", 2, rate=310, busy=0.08, lag=8, record=520
            ),
            VertexSpec(
                "Join[7] -> Calc[8]",
                4,
                (Edge(0), Edge(1)),
                selectivity=0.94,
                busy=0.52,
                state=int(2.6 * GIB),
                record=680,
            ),
            VertexSpec(
                "ConstraintEnforcer[9] -> Sink: orders_enriched[10] -> Sink: Committer",
                4,
                (Edge(2, FORWARD),),
                busy=0.21,
                state=2 * MIB,
            ),
        ),
        Fate(started=-9.3 * DAY, stumbles=(-2.1 * DAY,), fault="lost"),
        CheckpointSpec(60, 2.6, culprit=2, savepoint=-4.2 * HOUR, growth=0.004),
        restored_from="s3://flink-savepoints/orders-enrichment/savepoint-5f21c0-8d3a41e0b7c9",
    )


def scoring(name: str = "payments-fraud-scoring") -> JobSpec:
    """Twelve vertices: features from three streams, two models side by side, a verdict."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: payments -> Parse payment -> Payment time",
                4,
                rate=3900,
                busy=0.31,
                lag=3,
                record=300,
            ),
            VertexSpec("Source: logins -> Parse login", 2, rate=950, busy=0.12, lag=3, record=180),
            VertexSpec("Source: device-fingerprints", 2, rate=420, busy=0.07, lag=4, record=240),
            VertexSpec(
                "Payment velocity per card", 4, (Edge(0),), busy=0.44, state=int(1.4 * GIB), record=340
            ),
            VertexSpec(
                "Login history per customer", 4, (Edge(1),), 0.0, 0.6, 0.19, state=600 * MIB, record=210
            ),
            VertexSpec("Known devices", 4, (Edge(2), Edge(1)), 0.0, 0.3, 0.16, state=350 * MIB, record=150),
            VertexSpec(
                "Join features", 4, (Edge(3), Edge(4), Edge(5)), 0.0, 0.8, 0.57, state=880 * MIB, record=720
            ),
            VertexSpec("Model: gradient boosting", 4, (Edge(6, REBALANCE),), busy=0.63, record=120),
            VertexSpec("Model: rules", 2, (Edge(6, REBALANCE),), busy=0.28, record=120),
            VertexSpec(
                "Verdict per payment", 4, (Edge(7), Edge(8)), 0.0, 0.5, 0.35, state=120 * MIB, record=160
            ),
            VertexSpec(
                "Sink: verdicts: Writer -> verdicts: Committer", 4, (Edge(9, FORWARD),), busy=0.15, state=MIB
            ),
            VertexSpec("Sink: alerts: Writer", 1, (Edge(9, REBALANCE),), busy=0.09),
        ),
        Fate(started=-26.4 * DAY),
        CheckpointSpec(30, 3.4, culprit=6),
        settings=(("model.version", "2024-11-02"), ("threshold", "0.83")),
    )


def clickstream(name: str = "clickstream-sessions") -> JobSpec:
    """Backpressure: a sink into a database is slower than what the windows send."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: clicks -> Parse click -> Timestamps/Watermarks",
                6,
                rate=14_200,
                busy=0.24,
                held=0.7,
                lag=6,
                record=230,
            ),
            VertexSpec(
                "Session windows -> Count pages",
                6,
                (Edge(0),),
                0.0,
                0.4,
                0.36,
                0.58,
                state=int(3.1 * GIB),
                record=310,
                lag=22,
            ),
            VertexSpec(
                "Enrich with campaign", 6, (Edge(1, REBALANCE),), 0.0, 0.98, 0.21, 0.73, record=350, lag=9
            ),
            VertexSpec("Sink: sessions into PostgreSQL", 4, (Edge(2, REBALANCE),), busy=0.955, lag=14),
        ),
        Fate(started=-1.6 * DAY),
        CheckpointSpec(90, 41, timeout=600, waiting=0.86, culprit=3),
        swing=0.035,
    )


def inventory(name: str = "inventory-sync") -> JobSpec:
    """A restart loop: one record that can't be parsed comes back after each restart."""
    return JobSpec(
        name,
        (
            VertexSpec("Source: stock-changes", 3, rate=820, busy=0.11, lag=2, record=260),
            VertexSpec("Parse stock -> Key by warehouse", 3, (Edge(0, REBALANCE),), busy=0.3, record=190),
            VertexSpec("Stock per article", 3, (Edge(1),), busy=0.41, state=340 * MIB, record=140),
            VertexSpec("Sink: stock-levels: Writer", 3, (Edge(2, FORWARD),), busy=0.12),
        ),
        Fate(started=-4.4 * HOUR, cycle=148, fault="poison", culprit=1),
        CheckpointSpec(20, 0.9),
    )


def profiles(name: str = "user-profiles") -> JobSpec:
    """Checkpoints that fail: large state, and one subtask whose storage does not answer in time."""
    return JobSpec(
        name,
        (
            VertexSpec("Source: events-v2 -> Filter bots", 4, rate=6100, busy=0.28, lag=4, record=280),
            VertexSpec("Source: crm-changes", 1, rate=40, busy=0.02, lag=4, record=900),
            VertexSpec(
                "Profile per user",
                4,
                (Edge(0), Edge(1)),
                0.0,
                0.7,
                0.66,
                state=38 * GIB,
                record=1100,
                hot=0.11,
            ),
            VertexSpec(
                "Sink: profiles into S3: Writer -> profiles into S3: Committer",
                2,
                (Edge(2, REBALANCE),),
                busy=0.3,
                state=6 * MIB,
            ),
        ),
        Fate(started=-13 * HOUR),
        CheckpointSpec(60, 33, timeout=50, failing=0.72, culprit=2, waiting=0.2, growth=0.3),
    )


def impressions(name: str = "ad-impressions") -> JobSpec:
    """A fan-out: one stream read once, and counted in three ways."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: impressions[11] -> Calc[12] -> WatermarkAssigner[13]",
                8,
                rate=21_000,
                busy=0.46,
                lag=10,
                record=190,
            ),
            VertexSpec(
                "WindowAggregate[15] -> Calc[16]",
                8,
                (Edge(0),),
                0.0,
                0.002,
                0.49,
                state=410 * MIB,
                record=120,
            ),
            VertexSpec("GroupAggregate[18]", 4, (Edge(0),), 0.0, 0.03, 0.38, state=900 * MIB, record=90),
            VertexSpec(
                "Deduplicate[20] -> Calc[21]", 4, (Edge(0),), 0.0, 0.2, 0.29, state=int(1.2 * GIB), record=160
            ),
            VertexSpec("Sink: impressions_per_minute[17]", 1, (Edge(1, REBALANCE),), busy=0.04),
            VertexSpec("Sink: impressions_per_campaign[19]", 2, (Edge(2, REBALANCE),), busy=0.08),
            VertexSpec("Sink: first_impressions[22]", 4, (Edge(3, FORWARD),), busy=0.17),
        ),
        Fate(started=-6.2 * DAY),
        CheckpointSpec(60, 4.1),
    )


def telemetry(name: str = "iot-telemetry-rollup") -> JobSpec:
    """A healthy chain of windows."""
    return JobSpec(
        name,
        (
            VertexSpec("Source: MQTT bridge -> Decode CBOR", 2, rate=2600, busy=0.37, lag=15, record=96),
            VertexSpec(
                "Rollup per device, 1 min", 4, (Edge(0),), 0.0, 0.05, 0.26, state=90 * MIB, record=210
            ),
            VertexSpec("Rollup per site, 15 min", 2, (Edge(1),), 0.0, 0.1, 0.09, state=24 * MIB, record=260),
            VertexSpec("Sink: InfluxDB", 2, (Edge(2, FORWARD),), busy=0.06),
        ),
        Fate(started=-51 * DAY),
        CheckpointSpec(120, 0.7, rocksdb=False),
    )


def search_index(name: str = "search-index-updater") -> JobSpec:
    """A diamond: one change goes two ways and comes together again."""
    return JobSpec(
        name,
        (
            VertexSpec("Source: catalogue-changes", 2, rate=640, busy=0.1, lag=3, record=1400),
            VertexSpec(
                "Render text -> Detect language",
                4,
                (Edge(0, REBALANCE),),
                busy=0.58,
                record=2300,
                counts=("articles rendered",),
            ),
            VertexSpec("Fetch prices (async)", 2, (Edge(0, REBALANCE),), busy=0.07, record=120),
            VertexSpec(
                "Merge per article", 4, (Edge(1), Edge(2)), 0.0, 0.5, 0.22, state=780 * MIB, record=2500
            ),
            VertexSpec("Sink: OpenSearch", 2, (Edge(3, REBALANCE),), busy=0.45),
        ),
        Fate(started=-3.9 * DAY),
        CheckpointSpec(60, 1.9, unaligned=True),
        adaptive=True,
    )


def mirror(name: str = "cdc-orders-mirror") -> JobSpec:
    """Everything chained into one vertex, which exchanges nothing."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: orders-cdc -> Map to Avro -> Sink: orders-mirror: Writer",
                2,
                rate=480,
                busy=0.13,
                lag=1,
                state=3 * MIB,
            ),
        ),
        Fate(started=-17.5 * DAY),
        CheckpointSpec(30, 0.25, rocksdb=False),
    )


def emails(name: str = "notification-dispatcher") -> JobSpec:
    """Skew: one customer of the shop sends most of the messages."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: notifications -> Parse", 4, rate=1750, busy=0.16, held=0.12, lag=2, record=320
            ),
            VertexSpec("Throttle per tenant", 4, (Edge(0),), busy=0.9, hot=0.55, state=150 * MIB, record=300),
            VertexSpec("Sink: mail gateway", 2, (Edge(1, REBALANCE),), busy=0.33),
        ),
        Fate(started=-8.7 * HOUR),
        CheckpointSpec(60, 2.2, culprit=1),
        swing=0.08,
        event_time=False,
    )


def ledger(name: str = "daily-ledger-export") -> JobSpec:
    """A batch job that has finished."""
    return JobSpec(
        name,
        (
            VertexSpec(
                "Source: ledger files -> Parse row",
                4,
                rate=48_000,
                busy=0.72,
                record=140,
                counts=("rows parsed",),
            ),
            VertexSpec("Sort and sum per account", 4, (Edge(0),), 0.0, 0.04, 0.61, record=90),
            VertexSpec("Sink: Parquet files", 2, (Edge(1, REBALANCE),), busy=0.2),
        ),
        Fate(started=-5.4 * HOUR, ended=-5.1 * HOUR, end="FINISHED"),
        None,
        kind="BATCH",
        event_time=False,
    )


def experiment(name: str = "experiment-backfill-v3") -> JobSpec:
    """A batch job that has failed."""
    return JobSpec(
        name,
        (
            VertexSpec("Source: experiments_v3[1]", 2, rate=9000, busy=0.4, record=210),
            VertexSpec("HashAggregate[3]", 2, (Edge(0),), 0.0, 0.1, 0.5),
        ),
        Fate(started=-2.3 * HOUR, ended=-2.3 * HOUR + 74, end="FAILED", fault="schema"),
        None,
        kind="BATCH",
        event_time=False,
    )


def audit(name: str = "legacy-audit-copy") -> JobSpec:
    """A job that somebody has cancelled."""
    return JobSpec(
        name,
        (
            VertexSpec("Source: audit-log", 1, rate=150, busy=0.05, record=600),
            VertexSpec("Sink: archive", 1, (Edge(0, REBALANCE),), busy=0.1),
        ),
        Fate(started=-40 * DAY, ended=-26 * HOUR, end="CANCELED"),
        CheckpointSpec(300, 0.4, rocksdb=False),
        event_time=False,
    )


def production() -> tuple[JobSpec, ...]:
    """All of them, the healthy ones and those that need a look."""
    return (
        enrichment(),
        scoring(),
        clickstream(),
        inventory(),
        profiles(),
        impressions(),
        telemetry(),
        search_index(),
        mirror(),
        emails(),
        ledger(),
        experiment(),
        audit(),
    )
