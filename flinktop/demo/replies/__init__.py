"""What the demo answers: by endpoint, a function from what was asked to a document of all releases."""

from flinktop.demo.replies import checkpoints, cluster, files, jobs, metrics, rescales, vertices
from flinktop.demo.request import Replies

REPLIES: Replies = {
    endpoint: reply
    for room in (checkpoints, cluster, files, jobs, metrics, rescales, vertices)
    for endpoint, reply in room.REPLIES.items()
}
