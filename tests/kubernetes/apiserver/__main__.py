"""An API server to try things on, with clusters that are recorded or one that runs.

    python -m tests.kubernetes.apiserver [--clusters N] [--release 2.3.0 | --flink URL] [--ill] [--by token]

prints the path of a kubeconfig, and serves until ctrl+c or SIGTERM.
"""

import argparse
import contextlib
import signal
import tempfile
import threading
from pathlib import Path

from tests.fixture_cluster import FixtureCluster
from tests.fixture_server import FixtureServer
from tests.kubernetes import objects, pods
from tests.kubernetes.apiserver.server import ApiServer

NAMESPACE = "flink"


def fill(server: ApiServer, clusters: int, url: str) -> None:
    """Managed clusters in one namespace, whose services all lead to the same Flink."""
    for number in range(clusters):
        name = f"orders-{number + 1}"
        server.store.put(*pods.flink_cluster(name, NAMESPACE))
        server.network.lead(NAMESPACE, f"{name}-rest", url)


def make_ill(server: ApiServer, cluster: str = "orders-1") -> None:
    """What pods and operators come to: on the first cluster one of each."""
    server.store.put(
        pods.oom_killed(pods.pod(cluster, "jobmanager", NAMESPACE)),
        pods.oom_killed(pods.pod(cluster, namespace=NAMESPACE, number=2)),
        pods.evicted(pods.pod(cluster, namespace=NAMESPACE, number=3)),
        objects.deployment(cluster, NAMESPACE, error="the last savepoint is missing", lifecycle="DEPLOYED"),
    )
    waiting = pods.unschedulable(pods.pod(cluster, namespace=NAMESPACE, number=4))
    pulling = pods.pulling_image_fails(pods.pod(cluster, namespace=NAMESPACE, number=5))
    looping = pods.crash_looping(pods.pod(cluster, namespace=NAMESPACE, number=6))
    server.store.put(waiting, pods.failed_scheduling(waiting), pulling, pods.failed_pull(pulling), looping)
    server.logs.write(
        NAMESPACE, pods.pod_name(cluster, "jobmanager"), "started\n", previous="out of memory\n"
    )


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description="Serve a stand-in for a Kubernetes API server.")
    parser.add_argument("--clusters", type=int, default=3)
    parser.add_argument("--release", default="2.3.0", help="the recorded cluster behind all services")
    parser.add_argument("--flink", help="the address of a Flink behind all services instead")
    parser.add_argument("--ill", action="store_true", help="the first cluster has pods in all conditions")
    parser.add_argument("--by", choices=("certificate", "token", "exec"), default="certificate")
    arguments = parser.parse_args()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: end.set())
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="apiserver-")))
        url = arguments.flink
        if url is None:
            recorded = FixtureServer(FixtureCluster(arguments.release), moves=True)
            url = stack.enter_context(recorded).url
        server = stack.enter_context(ApiServer(directory))
        fill(server, arguments.clusters, url)
        if arguments.ill:
            make_ill(server)
        context = server.context(by=arguments.by, namespace=NAMESPACE)
        print(server.kubeconfig(context), flush=True)  # noqa: T201  what the script is for
        end.wait()


if __name__ == "__main__":
    main()
