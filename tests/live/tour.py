"""The walk through a real cluster that fixtures are recorded on: what it is given, and all it is asked."""

import base64
import time
import urllib.parse
from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.live.cluster import Cluster, history_server
from tests.live.recorder import Recorder
from tests.live.routes import CLUSTER, JOB, JOB_MORE, SUBTASK, TASKMANAGER, VERTEX, VERTEX_MORE, Route
from tests.live.submission import (
    submit,
    uploaded,
    wait_for,
    wait_for_operation,
    wait_for_state,
    words,
)

JOB_ID = "/jobs/:jobid"
SAVEPOINTS = "/jobs/:jobid/savepoints"
SAVEPOINT = "/jobs/:jobid/savepoints/:triggerid"
DISPOSAL = "/savepoint-disposal/:triggerid"
NOBODY = "0" * 32
"""An id that nothing has."""


class Tour:
    """One cluster, walked through once; the steps in the order that record.py calls them."""

    def __init__(self, cluster: Cluster, recorder: Recorder) -> None:
        self.cluster = cluster
        self.recorder = recorder
        self.jobs: dict[str, str] = {}

    def has(self, since: tuple[int, int]) -> bool:
        """Whether this release is at least that one."""
        return self.cluster.release[:2] >= since

    # What the cluster is given.

    def run(self, label: str, kind: str, *, savepoint: str | None = None, **arguments: str | int) -> str:
        """Run a job; in file names it is called `label`."""
        job = submit(self.cluster, kind, savepoint=savepoint, **arguments)
        self.jobs[label] = job
        self.recorder.labels[job] = label
        return job

    def start_jobs(self) -> None:
        """Jobs that end first, then those that stay."""
        self.run("finished", "finishing", rate=1000)
        self.run("failed", "failing", restarts=0, fail_after=3, checkpoint=1000, name="failed for good")
        wait_for_state(self.cluster, self.jobs["finished"], "FINISHED")
        wait_for_state(self.cluster, self.jobs["failed"], "FAILED")
        wait_for_state(self.cluster, self.run("batch", "batch"), "FINISHED")
        self.run("steady", "steady")
        self.run("slow", "slow", padding=1500)
        self.run("failing", "failing", fail_after=15)
        self.run("unchecked", "steady", checkpoint=0, parallelism=1, name="no checkpoints, no name")
        self.recorder.labels[uploaded(self.cluster)] = "jar"
        for taskmanager in self.cluster.get("taskmanagers")["taskmanagers"]:
            self.recorder.labels[taskmanager["id"]] = "taskmanager"
        for name in ("steady", "slow", "unchecked"):
            wait_for_state(self.cluster, self.jobs[name], "RUNNING")
        for job in self.jobs.values():
            vertices = self.cluster.get(f"jobs/{job}")["vertices"]
            # The same operators have the same ids in every job.
            self.recorder.labels |= {vertex["id"]: f"v{at}" for at, vertex in enumerate(vertices)}

    def savepoints(self) -> None:
        """One seen in progress, one that fails, one that a job is restored from, stopped and disposed of."""
        self._savepoint("slow")
        file = self.cluster.directory / "file"
        file.write_text("no directory", encoding="utf-8")
        self._savepoint("steady", **{"target-directory": (file / "below").as_uri()})
        good = self._savepoint("steady")
        restored = self.run("restored", "steady", parallelism=1, savepoint=good, name="restored")
        wait_for_state(self.cluster, restored, "RUNNING")
        for path in (good, good + "-not-there"):
            answer = self.recorder.write(
                self.cluster, "POST", "/savepoint-disposal", {"savepoint-path": path}
            ).json()
            self._operation(DISPOSAL, "savepoint-disposal", triggerid=answer["request-id"])

    def _savepoint(self, name: str, **more: str) -> str:
        """Take one; its path, or nothing when it failed."""
        job = self.jobs[name]
        # Up to 1.12 a body without cancel-job is refused.
        body = {"cancel-job": False, **more}
        answer = self.recorder.write(self.cluster, "POST", SAVEPOINTS, body, jobid=job).json()
        trigger = answer["request-id"]
        last = self._operation(SAVEPOINT, f"jobs/{job}/savepoints", jobid=job, triggerid=trigger)
        return str(last["operation"].get("location", ""))

    def _operation(self, endpoint: str, path: str, **ids: str) -> Any:
        """Record an operation's status at once, maybe in progress, and when it is completed."""
        trigger = ids["triggerid"]
        self.recorder.labels[trigger] = "trigger"
        self.recorder.get(self.cluster, endpoint, **ids)
        wait_for_operation(self.cluster, f"{path}/{trigger}", 120)
        return self.recorder.get(self.cluster, endpoint, **ids).json()

    def wait_until_telling(self) -> None:
        """Until restarts, checkpoints, backpressure and metrics are there to be told."""
        self._warm()
        failing, steady, slow = self.jobs["failing"], self.jobs["steady"], self.jobs["slow"]
        count = "numRestarts" if self.has((1, 10)) else "fullRestarts"

        def telling() -> bool:
            restarts = self.cluster.get(f"jobs/{failing}/metrics?get={count}")
            counts = self.cluster.get(f"jobs/{steady}/checkpoints")["counts"]
            vertex = self.cluster.get(f"jobs/{slow}")["vertices"][0]["id"]
            pressure = self.cluster.get(f"jobs/{slow}/vertices/{vertex}/backpressure")
            return bool(
                restarts
                and int(restarts[0]["value"]) >= 2
                and counts["completed"] >= 5
                and pressure.get("backpressure-level") == "high"
            )

        wait_for("restarts, checkpoints and backpressure", telling, 180)
        wait_for_state(self.cluster, failing, "RUNNING")
        # A metric request answers what the one before it, ten seconds ago, had fetched.
        for _ in range(2):
            self._warm()
            time.sleep(11)

    def _warm(self) -> None:
        """Ask what is only sampled or fetched when somebody asks."""
        self.cluster.ask("GET", "taskmanagers/metrics")
        for name in ("steady", "slow", "failing"):
            job = self.jobs[name]
            for vertex in self.cluster.get(f"jobs/{job}")["vertices"]:
                path = f"jobs/{job}/vertices/{vertex['id']}"
                self.cluster.ask("GET", f"{path}/backpressure")
                if self.has((1, 13)) and name == "slow":
                    for kind in ("full", "on_cpu", "off_cpu"):
                        self.cluster.ask("GET", f"{path}/flamegraph?type={kind}")

    # What the cluster is asked.

    def reads(self) -> None:
        """Every GET that this release has."""
        self._profile()
        self._routes(CLUSTER, {"jarid": uploaded(self.cluster), "filename": "jobmanager.log"})
        self._plan()
        for taskmanager in self.cluster.get("taskmanagers")["taskmanagers"]:
            ids = {"taskmanagerid": taskmanager["id"], "filename": "taskmanager.log"}
            self._routes(TASKMANAGER, ids)
        self._aggregates()
        for name in self.jobs:
            self._job(name)
        if self.has((2, 3)):
            for application in self.cluster.get("applications/overview")["applications"]:
                ids = {"applicationid": application["id"]}
                for rest in ("", "/exceptions", "/jobmanager/config"):
                    self.recorder.get(self.cluster, f"/applications/:applicationid{rest}", **ids)

    def _routes(self, routes: tuple[Route, ...], ids: Mapping[str, str | int]) -> None:
        for route in routes:
            if self.has(route.since):
                wanted = {name: value for name, value in ids.items() if f":{name}" in route.endpoint}
                self.recorder.get(self.cluster, route.endpoint, route.query, **wanted)

    def _profile(self) -> None:
        """One profile of each process, and its file."""
        if not self.has((1, 19)):
            return
        taskmanager = self.cluster.get("taskmanagers")["taskmanagers"][0]["id"]
        for endpoint, ids in (
            ("/jobmanager/profiler", {}),
            ("/taskmanagers/:taskmanagerid/profiler", {"taskmanagerid": taskmanager}),
        ):
            body = {"mode": "ITIMER", "duration": 3}
            self.recorder.write(self.cluster, "POST", endpoint, body, **ids)
            self.recorder.get(self.cluster, endpoint, **ids)
            path = endpoint.removeprefix("/").replace(":taskmanagerid", urllib.parse.quote(taskmanager))

            def ended(path: str = path) -> bool:
                return bool(self.cluster.get(path)["profilingList"][0]["status"] != "RUNNING")

            wait_for("profile", ended, 30)
            profile = self.recorder.get(self.cluster, endpoint, **ids).json()["profilingList"][0]
            if profile["status"] == "FINISHED":
                file = profile["outputFile"]
                self.recorder.get(self.cluster, f"{endpoint}/:filename", "", **ids, filename=file)

    def _plan(self) -> None:
        jar = uploaded(self.cluster)
        main = words(self.cluster, "steady", {})
        if self.has((1, 10)):
            body = {"programArgsList": main}
            self.recorder.write(self.cluster, "POST", "/jars/:jarid/plan", body, jarid=jar)
        if self.has((2, 0)):
            main = ["base64:" + base64.b64encode(word.encode()).decode() for word in main]
        query = "programArg=" + ",".join(urllib.parse.quote(word, safe="") for word in main)
        self.recorder.get(self.cluster, "/jars/:jarid/plan", query, jarid=jar)

    def _aggregates(self) -> None:
        """Aggregated metrics of all TaskManagers and of all jobs."""
        for endpoint in ("/taskmanagers/metrics", "/jobs/metrics"):
            self._metrics(endpoint, {})

    def _metrics(self, endpoint: str, ids: Mapping[str, str | int]) -> None:
        """The list of ids of a metrics endpoint, then the values of all that a request line can hold."""
        names = [metric["id"] for metric in self.recorder.get(self.cluster, endpoint, "", **ids).json()]
        query = "get="
        for name in sorted(names):
            if len(query) + len(urllib.parse.quote(name)) > 3500:
                break
            query += ("," if query != "get=" else "") + urllib.parse.quote(name, safe="")
        if names:
            self.recorder.get(self.cluster, endpoint, query, **ids)
        if names and "/subtasks/metrics" in endpoint:
            few = "get=" + ",".join(urllib.parse.quote(name, safe="") for name in sorted(names)[:3])
            self.recorder.get(self.cluster, endpoint, few + "&agg=max,avg", **ids)
            self.recorder.get(self.cluster, endpoint, few + ",no.such.metric", **ids)

    def _job(self, name: str) -> None:
        """A job; the steady one whole, of the others what is different about them."""
        job = {"jobid": self.jobs[name]}
        whole = name == "steady"
        taskmanager = self.cluster.get("taskmanagers")["taskmanagers"][0]["id"]
        self._routes(JOB, job)
        if whole:
            self._routes(JOB_MORE, {**job, "taskmanagerid": taskmanager})
        self._metrics("/jobs/:jobid/metrics", job)
        if name != "batch":  # it has none, see errors()
            self._checkpoints(name)
        vertices = self.cluster.get(f"jobs/{self.jobs[name]}")["vertices"]
        for vertex in vertices if whole else vertices[:1]:
            self._vertex({**job, "vertexid": vertex["id"]}, whole=whole or name == "slow")
        if name == "slow":
            self._vertex({**job, "vertexid": vertices[-1]["id"]}, whole=True)

    def _vertex(self, ids: dict[str, str | int], *, whole: bool) -> None:
        self._routes(VERTEX, ids)
        if whole:
            self._routes(VERTEX_MORE, ids)
        subtasks = self.cluster.get(f"jobs/{ids['jobid']}/vertices/{ids['vertexid']}")["subtasks"]
        attempt = subtasks[0]["attempt"]
        for number in sorted({0, attempt}):
            self._routes(SUBTASK, {**ids, "subtaskindex": 0, "attempt": number})
        if whole:
            self._metrics("/jobs/:jobid/vertices/:vertexid/subtasks/metrics", ids)
            self._metrics(
                "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex/metrics", {**ids, "subtaskindex": 0}
            )
            self._metrics("/jobs/:jobid/vertices/:vertexid/metrics", ids)
            if self.has((1, 20)):
                self._metrics("/jobs/:jobid/vertices/:vertexid/jm-operator-metrics", ids)

    def _checkpoints(self, name: str) -> None:
        """The newest checkpoint of each kind that the history has, with its subtasks."""
        job = self.jobs[name]
        stats = self.recorder.get(self.cluster, "/jobs/:jobid/checkpoints", jobid=job).json()
        kinds = {(item["status"], item["is_savepoint"]): item["id"] for item in reversed(stats["history"])}
        vertices = [vertex["id"] for vertex in self.cluster.get(f"jobs/{job}")["vertices"]]
        details = "/jobs/:jobid/checkpoints/details/:checkpointid"
        for checkpoint in kinds.values():
            ids = {"jobid": job, "checkpointid": checkpoint}
            self.recorder.get(self.cluster, details, **ids)
            for vertex in vertices if name == "steady" else vertices[:1]:
                self.recorder.get(self.cluster, f"{details}/subtasks/:vertexid", **ids, vertexid=vertex)
        if self.has((1, 17)) and name == "steady":
            endpoint = "/jobs/:jobid/checkpoints"
            body = {"checkpointType": "CONFIGURED"}
            trigger = self.recorder.write(self.cluster, "POST", endpoint, body, jobid=job).json()[
                "request-id"
            ]
            path = f"jobs/{job}/checkpoints"
            self._operation(f"{endpoint}/:triggerid", path, jobid=job, triggerid=trigger)

    def history(self) -> None:
        """What a HistoryServer knows of jobs that ended; much of it is 404."""
        jobs = [self.jobs[name] for name in ("finished", "failed", "batch")]
        with history_server(self.cluster) as history:

            def archived() -> bool:
                try:
                    answer = history.ask("GET", "jobs/overview")
                except OSError:  # not listening yet
                    return False
                known = [job["jid"] for job in answer.json().get("jobs", [])] if answer.status == 200 else []
                return set(jobs) <= set(known)

            wait_for("the archive of ended jobs", archived)
            self.recorder.prefix = "history."
            get = partial(self.recorder.get, history)
            for endpoint in ("/config", "/overview", "/jobs", "/jobs/overview", "/jobmanager/config"):
                get(endpoint)
            for job in jobs:
                for rest in ("", "/config", "/exceptions", "/accumulators", "/plan", "/checkpoints"):
                    get(f"{JOB_ID}{rest}", jobid=job)
            ids = {"jobid": jobs[0], "vertexid": self.cluster.get(f"jobs/{jobs[0]}")["vertices"][0]["id"]}
            get("/jobs/:jobid/checkpoints/config", jobid=jobs[0])
            get("/jobs/:jobid/metrics", jobid=jobs[0])
            for rest in ("", "/subtasktimes", "/taskmanagers", "/accumulators", "/backpressure"):
                get(f"/jobs/:jobid/vertices/:vertexid{rest}", **ids)
            subtask = "/jobs/:jobid/vertices/:vertexid/subtasks/:subtaskindex"
            get(subtask, **ids, subtaskindex=0)
            get(f"{subtask}/attempts/:attempt", **ids, subtaskindex=0, attempt=0)
            self.recorder.prefix = ""

    def errors(self) -> None:
        """What Flink answers when it has no answer."""
        steady = self.jobs["steady"]
        get = self.recorder.get
        for endpoint, ids in (
            (JOB_ID, {"jobid": NOBODY}),
            (JOB_ID, {"jobid": "not-an-id"}),
            ("/jobs/:jobid/checkpoints", {"jobid": self.jobs["batch"]}),
            ("/jobs/:jobid/checkpoints/config", {"jobid": self.jobs["batch"]}),
            ("/jobs/:jobid/checkpoints/details/:checkpointid", {"jobid": steady, "checkpointid": 999999}),
            ("/jobs/:jobid/vertices/:vertexid", {"jobid": steady, "vertexid": NOBODY}),
            (SAVEPOINT, {"jobid": steady, "triggerid": NOBODY}),
            (DISPOSAL, {"triggerid": NOBODY}),
            ("/jobs/:jobid/rescaling/:triggerid", {"jobid": steady, "triggerid": NOBODY}),
            ("/taskmanagers/:taskmanagerid", {"taskmanagerid": NOBODY}),
            ("/no/such/route", {}),
        ):
            get(self.cluster, endpoint, **ids)
        get(self.cluster, "/jobs/metrics", "get=numberOfCompletedCheckpoints,no.such.metric")
        get(self.cluster, "/jobs/metrics", "get=numberOfCompletedCheckpoints&agg=median")
        # One byte over 4096 of request line is enough.
        get(self.cluster, "/jobs/metrics", "get=" + "x" * 4096)
        write = self.recorder.write
        write(self.cluster, "PATCH", "/jobs/:jobid/rescaling", query="parallelism=3", jobid=steady)
        write(self.cluster, "PATCH", JOB_ID, query="mode=stop", jobid=steady)
        write(self.cluster, "PATCH", JOB_ID, query="mode=cancel", jobid=NOBODY)
        write(self.cluster, "POST", SAVEPOINTS, {}, jobid=steady)
        write(self.cluster, "POST", SAVEPOINTS, {"cancel-job": False, "no-such-field": 1}, jobid=steady)
        answer = write(self.cluster, "POST", SAVEPOINTS, {"cancel-job": False}, jobid=NOBODY)
        ids = {"jobid": NOBODY, "triggerid": answer.json()["request-id"]}
        self._operation(SAVEPOINT, f"jobs/{NOBODY}/savepoints", **ids)
        write(self.cluster, "DELETE", "/jars/:jarid", jarid="no-such.jar")
        run = {"entryClass": "no.such.Class"}
        write(self.cluster, "POST", "/jars/:jarid/run", run, jarid=uploaded(self.cluster))
        if self.has((1, 11)):
            trigger = write(self.cluster, "DELETE", "/datasets/:datasetid", datasetid=NOBODY).json()[
                "request-id"
            ]
            # Asked once: up to 1.14 the deletion of a data set that nobody has is never completed.
            self.recorder.labels[trigger] = "trigger"
            get(self.cluster, "/datasets/delete/:triggerid", triggerid=trigger)

    def ends(self) -> None:
        """Jobs that are stopped and cancelled, then the whole cluster."""
        restored, unchecked = self.jobs["restored"], self.jobs["unchecked"]
        answer = self.recorder.write(
            self.cluster, "POST", "/jobs/:jobid/stop", {"drain": False}, jobid=restored
        )
        self._operation(
            SAVEPOINT, f"jobs/{restored}/savepoints", jobid=restored, triggerid=answer.json()["request-id"]
        )
        self.recorder.write(self.cluster, "PATCH", JOB_ID, query="mode=cancel", jobid=unchecked)
        wait_for_state(self.cluster, restored, "FINISHED")
        wait_for_state(self.cluster, unchecked, "CANCELED")
        self.recorder.write(self.cluster, "PATCH", JOB_ID, query="mode=cancel", jobid=unchecked)
        for job in (restored, unchecked):
            for rest in ("", "/execution-result"):
                self.recorder.get(self.cluster, f"{JOB_ID}{rest}", jobid=job)
        for endpoint in ("/overview", "/jobs", "/jobs/overview"):
            self.recorder.get(self.cluster, endpoint)
        self.recorder.write(self.cluster, "DELETE", "/jars/:jarid", jarid=uploaded(self.cluster))
        self.recorder.write(self.cluster, "DELETE", "/cluster")

    def rescaling(self) -> None:
        """On a cluster with the adaptive scheduler: a job's requirements, lowered, and what came of it."""
        job = self.run("adaptive", "steady")
        wait_for_state(self.cluster, job, "RUNNING")
        endpoint = "/jobs/:jobid/resource-requirements"
        wanted = self.recorder.get(self.cluster, endpoint, jobid=job).json()
        for vertex in wanted.values():
            vertex["parallelism"] = {"lowerBound": 1, "upperBound": 1}
        self.recorder.write(self.cluster, "PUT", endpoint, wanted, jobid=job)

        def rescaled() -> bool:
            vertices = self.cluster.get(f"jobs/{job}")["vertices"]
            return all(vertex["parallelism"] == 1 and vertex["status"] == "RUNNING" for vertex in vertices)

        wait_for("rescaled", rescaled)
        self.recorder.write(self.cluster, "PUT", endpoint, {}, jobid=job)
        for path in ("/config", "/jobs/overview"):
            self.recorder.get(self.cluster, path)
        for rest in ("", "/config", "/exceptions", "/plan", "/checkpoints", "/resource-requirements"):
            self.recorder.get(self.cluster, f"{JOB_ID}{rest}", jobid=job)
        if self.has((2, 3)):
            for rest in ("config", "overview", "history", "summary"):
                self.recorder.get(self.cluster, f"/jobs/:jobid/rescales/{rest}", jobid=job)
            for rescale in self.cluster.get(f"jobs/{job}/rescales/history"):
                self.recorder.get(
                    self.cluster,
                    "/jobs/:jobid/rescales/details/:rescaleuuid",
                    jobid=job,
                    rescaleuuid=rescale["rescaleUuid"],
                )
