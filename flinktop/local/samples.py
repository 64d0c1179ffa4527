"""Three sample jobs for `flinktop local`, as SQL for Flink 2.3: a steady, a slow, and a failing one.

They are run by a jar as any user's job is: samples.jar executes the statements that are its arguments
(Samples.java says how it is made), and Flink's options stand beside them.

Their sources make rows up (`datagen`) and their sinks drop them (`blackhole`), at rates that a laptop does
not feel. Times are TIMESTAMP_LTZ throughout: LOCALTIMESTAMP would put watermarks off by the time zone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SAMPLES_JAR = Path(__file__).with_name("samples.jar")


@dataclass(frozen=True, slots=True)
class Sample:
    """A job: its name in Flink, Flink options, statements that make its tables, the one that starts it."""

    name: str
    options: Mapping[str, str]
    tables: tuple[str, ...]
    job: str

    @property
    def arguments(self) -> tuple[str, ...]:
        """What the jar's main() is given: every statement on one line."""
        return tuple(" ".join(statement.split()) for statement in (*self.tables, self.job))

    @property
    def configuration(self) -> dict[str, str]:
        """Flink's options for this job."""
        return {**_OPTIONS, **self.options, "pipeline.name": self.name}


_OPTIONS = {
    "table.exec.resource.default-parallelism": "2",
    "execution.checkpointing.interval": "10 s",
    "execution.checkpointing.timeout": "2 min",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "2147483647",
    "restart-strategy.fixed-delay.delay": "10 s",
    # Keys that are not seen for a while are forgotten, so that a cluster left open for days stays small.
    "table.exec.state.ttl": "30 min",
}

STEADY = Sample(
    name="orders: revenue and payments (steady)",
    options={},
    tables=(
        """
        CREATE TABLE orders (
          order_id INT, product INT, amount DOUBLE, ordered_at TIMESTAMP_LTZ(3),
          WATERMARK FOR ordered_at AS ordered_at - INTERVAL '3' SECOND
        ) WITH (
          'connector' = 'datagen', 'rows-per-second' = '100',
          'fields.order_id.min' = '1', 'fields.order_id.max' = '2000',
          'fields.product.min' = '1', 'fields.product.max' = '40',
          'fields.amount.min' = '1', 'fields.amount.max' = '200',
          'fields.ordered_at.max-past' = '2 s')
        """,
        """
        CREATE TABLE payments (
          order_id INT, paid DOUBLE, paid_at TIMESTAMP_LTZ(3),
          WATERMARK FOR paid_at AS paid_at - INTERVAL '3' SECOND
        ) WITH (
          'connector' = 'datagen', 'rows-per-second' = '60',
          'fields.order_id.min' = '1', 'fields.order_id.max' = '2000',
          'fields.paid.min' = '1', 'fields.paid.max' = '200',
          'fields.paid_at.max-past' = '2 s')
        """,
        """
        CREATE TABLE revenue (window_start TIMESTAMP(3), product INT, orders BIGINT, amount DOUBLE)
        WITH ('connector' = 'blackhole')
        """,
        """
        CREATE TABLE paid_orders (order_id INT, product INT, amount DOUBLE, paid DOUBLE)
        WITH ('connector' = 'blackhole')
        """,
    ),
    job="""
        EXECUTE STATEMENT SET BEGIN
          INSERT INTO revenue
            SELECT window_start, product, COUNT(*), SUM(amount)
            FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ordered_at), INTERVAL '10' SECOND))
            GROUP BY window_start, window_end, product;
          INSERT INTO paid_orders
            SELECT o.order_id, o.product, o.amount, p.paid
            FROM orders o JOIN payments p ON o.order_id = p.order_id
            AND p.paid_at BETWEEN o.ordered_at AND o.ordered_at + INTERVAL '30' SECOND;
        END
        """,
)

# Clicks come faster than their agents can be looked up: sources wait, the look-up is busy, the rest is idle.
# Rows of 2 kB, so that the buffers between the tasks are full after seconds and not after minutes.
SLOW = Sample(
    name="clicks: agent lookup (slow)",
    # Forgotten soon enough that few ids come twice, and the look-up keeps more to do than it can.
    options={"table.exec.state.ttl": "5 min"},
    tables=(
        # Hands a text on after some milliseconds: slow without using the processor.
        "CREATE TEMPORARY SYSTEM FUNCTION pause AS 'flinktop.Pause'",
        """
        CREATE TABLE clicks (
          click_id INT, page INT, agent STRING, clicked_at TIMESTAMP_LTZ(3), read_at AS PROCTIME(),
          WATERMARK FOR clicked_at AS clicked_at - INTERVAL '3' SECOND
        ) WITH (
          'connector' = 'datagen', 'rows-per-second' = '200',
          'fields.click_id.min' = '1', 'fields.click_id.max' = '100000',
          'fields.page.min' = '1', 'fields.page.max' = '20',
          'fields.agent.length' = '2000',
          'fields.clicked_at.max-past' = '2 s')
        """,
        """
        CREATE TABLE page_views (window_start TIMESTAMP(3), page INT, visits BIGINT, agents BIGINT)
        WITH ('connector' = 'blackhole')
        """,
        """
        CREATE TEMPORARY VIEW looked_up AS
          SELECT page, pause(agent, 25) AS agent, clicked_at
          FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY click_id ORDER BY read_at) AS nth FROM clicks)
          WHERE nth = 1
        """,
    ),
    job="""
        INSERT INTO page_views
          SELECT window_start, page, COUNT(*), COUNT(DISTINCT SUBSTRING(agent, 1, 2))
          FROM TABLE(TUMBLE(TABLE looked_up, DESCRIPTOR(clicked_at), INTERVAL '10' SECOND))
          GROUP BY window_start, window_end, page
        """,
)

# In the first 10 seconds of every minute and a half an amount may be no number. It has to be made up anew
# after the restart and must not be in any checkpoint: else the job would meet it for ever.
FAILING = Sample(
    name="accounts: balance per currency (fails at times)",
    options={"table.exec.resource.default-parallelism": "1", "execution.checkpointing.interval": "5 s"},
    tables=(
        """
        CREATE TABLE bookings (
          account INT, die INT, cents INT, booked_at TIMESTAMP_LTZ(3),
          amount AS CASE WHEN die = 1 AND MOD(UNIX_TIMESTAMP(), 90) < 10 THEN 'n/a'
                         ELSE CAST(cents / 100.0 AS STRING) END,
          WATERMARK FOR booked_at AS booked_at - INTERVAL '3' SECOND
        ) WITH (
          'connector' = 'datagen', 'rows-per-second' = '20',
          'fields.account.min' = '1', 'fields.account.max' = '300',
          'fields.die.min' = '1', 'fields.die.max' = '40',
          'fields.cents.min' = '100', 'fields.cents.max' = '99999',
          'fields.booked_at.max-past' = '2 s')
        """,
        """
        CREATE TABLE balances (currency INT, accounts BIGINT, balance DECIMAL(38, 2))
        WITH ('connector' = 'blackhole')
        """,
    ),
    job="""
        INSERT INTO balances
          SELECT MOD(account, 7), COUNT(*), SUM(CAST(amount AS DECIMAL(10, 2)))
          FROM (SELECT account, LAST_VALUE(amount) AS amount FROM bookings GROUP BY account)
          GROUP BY MOD(account, 7)
        """,
)

SAMPLES = (STEADY, SLOW, FAILING)
