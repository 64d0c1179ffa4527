"""SQL to a Flink cluster: Flink's own gateway process for Python, spoken to by py4j. No compiler, no jar.

The gateway is the main class of flink-python (org.apache.flink.client.python.PythonGatewayServer). It plans
a statement and hands the job to the cluster its configuration names; jobs live on when the gateway ends.
Its port takes no password, so it should live no longer than it is needed.
"""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from flinktop.local.processes import FlinkHome, Process, StartFailed, class_path, java_words, start, stop

_MAIN = "org.apache.flink.client.python.PythonGatewayServer"
_HEAP = 256  # MiB
_DEEPEST = 20  # causes of a Java exception

T = TypeVar("T")


class SqlFailed(Exception):  # noqa: N818  what happened is its name, like StartFailed
    """Flink refused a statement or its cluster did not take the job; the message is Flink's own."""


class SqlGateway:
    """A gateway process and its table environment.

    As a context manager it starts, connects and ends it. Whoever starts several processes at once calls
    `start`, later `connect`, at last `close`; the thread that calls `start` must live as long as the gateway.
    `conf` is the directory that `write_configuration` made for the cluster.
    """

    def __init__(self, home: FlinkHome, conf: Path, *, log: Path | None = None) -> None:
        self._home = home
        self._conf = conf
        self._log = log or conf.parent / "log" / "gateway.log"
        self._handshake = conf.parent / "tmp" / f"gateway-{id(self):x}.port"
        self._process: Process | None = None
        self._gateway: Any = None
        self._tables: Any = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Process:
        """Start the gateway process.

        Raises:
            StartFailed: Java cannot be started.
        """
        python_jars = sorted(self._home.opt.glob("flink-python*.jar"))
        command = [
            *java_words(self._home, self._conf, self._log),
            f"-Xmx{_HEAP}m",
            "-XX:+UseSerialGC",
            *("-cp", class_path(self._home, *python_jars), _MAIN),
        ]
        self._handshake.parent.mkdir(parents=True, exist_ok=True)
        self._handshake.unlink(missing_ok=True)
        self._process = start(
            command,
            log=self._log,
            environment={"FLINK_CONF_DIR": str(self._conf), "_PYFLINK_CONN_INFO_PATH": str(self._handshake)},
        )
        return self._process

    def connect(self, seconds: float = 60.0) -> None:
        """Connect to the started gateway and make its table environment; no cluster is needed for this yet.

        Raises:
            StartFailed: The gateway ended, or did not open its port within `seconds`.
            SqlFailed: Flink does not accept the configuration.
        """
        port = self._port(seconds)
        from py4j.java_gateway import GatewayParameters, JavaGateway  # noqa: PLC0415  of the extra `local`

        # Without memory management py4j asks nothing of a gateway that is gone already.
        parameters = GatewayParameters(port=port, enable_memory_management=False)
        self._gateway = JavaGateway(gateway_parameters=parameters)
        self._ask(self._open)

    def set(self, key: str, value: str) -> None:
        """Set a Flink option for the statements that follow, as SQL's `SET 'key' = 'value'` does."""
        self._ask(lambda: self._tables.getConfig().set(key, value))

    def execute(self, statement: str) -> str | None:
        """Execute one SQL statement; the id of the job it started, None when it started none.

        Raises:
            SqlFailed: Flink refused the statement, or the cluster did not take the job.
        """

        def ask() -> str | None:
            client = self._tables.executeSql(statement).getJobClient()
            return str(client.get().getJobID().toString()) if client.isPresent() else None

        return self._ask(ask)

    def close(self) -> None:
        """Close the connection and end the gateway process; may be called twice."""
        if self._gateway is not None:
            # No callback server was ever started, and py4j warns about closing one.
            self._gateway.close(keep_callback_server=True)
            self._gateway = None
            self._tables = None
        if self._process is not None:
            # It keeps nothing, and an orderly end of its JVM takes a second.
            stop([self._process], grace=0.0)
            self._process = None
            self._handshake.unlink(missing_ok=True)

    def _port(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while True:
            # It appears by a rename, so it is whole: four bytes, the highest first.
            with contextlib.suppress(FileNotFoundError):
                return int.from_bytes(self._handshake.read_bytes()[:4], "big")
            if self._process is None or self._process.poll() is not None:
                raise StartFailed(
                    f"Flink's SQL gateway ended while it started; its last words:\n{self._last()}"
                )
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"Flink's SQL gateway did not start within {seconds:.0f} s:\n{self._last()}"
                )
            time.sleep(0.05)

    def _open(self) -> None:
        jvm = self._gateway.jvm
        flink = jvm.org.apache.flink
        # The gateway ends when nobody puts a watchdog there within 10 s. Its own one is content for ever, so
        # no port for callbacks is needed: the process ends with the one that started it.
        self._gateway.entry_point.put("Watchdog", flink.client.python.PythonGatewayServer.watchdog)
        configuration = flink.configuration.GlobalConfiguration.loadConfiguration(str(self._conf))
        configuration.setString("execution.target", "remote")
        configuration.setString("execution.attached", "false")
        settings = flink.table.api.EnvironmentSettings.newInstance().inStreamingMode()
        environment = settings.withConfiguration(configuration).build()
        self._tables = flink.table.api.TableEnvironment.create(environment)

    def _last(self) -> str:
        return self._process.last_words() if self._process is not None else "(it was never started)"

    def _ask(self, question: Callable[[], T]) -> T:
        from py4j.protocol import Py4JError, Py4JJavaError, Py4JNetworkError  # noqa: PLC0415  of the extra

        try:
            return question()
        except Py4JJavaError as error:
            raise SqlFailed(_reason(error.java_exception)) from error
        except Py4JNetworkError as error:
            raise SqlFailed(f"Flink's SQL gateway ended; its last words:\n{self._last()}") from error
        except Py4JError as error:
            raise SqlFailed(f"Flink's SQL gateway did not understand: {error}") from error


def _reason(exception: Any) -> str:
    """What a Java exception and its causes say, outermost first, each sentence once and without traces."""
    said: list[str] = []
    for _ in range(_DEEPEST):
        if exception is None:
            break
        message = str(exception.getMessage() or exception.getClass().getSimpleName())
        sentence = message.splitlines()[0] if message else ""
        if sentence and not any(sentence in earlier for earlier in said):
            # An outer exception often repeats what an inner one says, and the inner one more exactly.
            said = [*(earlier for earlier in said if earlier not in sentence), sentence]
        exception = exception.getCause()
    return ": ".join(said)
