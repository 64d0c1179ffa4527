"""The exceptions that end the demo's runs, as Java writes them."""

from __future__ import annotations

FAULTS: dict[str, str] = {
    "poison": (
        'java.lang.IllegalStateException: cannot read amount of order 4711-B: "12,50 EUR"\n'
        "\tat com.example.inventory.StockParser.amount(StockParser.java:88)\n"
        "\tat com.example.inventory.StockParser.map(StockParser.java:41)\n"
        "\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)\n"
        "\tat org.apache.flink.streaming.runtime.tasks.OneInputStreamTask$StreamTaskNetworkOutput.emitRecord"
        "(OneInputStreamTask.java:237)\n"
        "\tat org.apache.flink.streaming.runtime.tasks.StreamTask.processInput(StreamTask.java:638)\n"
        "\tat org.apache.flink.streaming.runtime.tasks.mailbox.MailboxProcessor.runMailboxLoop"
        "(MailboxProcessor.java:231)\n"
        "\tat org.apache.flink.runtime.taskmanager.Task.doRun(Task.java:756)\n"
        "\tat java.base/java.lang.Thread.run(Unknown Source)\n"
        "Caused by: java.lang.NumberFormatException: Character , is neither a decimal digit number, decimal "
        'point, nor "e" notation exponential mark.\n'
        "\tat java.base/java.math.BigDecimal.<init>(Unknown Source)\n"
        "\tat com.example.inventory.StockParser.amount(StockParser.java:86)\n"
        "\t... 21 more\n"
    ),
    "broker": (
        "org.apache.kafka.common.errors.TimeoutException: Timeout of 60000ms expired before the position for "
        "partition orders-11 could be determined\n"
        "\tat org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader.fetch"
        "(KafkaPartitionSplitReader.java:122)\n"
        "\tat org.apache.flink.connector.base.source.reader.fetcher.FetchTask.run(FetchTask.java:58)\n"
        "\tat org.apache.flink.connector.base.source.reader.fetcher.SplitFetcher.runOnce(Sp"
        "litFetcher.java:165)\n"
        "\tat java.base/java.lang.Thread.run(Unknown Source)\n"
    ),
    "lost": (
        "org.apache.flink.runtime.jobmaster.JobMasterException: TaskManager with id "
        "10.4.2.17:41697-5b62f0 is no "
        "longer reachable.\n"
        "\tat org.apache.flink.runtime.jobmaster.JobMaster$TaskManagerHeartbeatListener.not"
        "ifyTargetUnreachable"
        "(JobMaster.java:1424)\n"
        "\tat org.apache.flink.runtime.heartbeat.DefaultHeartbeatMonitor.reportHeartbeatRpcFailure"
        "(DefaultHeartbeatMonitor.java:126)\n"
        "\tat java.base/java.lang.Thread.run(Unknown Source)\n"
    ),
    "schema": (
        "org.apache.flink.table.api.ValidationException: Could not find column 'discount_code' in table "
        "'default_catalog.default_database.experiments_v3'\n"
        "\tat org.apache.flink.table.planner.connectors.DynamicSourceUtils.validateAndApplyMetadata"
        "(DynamicSourceUtils.java:467)\n"
        "\tat org.apache.flink.table.planner.plan.nodes.exec.batch.BatchExecTableSourceScan.translate"
        "(BatchExecTableSourceScan.java:93)\n"
        "\tat java.base/java.lang.Thread.run(Unknown Source)\n"
    ),
}
"""By the name that a Fate calls them."""


def name_of(trace: str) -> str:
    """The exception's class."""
    return trace.partition(":")[0]
