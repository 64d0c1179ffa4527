"""The JobManager: configuration and environment."""

from msgspec import Struct

from flinktop.flink.endpoint import Endpoint


class Setting(Struct, frozen=True):
    """One line of the configuration; the server masks secrets as ******."""

    key: str
    value: str | None = None


class Jvm(Struct, frozen=True):
    """The JVM of the JobManager."""

    version: str = ""
    arch: str = ""
    options: tuple[str, ...] = ()


class Environment(Struct, frozen=True):
    """GET /jobmanager/environment (1.16+)."""

    jvm: Jvm = Jvm()
    classpath: tuple[str, ...] = ()
    environment: tuple[Setting, ...] | None = None  # 1.16 only: variables of the process


class Url(Struct, frozen=True):
    """A link into the Web UI or a log store."""

    url: str = ""


JOBMANAGER_CONFIG = Endpoint("jobmanager/config", tuple[Setting, ...])
JOBMANAGER_ENVIRONMENT = Endpoint("jobmanager/environment", Environment, since=(1, 16))
# JobManager and TaskManagers of an ended job, on a HistoryServer.
JOB_JOBMANAGER_CONFIG = Endpoint("jobs/{job}/jobmanager/config", tuple[Setting, ...], since=(1, 16))
JOB_JOBMANAGER_ENVIRONMENT = Endpoint("jobs/{job}/jobmanager/environment", Environment, since=(1, 16))
JOB_JOBMANAGER_LOG_URL = Endpoint("jobs/{job}/jobmanager/log-url", Url, since=(1, 16))
JOB_TASKMANAGER_LOG_URL = Endpoint("jobs/{job}/taskmanagers/{taskmanager}/log-url", Url, since=(1, 16))
