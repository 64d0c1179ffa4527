"""What kubectl prints when it fails, as kubectl 1.36 and 1.37 did, and the sentence that is made of it."""

import pytest

from flinktop.kubernetes.errors import KubectlError, Right, api_error, missing_right, status_of
from flinktop.kubernetes.kubectl_text import explained
from tests.kubernetes.small_server import refusal

LOGIN = (
    "kubectl is not logged in to context prod: log in again as for kubectl; flinktop then goes on by itself"
)
GROUPS = (
    'E1201 08:28:07.620670   10264 memcache.go:381] "Couldn\'t get current server API group list" err="{}"\n'
)
OLDER = (
    'E1201 08:28:11.263563   10374 memcache.go:265] "Unhandled Error" '
    'err="couldn\'t get current server API group list: {}"\n'
)
REACHED = "the API server of context prod can't be reached: "
ASKED = "the server has asked for the client to provide credentials"
FORBIDDEN = (
    'services "orders-rest:8081" is forbidden: User "dev" cannot create resource "services/proxy" '
    'in API group "" in the namespace "flink"'
)
NO_PLUGIN = """\
Unable to connect to the server: getting credentials: exec: executable kubelogin not found

It looks like you are trying to use a client-go credential plugin that is not installed.

To learn more about this feature, consult the documentation available at:
      https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins

install it from there
"""
PLUGIN = "getting credentials: exec: executable /opt/bin/plug failed with exit code 3"

CASES = {
    "context": (
        'error: context "nope" does not exist\n',
        "context",
        "kubectl knows no context nope: kubectl config get-contexts lists them",
    ),
    "no context": (
        "error: current-context is not set\n",
        "context",
        "kubectl has no current context: give one with --context, or kubectl config use-context",
    ),
    "no configuration": (
        "The connection to the server localhost:8080 was refused - did you specify the right host or port?\n",
        "config",
        (
            "nothing answers at localhost:8080, where kubectl looks if it has no configuration: "
            "check KUBECONFIG and ~/.kube/config"
        ),
    ),
    "broken configuration": (
        'error: error loading config file "/home/me/config": yaml: did not find expected node content\n',
        "config",
        (
            'kubectl can\'t read its configuration: error loading config file "/home/me/config": '
            "yaml: did not find expected node content"
        ),
    ),
    "refused": (
        "The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?\n",
        "unreachable",
        "the API server of context prod can't be reached: 10.0.0.1:6443 refuses connections",
    ),
    "unknown name": (
        "Unable to connect to the server: dial tcp: lookup k.example on 10.0.0.53:53: no such host\n",
        "unreachable",
        (
            "the API server of context prod can't be reached: "
            "dial tcp: lookup k.example on 10.0.0.53:53: no such host"
        ),
    ),
    "no TLS": (
        "Unable to connect to the server: tls: first record does not look like a TLS handshake\n",
        "unreachable",
        (
            "the API server of context prod can't be reached: "
            "tls: first record does not look like a TLS handshake"
        ),
    ),
    "by the proxy": (
        "dial tcp 10.0.0.1:6443: connect: connection refused",
        "unreachable",
        REACHED + "dial tcp 10.0.0.1:6443: connect: connection refused",
    ),
    "too late": (
        (
            "Unable to connect to the server: net/http: request canceled "
            "(Client.Timeout exceeded while awaiting headers)\n"
        ),
        "unreachable",
        (
            "the API server of context prod can't be reached: "
            "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
        ),
    ),
    "401": ("error: You must be logged in to the server (Unauthorized)\n", "login", LOGIN),
    "401 after discovery": (
        GROUPS.format(ASKED) * 5 + f"error: You must be logged in to the server ({ASKED})\n",
        "login",
        LOGIN,
    ),
    "401 in an older release": (
        OLDER.format(ASKED) * 5 + f"error: You must be logged in to the server ({ASKED})\n",
        "login",
        LOGIN,
    ),
    "no login program": (
        NO_PLUGIN,
        "login",
        "kubectl's login to context prod needs the program kubelogin, which was not found",
    ),
    "login program that answers nonsense": (
        'Unable to connect to the server: getting credentials: decoding stdout: no kind "x" is registered\n',
        "login",
        'kubectl\'s login to context prod failed: decoding stdout: no kind "x" is registered',
    ),
    "login program": (
        f"please log in at https://login\nUnable to connect to the server: {PLUGIN}\n",
        "login",
        "kubectl's login to context prod failed: plug ended with 3: please log in at https://login",
    ),
    "login program after discovery": (
        f"log in\n{GROUPS.format(PLUGIN)}" * 5 + f"Unable to connect to the server: {PLUGIN}\n",
        "login",
        "kubectl's login to context prod failed: plug ended with 3: log in",
    ),
    "login program by the proxy": (
        PLUGIN,
        "login",
        "kubectl's login to context prod failed: plug ended with 3",
    ),
    "403": (
        f"Error from server (Forbidden): {FORBIDDEN}\n",
        "forbidden",
        "the right to create services/proxy in namespace flink is missing (context prod)",
    ),
    "403 for a whole cluster": (
        (
            'Error from server (Forbidden): pods is forbidden: User "dev" cannot list resource "pods" '
            'in API group "" at the cluster scope\n'
        ),
        "forbidden",
        "the right to list pods in the whole cluster is missing (context prod)",
    ),
    "403 in a port-forward": (
        (
            'error: error upgrading connection: pods "a" is forbidden: User "dev" cannot create resource '
            '"pods/portforward" in API group "" in the namespace "flink"\n'
        ),
        "forbidden",
        "the right to create pods/portforward in namespace flink is missing (context prod)",
    ),
    "403 without more": (
        "Error from server (Forbidden): unknown\n",
        "forbidden",
        "Kubernetes forbids it (context prod): unknown",
    ),
    "no such object": (
        'Warning: v1 Endpoints is deprecated\nError from server (NotFound): pods "orders-1" not found\n',
        "absent",
        'kubectl failed: pods "orders-1" not found',
    ),
    "no pod for its log": (
        'error: error from server (NotFound): pods "orders-1" not found in namespace "flink"\n',
        "absent",
        'kubectl failed: pods "orders-1" not found in namespace "flink"',
    ),
    "another error": (
        'Error from server (BadRequest): container "flink" in pod "orders-1" is waiting to start\n',
        "failed",
        'kubectl failed: container "flink" in pod "orders-1" is waiting to start',
    ),
    "a usage error": (
        "error: unknown flag: --append-server-path\nSee 'kubectl proxy --help' for usage.\n",
        "failed",
        "kubectl failed: unknown flag: --append-server-path",
    ),
    "nothing": ("", "failed", "kubectl failed: it printed nothing"),
    "a hostile text": (
        "error: \x1b[31mred\x1b]0;title\x07 --token=abcdef123456\u202e",
        "failed",
        "kubectl failed: red --token=******",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_sentence(name: str) -> None:
    text, kind, sentence = CASES[name]
    error = explained(text, "context prod")
    assert (error.kind, str(error)) == (kind, sentence)


def test_the_missing_right() -> None:
    assert missing_right(FORBIDDEN) == Right("create", "services/proxy", "", "flink", "dev")
    kind = (
        'flinkdeployments.flink.apache.org is forbidden: User "system:a:b" cannot list resource '
        '"flinkdeployments" in API group "flink.apache.org" at the cluster scope'
    )
    right = missing_right(kind)
    assert right is not None
    assert str(right) == "the right to list flinkdeployments.flink.apache.org in the whole cluster"
    assert missing_right("forbidden") is None


@pytest.mark.parametrize(
    ("code", "message", "reason", "sentence"),
    [
        (401, "Unauthorized", "Unauthorized", LOGIN),
        (403, FORBIDDEN, "Forbidden", "the right to create services/proxy in namespace flink is missing (c)"),
        (403, "", "Forbidden", "Kubernetes forbids it (c): no reason given"),
        (404, "none here", "NotFound", "the API server of c answered 404: none here"),
        (410, "too old", "Expired", "the API server of c no longer knows this version (410)"),
        (429, "", "TooManyRequests", "the API server of c wants fewer requests (429)"),
        (500, "\x1b[31mred", "", "the API server of c answered 500: red"),
    ],
)  # fmt: skip
def test_an_error_of_the_api_server(code: int, message: str, reason: str, sentence: str) -> None:
    status = status_of(refusal(code, message, reason).body)
    assert status is not None
    error = api_error(code, status, "c")
    assert (error.status, error.reason) == (code, reason)
    assert str(error) == sentence.replace("context prod", "c")
    assert isinstance(error, Exception)
    assert not isinstance(error, KubectlError)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"errors":["x"]}', b"[]", b"<html>", b'{"kind":"PodList"}', b"\xff"]
)
def test_no_error_of_the_api_server(body: bytes) -> None:
    assert status_of(body) is None
