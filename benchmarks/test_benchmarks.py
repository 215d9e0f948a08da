"""The benchmark does what it says: fair rounds, checked answers, right tables, readable pictures."""

from __future__ import annotations

import copy
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import (
    __main__ as benchmarks,
    against,
    apps,
    chart,
    cold,
    contender,
    deployed,
    environment,
    gateway,
    growth,
    least,
    loaded,
    packing,
    page,
    report,
    rounds,
    runtime,
    table,
)
from benchmarks.contender import Contender, answer_of
from benchmarks.environment import Environment
from benchmarks.request import SOURCES, Request, payload
from benchmarks.rounds import Effort, figure
from benchmarks.runtime_api import RuntimeApi
from benchmarks.table import Table
from bridge import Bridge

ADAPTERS = """
import json, sys
from benchmarks import __main__ as benchmarks, bodies, growth
from benchmarks.rounds import TINY

results = benchmarks.run(TINY, "events", "tiny")
made = results["events"]["made"]
results["bodies"] = {"made": made, "rows": bodies.measure(TINY, print, bodies.SIZES[-1:])}
results["growth"] = {"made": made, "rows": growth.measure(TINY, print, (0, 5, 10))}
print(json.dumps(results))
"""

PROCESSES = """
import json
from dataclasses import replace
from benchmarks import cold, runtime
from benchmarks.rounds import TINY

cold.EXAMPLES = {"small": replace(cold.EXAMPLES["WSGI app"], title="small example", aim=0.55)}
rows = cold.measure(TINY, print, "small") + cold.measure(TINY, print, "WSGI app alone")
print(json.dumps({"cold": rows, "runtime": runtime.measure(TINY, print, "ASGI app")}))
"""


GATEWAY = """
import json
from benchmarks import gateway
from benchmarks.rounds import TINY

print(json.dumps(gateway.measure(TINY, lambda text: None)))
"""


def _run(script: str, *arguments: str) -> str:
    """What a script prints in a process of its own: peers leave event loops behind."""
    root = Path(__file__).parent.parent
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=root)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def adapters() -> dict[str, Any]:
    """A tiny run of what is measured in one process."""
    found: dict[str, Any] = json.loads(_run(ADAPTERS).splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def processes() -> dict[str, Any]:
    """A tiny run of what is measured in processes of its own."""
    found: dict[str, Any] = json.loads(_run(PROCESSES).splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory, adapters: dict[str, Any], processes: dict[str, Any]
) -> tuple[Path, dict[str, Any]]:
    """What a tiny run has written, and its results."""
    made = adapters["events"]["made"]
    found = {part: {"made": made, "rows": rows} for part, rows in processes.items()} | adapters
    root = tmp_path_factory.mktemp("results")
    for name in ("benchmarks", "docs"):
        (root / name).mkdir()
    for name in ("docs/benchmark.md", "README.md"):
        (root / name).write_text(f"before\n{page.BEGIN}\nstale figures\n{page.END}\nafter\n", encoding="utf-8")
    benchmarks.write(found, root)
    return root, json.loads((root / "benchmarks" / "results.json").read_text(encoding="utf-8"))


def test_bridge_answers_every_case_of_every_kind_of_event(adapters: dict[str, Any]) -> None:
    """Nothing of Bridge is left out."""
    assert {row["source"] for row in adapters["events"]["rows"]} == set(SOURCES)
    for row in adapters["events"]["rows"]:
        assert {"the app alone", "Bridge"} <= set(row["figures"])
    assert all("Bridge" in row["figures"] for row in adapters["bodies"]["rows"])
    assert all(row["points"] for row in adapters["growth"]["rows"] if row["series"].startswith("Bridge"))


def test_bridge_starts_in_every_setting(processes: dict[str, Any]) -> None:
    """Nothing of Bridge is left out."""
    assert all("Bridge" in row["figures"] for row in processes["cold"])


def test_a_peer_takes_part_or_is_listed_with_its_error(adapters: dict[str, Any]) -> None:
    """Nobody is left out silently."""
    for row in adapters["events"]["rows"]:
        expected = {"the app alone", *report.INTERFACES[row["interface"]]}
        if row["source"] in least.SOURCES:
            expected.add(least.LEAST)
        assert set(row["figures"]) | set(row["errors"]) == expected
        assert not set(row["figures"]) & set(row["errors"])


def test_an_example_is_started_as_it_is_shipped(results: tuple[Path, dict[str, Any]]) -> None:
    """The same folder twice, for every adapter: what is imported is the same, too."""
    root, found = results
    sam, packaged = (row for row in found["cold"]["rows"] if row["shipped"])
    assert ("sam build" in sam["setting"], "bridge package" in packaged["setting"]) == (True, True)
    assert sam["figures"].keys() == packaged["figures"].keys()
    assert sam["errors"] == packaged["errors"]
    for name, figures in sam["figures"].items():
        assert packaged["figures"][name]["modules"] == figures["modules"]
    ratio = packaged["figures"]["Bridge"]["import"]["min"] / sam["figures"]["Bridge"]["import"]["min"]
    assert packaged["aim"]["ratio"] == pytest.approx(ratio, abs=0.001)
    for name in ("docs/benchmark.md", "README.md"):
        assert "| small example as `bridge package` ships it |" in (root / name).read_text(encoding="utf-8")
    assert "Bridge, as bridge package ships it" in (root / "benchmarks" / "chart.svg").read_text(encoding="utf-8")


def test_ways_to_pack_are_compared_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources that are compiled at each start, sources that are not there at all, and the package."""
    titles = ("no bytecode (`sam build`)", "modules in one archive (zipimport)", packing.FIRST.title)
    monkeypatch.setattr(packing, "PACKINGS", [each for each in packing.PACKINGS if each.title in titles])
    monkeypatch.setattr(cold, "EXAMPLES", {"WSGI app": cold.EXAMPLES["WSGI app"]})
    made = packing.table(1)
    assert made.header == ["", "WSGI app"]
    ratios = {title: float(figure.partition("(")[2].rstrip("×)")) for title, figure in made.rows}
    assert ratios.keys() == set(titles)
    assert ratios[titles[2]] == 1


def test_the_steps_of_a_start_and_the_modules_of_bridge_are_told() -> None:
    """Beside a framework that is loaded: its own modules are not among them."""
    steps, modules = loaded.tables("Flask loaded", 1)
    assert steps.header == ["", "import", "make the handler", "first event", "second event"]
    assert steps.rows[0][0] == contender.BRIDGE
    assert len(steps.rows) + len(steps.notes) == len(cold.SETTINGS["Flask loaded"][1])
    names = [name for name, _ in modules.rows]
    assert {"bridge", "bridge.handler", "bridge._app.wsgi"} <= set(names)
    assert "flask" not in names


def test_an_adapter_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last line of what it wrote."""
    monkeypatch.setitem(cold.SETTINGS, "Flask loaded", (cold.WSGI_APP, (contender.BRIDGE, "none")))
    monkeypatch.setitem(cold.MAKERS, "none", "import nowhere|None")
    steps, _ = loaded.tables("Flask loaded", 1)
    assert steps.notes == ["none: ModuleNotFoundError: No module named 'nowhere'"]


@pytest.mark.skipif(sys.platform != "linux", reason="processor time of another process is read from /proc")
def test_a_cycle_is_compared_with_that_of_another_checkout() -> None:
    """Which is this one here. Python 3.11 has no floor for ASGI apps."""
    made = against.table(Path(__file__).parent.parent, ["asgi", "wsgi"], 1)
    assert [row[0] for row in made.rows] == [
        f"{app}, {what}" for app in ("asgi", "wsgi") for what in ("by the clock", "processor")
    ]
    assert all(row[1].endswith("(1.00)") for row in made.rows)
    assert [row[3] == "-" for row in made.rows] == [sys.version_info < (3, 12)] * 2 + [False] * 2


def test_adapters_are_measured_as_in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    """There Bridge has more to do. The environment is as it was afterwards."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=of-before")
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"])[b"x-amzn-trace-id"].decode())
        await apps.asgi(scope, receive, send)

    with rounds.in_lambda():
        Bridge(app, lifespan="off")(json.loads(payload("HTTP API 2.0", Request())), None)
    assert seen == [rounds.LAMBDA["_X_AMZN_TRACE_ID"]]
    assert os.environ["_X_AMZN_TRACE_ID"] == "Root=of-before"
    assert "AWS_LAMBDA_FUNCTION_NAME" not in os.environ


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
@pytest.mark.parametrize("source", least.SOURCES)
def test_the_least_does_no_less_than_the_work(interface: str, source: str) -> None:
    """Its results are Bridge's, and so is what the app is given."""
    if interface == "asgi" and sys.version_info < (3, 12):
        pytest.skip("eager tasks came with CPython 3.12")
    given: list[Any] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        given.append((scope, (await receive())["body"]))
        await apps.asgi(scope, receive, send)

    def wsgi(environ: Any, start_response: Any) -> Any:
        given.append((environ | {"wsgi.input": None}, environ["wsgi.input"].read()))
        return apps.wsgi(environ, start_response)

    app: Any = asgi if interface == "asgi" else wsgi
    for request in (Request(), Request(method="POST", body=b'{"a": 1}')):
        event = json.loads(payload(source, request))
        results = [handler(event, None) for handler in (Bridge(app, lifespan="off"), least.MAKERS[interface](app))]
        assert results[0] == results[1]
        assert given[-1] == given[-2]


def test_the_least_takes_no_part_where_an_app_waits() -> None:
    """It would have to turn the loop, which is not what it is there to show."""
    if sys.version_info < (3, 12):
        pytest.skip("eager tasks came with CPython 3.12")
    handler = least.asgi(apps.asgi_awaits)
    with pytest.raises(RuntimeError, match="the app waits"):
        handler(json.loads(payload("HTTP API 2.0", Request())), None)


def test_a_run_writes_its_pages_and_the_chart(results: tuple[Path, dict[str, Any]]) -> None:
    """All of it from results.json: what is written of that once more is the same."""
    root, found = results
    written = {name: (root / name).read_text(encoding="utf-8") for name in benchmarks.FILES}
    for name, fragment in (("docs/benchmark.md", page.fragment(found)), ("README.md", page.headline(found))):
        assert written[name] == f"before\n{page.BEGIN}\n{fragment}\n{page.END}\nafter\n"
    picture = ElementTree.fromstring(written["benchmarks/chart.svg"])
    assert picture.find("{*}title") is not None
    assert "tiny" in "".join(picture.itertext())
    benchmarks.write(found, root)
    assert written == {name: (root / name).read_text(encoding="utf-8") for name in benchmarks.FILES}


def test_a_page_without_markers_is_no_page_for_figures(tmp_path: Path) -> None:
    """Nothing is written there, and the run says so."""
    file = tmp_path / "benchmark.md"
    file.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="has no place for figures"):
        page.rewrite(file, "figures")
    assert file.read_text(encoding="utf-8") == "no markers"


@pytest.mark.parametrize(("ratio", "lost"), [(0.5, True), (0.99, True), (0.996, False), (1.5, False)])
def test_a_row_that_bridge_loses_is_listed_with_its_reason(ratio: float, lost: bool) -> None:
    """And with that of nobody, if there is none: then it says that."""
    figures = {"apig-wsgi": {"median": 1e-5, "ratio": ratio, "memory": 5}}
    row: dict[str, Any] = {"interface": "wsgi", "errors": {}, "figures": figures}
    known = row | {"direction": "response", "kind": "text", "size": 4_400_000}
    unknown = row | {"title": "an app", "source": "ALB"}
    made = {"command": "c", "rounds": 1, "machine": {"cpu": "c", "cores": "2", "python": "p"}}
    text = page.fragment(
        {part: {"made": made, "rows": [each]} for part, each in (("bodies", known), ("events", unknown))}
    )
    losses = text.partition("## Where Bridge loses")[2]
    assert ("Lambda's limit" in losses, "Not explained yet." in losses) == (lost, lost)
    for where in ("Bodies, WSGI: time, peak memory: response, text, 4.40 MB", "One event, WSGI: an app, ALB"):
        assert (f"* {where}: apig-wsgi" in losses) == lost
    assert ("In no row of this run." in losses) is not lost


def _fake(name: str, log: list[str]) -> Contender:
    return Contender(name, lambda _: (name,), log.append, lambda _: (200, b"", 0))


def test_every_contender_has_one_turn_in_every_round() -> None:
    """In an order that changes."""
    log: list[str] = []
    contenders = [_fake(name, log) for name in ("Bridge", "a", "b")]
    with rounds.thread_loop() as loop:
        found = rounds.race(contenders, b"", Effort(rounds=20, seconds=0, calls=1, launches=1), loop)
    per_turn = rounds.WARM_UP + 1
    turns = log[len(contenders) * per_turn :: per_turn]
    orders = [tuple(turns[start : start + 3]) for start in range(0, len(turns), 3)]
    assert len(orders) == 20
    assert all(sorted(order) == ["Bridge", "a", "b"] for order in orders)
    assert len(set(orders)) > 3
    assert {entry["rounds"] for entry in found.values()} == {20}


def test_ratios_are_those_within_a_round() -> None:
    """A round in which all are slow does not count more."""
    found = figure([2.0, 20.0, 3.0], [1.0, 10.0, 1.0], 7)
    assert found["ratio"] == 2.0
    assert (found["min"], found["median"], found["rounds"], found["calls"]) == (2.0, 3.0, 3, 7)
    assert "ratio" not in figure([1.0], None, 1)


@pytest.mark.parametrize(
    ("answer", "message"),
    [((500, b"{}", 0), "answers 500"), ((200, b'{"a":2}', 0), "another body"), ((200, b"[]", 0), "another body")],
)
def test_a_wrong_answer_is_not_timed(answer: tuple[int, bytes, int], message: str) -> None:
    """Status and body have to be right."""
    contender = Contender("wrong", lambda _: (), lambda: None, lambda _: answer)
    with pytest.raises(ValueError, match=message):
        rounds.check(contender, b"", {"a": 1})


def test_cookies_are_counted_in_every_kind_of_result() -> None:
    """`cookies`, `headers` in any case, `multiValueHeaders`."""
    assert answer_of({"statusCode": 200, "body": "", "cookies": ["a=1", "b=2"]})[2] == 2
    assert answer_of({"statusCode": 200, "headers": {"set-cookie": "a=1", "Set-cookie": "b=2"}})[2] == 2
    assert answer_of({"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}})[2] == 2
    assert answer_of({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}) == (200, b"hi", 0)


@pytest.mark.parametrize("source", SOURCES)
def test_an_event_carries_the_body(source: str) -> None:
    """As text, or as base64."""
    request = Request(method="POST", body=b"\xff\x00", binary=True)
    assert json.loads(payload(source, request))["body"] == "/wA="
    assert json.loads(payload(source, Request(method="POST", body=b"hi")))["body"] == "hi"


def test_growth_tells_linear_from_quadratic() -> None:
    """By the exponent of the last step."""
    numbers = (0, 10, 100, 1000)

    def exponent(cost: Callable[[int], float]) -> float | None:
        found: float | None = growth.row("x", "y", [(number, cost(number)) for number in numbers])["exponent"]
        return found

    assert exponent(lambda number: 5e-6 + number * 1e-7) == 1.0
    assert exponent(lambda number: 5e-6 + number**2 * 1e-8) == 2.0
    assert exponent(lambda number: 5e-6) is None


def test_growth_marks_where_a_peer_is_faster() -> None:
    """At each number, beside the Bridge of the same interface."""
    rows = [
        growth.row("x", "Bridge, WSGI", [(0, 1e-5), (10, 3e-5)]),
        growth.row("x", "apig-wsgi", [(0, 2e-5), (10, 2e-5)]),
    ]
    (made,) = report.growth(rows)
    assert made.rows[1] == ["x, apig-wsgi", "20.0 µs", f"20.0 µs{table.LOSS}", "in the noise"]


def test_tables_align_and_mark_losses() -> None:
    """A ratio below 1 says that Bridge is slower."""
    shown = Table("Title", ["", "a"], [["x", "1"], ["long", "22"]], ["a note"])
    assert shown.text().splitlines() == ["Title", "       a", "--------", "x      1", "long  22", "  a note"]
    assert "| long | 22 |" in shown.markdown()
    assert table.ratio({"ratio": 0.5}) == f"0.50×{table.LOSS}"
    assert table.ratio({"ratio": 0.997}) == "1.00×"
    assert table.ratio({"ratio": 137.8}) == "138×"
    assert table.ratio({"ratio": 2.0, "ratio_quartiles": [1.5, 2.5]}) == f"{table.NOISY}2.00×"
    assert [table.seconds(value) for value in (2.5, 0.99996, 0.0123, 7.25e-6, 5e-7)] == [
        "2.50 s",
        "1.00 s",
        "12.3 ms",
        "7.25 µs",
        "500 ns",
    ]
    assert [table.size(value) for value in (12, 1500, 4_400_000)] == ["12 B", "1.50 kB", "4.40 MB"]


def test_the_chart_is_well_formed_whatever_the_names_are() -> None:
    """And the longest bar of each group is as long as that of any other."""
    groups = [
        chart.Group(title, [chart.Bar("Bridge", 1, "1", True), chart.Bar("slow", most, "99", False)])
        for title, most in (("<A & B>", 2), ("C", 99))
    ]
    picture = ElementTree.fromstring(chart.chart("Title", "made by", groups))
    assert "<A & B>" in "".join(picture.itertext())
    lengths = [float(bar.get("width", "")) for bar in picture.findall("{*}rect")]
    assert lengths[1] == lengths[3] == lengths[0] * 2


def test_bridge_s_runtime_answers_and_awslambdaric_does_or_says_why_not(results: tuple[Path, dict[str, Any]]) -> None:
    """Each is a process, and each has every figure; memory is Linux's alone."""
    _, found = results
    (row,) = found["runtime"]["rows"]
    assert {runtime.BUFFERED, runtime.STREAMED} <= set(row["figures"])
    assert set(row["figures"]) | set(row["errors"]) == set(runtime.SETTINGS["ASGI app"].names)
    for figures in row["figures"].values():
        assert 0 < figures["first_byte"]["min"] <= figures["cycle"]["min"] < figures["start"]["min"]
        # Two messages out and two in.
        assert figures["system_calls"] is None or figures["system_calls"] >= 4
        assert (figures["memory"] is not None) == sys.platform.startswith("linux")


def test_what_could_not_be_counted_is_said(results: tuple[Path, dict[str, Any]]) -> None:
    """Without strace, and where the C compiler is missing: the contender is listed with that."""
    _, found = results
    row = copy.deepcopy(found["runtime"]["rows"][0])
    next(iter(row["figures"].values()))["system_calls"] = None
    (made,) = report.runtime([row])
    assert "system calls: there is no strace, or it may not trace here" in made.notes


def test_a_floor_in_c_takes_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is listed without one."""
    monkeypatch.setattr(environment, "COMPILER", None)
    setting = replace(runtime.SETTINGS["ASGI app"], names=(runtime.LEAST_C,), starts=False)
    row = runtime.row(setting, rounds.TINY, str(tmp_path))
    assert (row["figures"], row["errors"]) == ({}, {runtime.LEAST_C: "there is no C compiler"})


def test_an_aim_is_missed_or_reached_by_what_was_measured() -> None:
    """Nothing else tells."""
    aim = {"contender": "a", "peer": "b", "what": "import", "limit": 0.5}
    assert report.aim(aim | {"ratio": 0.5}).endswith("reached")
    assert report.aim(aim | {"ratio": 0.51}).endswith("missed")


def test_a_function_that_cannot_start_is_listed_with_its_error(tmp_path: Path) -> None:
    """What the runtime itself says of it."""
    setting = replace(runtime.SETTINGS["ASGI app"], source="import nowhere", names=(runtime.BUFFERED,))
    row = runtime.row(setting, rounds.TINY, str(tmp_path))
    assert not row["figures"]
    assert "No module named 'nowhere'" in row["errors"][runtime.BUFFERED]


FAILS = """
left = 4
def app(environ, start_response):
    global left
    left -= 1
    1 / left
    start_response("200 OK", [])
    return [b"{}"]
from bridge import Bridge
handler = Bridge(app, errors="raise")
"""


def test_a_runtime_that_fails_on_the_way_is_listed_and_the_others_are_measured(tmp_path: Path) -> None:
    """A long run does not end by it."""
    works = f"{cold.WSGI_APP}\n{runtime.MAKERS[runtime.BUFFERED]}"
    event = payload(runtime.SOURCE, Request())
    with (
        Environment("bridge.runtime", FAILS, str(tmp_path)) as first,
        Environment("bridge.runtime", works, str(tmp_path)) as second,
    ):
        columns, errors = runtime.race({"fails": first, "works": second}, event, 2, 1)
    assert list(errors) == ["fails"]
    assert [{name: len(times) for name, times in column.items()} for column in columns] == [{"works": 2}] * 3


def test_the_gateway_is_measured_beside_the_server_alone() -> None:
    """HTTP and WebSocket, one client and many; each answer has its end."""
    found = json.loads(_run(GATEWAY).splitlines()[-1])
    for row, (setting, clients) in zip(found, itertools.product(gateway.SETTINGS, gateway.CLIENTS), strict=True):
        assert (row["setting"], row["clients"], row["errors"]) == (setting, clients, {})
        assert list(row["figures"]) == list(gateway.SETTINGS[setting][0])
        assert all(figures["rate"] > 0 < figures["p50"]["min"] for figures in row["figures"].values())


def test_a_server_that_gives_another_answer_is_not_measured() -> None:
    """It is named, with what it said."""
    with gateway.started({"uvicorn alone": gateway.HTTP[gateway.ALONE]}) as ports:
        (port,) = ports.values()
        with pytest.raises(ValueError, match=r"answered b'HTTP/1\.1 404"):
            gateway.turn(port, 1, b"", gateway.ASK.replace(b"items", b"nowhere"), b"{}", 1)


@pytest.mark.parametrize(
    "posted",
    [b'{"statusCode": 500, "body": "{}"}', b'{"statusCode": 200, "body": "x"}', b'{"statusCode":500}' + bytes(8)],
)
def test_a_wrong_answer_to_a_runtime_is_not_timed(posted: bytes) -> None:
    """A result, or a stream."""
    with pytest.raises(ValueError, match="answers "):
        runtime.check(posted, b"{}")
    runtime.check(b'{"statusCode": 200, "body": "{}"}', b"{}")
    runtime.check(b'{"statusCode": 200}' + bytes(8) + b"{}", b"{}")


@pytest.mark.parametrize(
    ("framing", "parts"),
    [
        (b"Content-Length: 6", [b"abcdef"]),
        (b"content-length:6\r\nExpect: 100-continue", [b"abc", b"def"]),
        (b"Transfer-Encoding: chunked", [b"3\r\nabc\r\n", b"3;x=y\r", b"\nde", b"f\r\n0\r\nTrailer: x\r\n\r\n"]),
        (b"Transfer-Encoding: chunked", [b"6\r\nabcdef\r\n0\r\n", b"\r", b"\n"]),
    ],
)
def test_the_runtime_api_reads_what_is_posted(framing: bytes, parts: list[bytes]) -> None:
    """However it is framed, and wherever the network has cut it."""
    api = RuntimeApi()
    ask = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"

    def be_a_runtime() -> None:
        connection.sendall(ask)
        while b"{}" not in (event := connection.recv(4096)):
            pass
        request_id = event.partition(b"Aws-Request-Id: ")[2].partition(b"\r\n")[0]
        head = b"POST /2018-06-01/runtime/invocation/%b/response HTTP/1.1\r\n%b\r\n\r\n"
        connection.sendall(head % (request_id, framing))
        for part in parts:
            time.sleep(0.005)  # only so that parts arrive as such; nothing waits for it
            connection.sendall(part)
        while b"OK" not in connection.recv(4096):
            pass
        connection.sendall(ask)

    host, _, port = api.address.partition(":")
    with closing(api), socket.create_connection((host, int(port))) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        thread = threading.Thread(target=be_a_runtime)
        thread.start()
        assert api.accept()
        api.asked()
        found = api.invoke(b"{}", keep=True)
        thread.join()
    assert found.answer == b"abcdef"
    assert 0 < found.first_byte < found.cycle


@pytest.mark.parametrize(("way", "compiled"), [(deployed.SAM, False), (deployed.PACKAGE, True)])
def test_a_folder_is_as_the_tool_leaves_it(way: str, compiled: bool, tmp_path: Path) -> None:
    """All files are of 1980. SAM's have no bytecode, and the package's are all that `bridge check` asks for."""
    (tmp_path / "app.py").write_text("", encoding="utf-8")
    deployed.deployed(way, ["itsdangerous", "not-installed"], tmp_path)
    assert {path.stat().st_mtime for path in tmp_path.rglob("*")} == {deployed.DATE}
    assert bool(list(tmp_path.rglob("*.pyc"))) == compiled
    assert (tmp_path / "itsdangerous" / "signer.py").exists()
    assert (tmp_path / "bridge" / "gateway").exists() != compiled
    checked = subprocess.run([sys.executable, "-m", "bridge", "check", tmp_path], capture_output=True, check=False)
    assert checked.returncode == (0 if compiled else 1)
