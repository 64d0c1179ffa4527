"""The end of an output is kept, in lines that control no terminal."""

from flinktop.own_commands.output import Output


def test_lines_are_as_a_terminal_would_leave_them() -> None:
    output = Output()
    for data in (b"one\r\n\x1b[31mred\x1b[0m\t", b"x\n10 %\r20 %\r30 %\n", b"\xff\xe4\xbd", b"\x9c\n\nlast"):
        output.add(data)
    assert output.lines() == ["one", "red x", "30 %", "\ufffd作", "", "last"]
    assert output.last_line == "last"
    assert output.dropped == 0


def test_of_too_much_the_end_is_kept_in_whole_lines() -> None:
    output = Output(most=1000)
    for number in range(10_000):
        output.add(f"line {number}\n".encode())
    lines = output.lines()
    assert lines[-1] == "line 9999"
    assert lines == [f"line {number}" for number in range(10_000 - len(lines), 10_000)]
    assert output.seen - output.dropped == 1000
    assert output.seen == sum(len(f"line {number}\n") for number in range(10_000))


def test_one_endless_line_is_shortened() -> None:
    output = Output(most=1 << 20)
    output.add(b"x" * (3 << 20))
    (line,) = output.lines()
    assert 1000 < len(line) < 100_000


def test_the_last_line_is_one_that_says_something() -> None:
    output = Output()
    assert output.last_line == ""
    output.add(b"said\n\n  \n")
    assert output.last_line == "said"
