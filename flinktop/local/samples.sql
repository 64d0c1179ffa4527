-- Three sample jobs for `flinktop local`, for Flink 2.3: a steady, a slow, and a failing one. samples.py
-- reads this: blank lines part the statements, a pipeline.name begins a job, and what is set before the
-- first holds for all of them.
--
-- Their sources make rows up (datagen) and their sinks drop them (blackhole), at rates that a laptop does
-- not feel. Times are TIMESTAMP_LTZ throughout: LOCALTIMESTAMP would put watermarks off by the time zone.
SET 'table.exec.resource.default-parallelism' = '2';
SET 'execution.checkpointing.interval' = '10 s';
SET 'execution.checkpointing.timeout' = '2 min';
SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '2147483647';
SET 'restart-strategy.fixed-delay.delay' = '10 s';
-- Keys that are not seen for a while are forgotten, so that a cluster left open for days stays small.
SET 'table.exec.state.ttl' = '30 min';

SET 'pipeline.name' = 'orders: revenue and payments (steady)';

CREATE TABLE orders (
  order_id INT, product INT, amount DOUBLE, ordered_at TIMESTAMP_LTZ(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '3' SECOND
) WITH (
  'connector' = 'datagen', 'rows-per-second' = '100',
  'fields.order_id.min' = '1', 'fields.order_id.max' = '2000',
  'fields.product.min' = '1', 'fields.product.max' = '40',
  'fields.amount.min' = '1', 'fields.amount.max' = '200',
  'fields.ordered_at.max-past' = '2 s');

CREATE TABLE payments (
  order_id INT, paid DOUBLE, paid_at TIMESTAMP_LTZ(3),
  WATERMARK FOR paid_at AS paid_at - INTERVAL '3' SECOND
) WITH (
  'connector' = 'datagen', 'rows-per-second' = '60',
  'fields.order_id.min' = '1', 'fields.order_id.max' = '2000',
  'fields.paid.min' = '1', 'fields.paid.max' = '200',
  'fields.paid_at.max-past' = '2 s');

CREATE TABLE revenue (window_start TIMESTAMP(3), product INT, orders BIGINT, amount DOUBLE)
WITH ('connector' = 'blackhole');

CREATE TABLE paid_orders (order_id INT, product INT, amount DOUBLE, paid DOUBLE)
WITH ('connector' = 'blackhole');

EXECUTE STATEMENT SET BEGIN
  INSERT INTO revenue
    SELECT window_start, product, COUNT(*), SUM(amount)
    FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ordered_at), INTERVAL '10' SECOND))
    GROUP BY window_start, window_end, product;
  INSERT INTO paid_orders
    SELECT o.order_id, o.product, o.amount, p.paid
    FROM orders o JOIN payments p ON o.order_id = p.order_id
    AND p.paid_at BETWEEN o.ordered_at AND o.ordered_at + INTERVAL '30' SECOND;
END;

-- Clicks come faster than their agents can be looked up: sources wait, the look-up is busy, the rest is idle.
-- Rows of 2 kB, so that the buffers between the tasks are full after seconds and not after minutes.
SET 'pipeline.name' = 'clicks: agent lookup (slow)';
-- Forgotten soon enough that few ids come twice, and the look-up keeps more to do than it can.
SET 'table.exec.state.ttl' = '5 min';

-- Hands a text on after some milliseconds: slow without using the processor.
CREATE TEMPORARY SYSTEM FUNCTION pause AS 'flinktop.Pause';

CREATE TABLE clicks (
  click_id INT, page INT, agent STRING, clicked_at TIMESTAMP_LTZ(3), read_at AS PROCTIME(),
  WATERMARK FOR clicked_at AS clicked_at - INTERVAL '3' SECOND
) WITH (
  'connector' = 'datagen', 'rows-per-second' = '200',
  'fields.click_id.min' = '1', 'fields.click_id.max' = '100000',
  'fields.page.min' = '1', 'fields.page.max' = '20',
  'fields.agent.length' = '2000',
  'fields.clicked_at.max-past' = '2 s');

CREATE TABLE page_views (window_start TIMESTAMP(3), page INT, visits BIGINT, agents BIGINT)
WITH ('connector' = 'blackhole');

CREATE TEMPORARY VIEW looked_up AS
  SELECT page, pause(agent, 25) AS agent, clicked_at
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY click_id ORDER BY read_at) AS nth FROM clicks)
  WHERE nth = 1;

INSERT INTO page_views
  SELECT window_start, page, COUNT(*), COUNT(DISTINCT SUBSTRING(agent, 1, 2))
  FROM TABLE(TUMBLE(TABLE looked_up, DESCRIPTOR(clicked_at), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, page;

-- In the first 10 seconds of every minute and a half an amount may be no number. It has to be made up anew
-- after the restart and must not be in any checkpoint: else the job would meet it for ever.
SET 'pipeline.name' = 'accounts: balance per currency (fails at times)';
SET 'table.exec.resource.default-parallelism' = '1';
SET 'execution.checkpointing.interval' = '5 s';

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
  'fields.booked_at.max-past' = '2 s');

CREATE TABLE balances (currency INT, accounts BIGINT, balance DECIMAL(38, 2))
WITH ('connector' = 'blackhole');

INSERT INTO balances
  SELECT MOD(account, 7), COUNT(*), SUM(CAST(amount AS DECIMAL(10, 2)))
  FROM (SELECT account, LAST_VALUE(amount) AS amount FROM bookings GROUP BY account)
  GROUP BY MOD(account, 7);
