"""What the app is doing, in words for a test that waits for it in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from textual.message_pump import MessagePump

from flinktop.ui.app import FlinkTop
from flinktop.ui.key_order import _is_idle

MOST_MESSAGES = 5


def state_of(app: FlinkTop) -> str:
    """Its screens, the keys that are held back, whatever is busy, and the screen as it would be drawn now."""
    return "\n".join(_lines(app))


def _lines(app: FlinkTop) -> Iterator[str]:
    yield f"app: exits {app._exit}, error {app._exception!r}, {app._batch_count} batches, {_queue(app)}"
    order = app.key_order
    yield (
        f"keys: being handled {order._next!r}, held back {[event for event, _ in order._waiting]}, "
        f"screen busy for {order._busy:.1f} s, last key on its way for {order._handled:.1f} s"
    )
    for screen in app.screen_stack:
        flags = {
            "mounted": screen.is_mounted,
            "closing": screen._closing or screen._closed,
            "layout wanted": screen._layout_required,
            "repaint wanted": screen._repaint_required or bool(screen._dirty_widgets),
            "callbacks wait": bool(screen._callbacks),
        }
        on = ", ".join(name for name, is_so in flags.items() if is_so)
        columns, rows = screen.size
        yield f"screen {screen!r}: {columns}x{rows}, {on}, focus on {screen.focused!r}"
        for node in screen.walk_children(with_self=True):
            if not _is_idle(node):
                yield f"  busy: {node!r}, {_queue(node)}"
    for worker in app.workers:
        if not worker.is_finished:
            yield f"worker: {worker!r}"
    yield "as it would be drawn:"
    for strip in app.screen._compositor.render_strips():
        yield "".join(segment.text for segment in strip).rstrip()


def _queue(pump: MessagePump) -> str:
    waiting: Any = getattr(pump._message_queue, "_queue", ())
    shown = ", ".join(repr(message)[:100] for message in list(waiting)[:MOST_MESSAGES])
    return f"{pump.message_queue_size} messages [{shown}]"
