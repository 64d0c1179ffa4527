"""What changes a cluster: every verb but GET, and the GETs that act."""

from urllib.parse import unquote

_ACTING = frozenset({"yarn-cancel", "yarn-stop"})
"""GETs that cancel or stop a job, made for YARN's proxy, which passes nothing but GET."""


def acts(method: str, line: str) -> bool:
    """Whether a request would change the cluster or run code on it.

    /jars/:id/plan runs the jar's main() on the JobManager. The path is judged after every decoding that
    a server on the way may do, so an unusual spelling is refused rather than let through.
    """
    if method != "GET":
        return True
    path = line.partition("?")[0].partition("#")[0]
    for _ in range(3):
        path = unquote(path)
    words = [word.partition(";")[0].strip().lower() for word in path.replace("\\", "/").split("/")]
    if not _ACTING.isdisjoint(words):
        return True
    return "jars" in words and "plan" in words[words.index("jars") :]
