"""Answers of the demo: for each endpoint a function from the request to a document of all releases."""

from flinktop.demo.replies import checkpoints, cluster, files, jobs, metrics, rescales, vertices
from flinktop.demo.request import Replies

REPLIES: Replies = {
    endpoint: reply
    for room in (checkpoints, cluster, files, jobs, metrics, rescales, vertices)
    for endpoint, reply in room.REPLIES.items()
}
