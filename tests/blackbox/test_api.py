"""The gRPC API by its status codes, from another language than the daemon's."""

import subprocess
import sys
import time

import grpc
import pytest

from lab import wait_until
from lab.handmade import HandmadePeer
from lab.stage import OURS4, PEER4, PEER6
from lab.tocsin import ROOT


@pytest.fixture(scope="session")
def pb(tmp_path_factory):
    """The generated modules of proto/tocsin/v1."""
    out = tmp_path_factory.mktemp("stubs")
    plugin = subprocess.run(["which", "grpc_python_plugin"], capture_output=True, text=True, check=True).stdout.strip()
    protos = sorted(str(p.relative_to(ROOT / "proto")) for p in (ROOT / "proto/tocsin/v1").glob("*.proto"))
    subprocess.run(
        ["protoc", "-I", ROOT / "proto", f"--python_out={out}", f"--grpc_out={out}",
         f"--plugin=protoc-gen-grpc={plugin}", *protos],
        check=True,
    )  # fmt: skip
    sys.path.insert(0, str(out))
    from tocsin.v1 import daemon_pb2, daemon_pb2_grpc, notification_pb2, session_pb2, session_pb2_grpc, watch_pb2, watch_pb2_grpc

    class Modules:
        pass

    modules = Modules()
    for module in (daemon_pb2, daemon_pb2_grpc, notification_pb2, session_pb2, session_pb2_grpc, watch_pb2, watch_pb2_grpc):
        vars(modules).update({k: v for k, v in vars(module).items() if not k.startswith("_")})
    return modules


@pytest.fixture
def channel(up_stage):
    with grpc.insecure_channel(f"unix:{up_stage.daemon.socket}") as channel:
        yield channel


@pytest.fixture
def sessions(pb, channel):
    return pb.SessionServiceStub(channel)


def refused(call, request):
    """(code, details) of a call that must fail."""
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=5)
    return error.value.code(), error.value.details()


@pytest.fixture
def added(pb, sessions):
    """A session of the API towards an address where nobody is."""
    answer = sessions.AddSessions(
        pb.AddSessionsRequest(sessions=[pb.SessionSpec(name="extra", remote="192.0.2.60")]), timeout=5
    )
    yield answer.sessions[0]
    sessions.DeleteSessions(
        pb.DeleteSessionsRequest(sessions=[pb.SessionSelector(id=answer.sessions[0].id)]), timeout=5
    )


# req: RFC5880-2-01 RFC5881-6-02 RFC5880-6.8.1-17 RFC5880-4.1-18
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"remote": ""}, "remote"),
        ({"remote": "not an address"}, "remote"),
        ({"remote": "224.0.0.5"}, "remote"),
        ({"remote": "255.255.255.255"}, "remote"),
        ({"remote": "192.0.2.255"}, "remote"),
        ({"remote": "ff02::1"}, "remote"),
        ({"remote": OURS4}, "remote"),
        ({"remote": "198.51.100.1"}, "remote"),
        ({"local": "192.0.2.9"}, "local"),
        ({"port": "nowhere"}, "port"),
        ({"profile": "nowhere"}, "profile"),
        ({"detect_mult": 0}, "detect_mult"),
        ({"detect_mult": 256}, "detect_mult"),
        ({"desired_min_tx_interval_us": 0}, "desired_min_tx_interval_us"),
        ({"dscp": 64}, "dscp"),
        ({"name": "has a space"}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"type": 99}, "type"),
    ],
)
def test_invalid_fields_are_named(pb, sessions, fields, named):
    spec = pb.SessionSpec(**({"remote": "192.0.2.61"} | fields))
    code, details = refused(sessions.AddSessions, pb.AddSessionsRequest(sessions=[spec]))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert named in details, details
    assert "sessions[0]" in details, details


def test_one_fault_in_a_batch_adds_nothing(pb, sessions):
    good, bad = pb.SessionSpec(remote="192.0.2.62"), pb.SessionSpec(remote="192.0.2.63", detect_mult=0)
    code, details = refused(sessions.AddSessions, pb.AddSessionsRequest(sessions=[good, bad]))
    assert code == grpc.StatusCode.INVALID_ARGUMENT and "sessions[1]" in details
    listed = sessions.ListSessions(pb.ListSessionsRequest(), timeout=5)
    assert "192.0.2.62" not in {s.spec.remote for s in listed.sessions}


# req: RFC5882-2-04 RFC5882-2-05 RFC5882-4.1-04 RFC5882-4.4-01
# req: RFC5881-2-02 RFC5881-3-01
def test_duplicates_exist_already(pb, sessions, added):
    for spec in (
        pb.SessionSpec(remote=PEER4),
        pb.SessionSpec(remote=PEER4, local=OURS4, port="wan0"),
        pb.SessionSpec(remote="192.0.2.64", name="extra"),
    ):
        code, _ = refused(sessions.AddSessions, pb.AddSessionsRequest(sessions=[spec]))
        assert code == grpc.StatusCode.ALREADY_EXISTS, spec
    twice = pb.AddSessionsRequest(sessions=[pb.SessionSpec(remote="192.0.2.65")] * 2)
    assert refused(sessions.AddSessions, twice)[0] == grpc.StatusCode.ALREADY_EXISTS
    assert added.origin == pb.ORIGIN_API
    # The parameters of who came first are those of all.
    other = pb.AddSessionsRequest(sessions=[pb.SessionSpec(remote=added.spec.remote, detect_mult=99)])
    assert refused(sessions.AddSessions, other)[0] == grpc.StatusCode.ALREADY_EXISTS
    selector = pb.SessionSelector(peer=pb.SessionPeer(remote=added.spec.remote))
    seen = sessions.GetSession(pb.GetSessionRequest(session=selector), timeout=5).session
    assert (seen.id, seen.spec.detect_mult) == (added.id, added.spec.detect_mult)


def test_unknown_sessions_are_not_found(pb, sessions):
    for selector in (
        pb.SessionSelector(id=99999),
        pb.SessionSelector(name="nobody"),
        pb.SessionSelector(local_discr=0x1234567),
        pb.SessionSelector(peer=pb.SessionPeer(remote="192.0.2.200")),
    ):
        assert refused(sessions.GetSession, pb.GetSessionRequest(session=selector))[0] == grpc.StatusCode.NOT_FOUND
        for call, request in (
            (sessions.DeleteSessions, pb.DeleteSessionsRequest(sessions=[selector])),
            (sessions.SetAdminState, pb.SetAdminStateRequest(sessions=[selector], admin_down=True)),
        ):
            assert refused(call, request)[0] == grpc.StatusCode.NOT_FOUND
    empty = pb.GetSessionRequest(session=pb.SessionSelector())
    assert refused(sessions.GetSession, empty)[0] == grpc.StatusCode.INVALID_ARGUMENT


# req: RFC5882-2-07
def test_what_the_file_owns_is_not_deleted(pb, sessions):
    selector = pb.SessionSelector(peer=pb.SessionPeer(remote=PEER4))
    code, details = refused(sessions.DeleteSessions, pb.DeleteSessionsRequest(sessions=[selector]))
    assert code == grpc.StatusCode.FAILED_PRECONDITION and "configuration" in details
    assert sessions.GetSession(pb.GetSessionRequest(session=selector), timeout=5).session.origin == pb.ORIGIN_CONFIG


# req: RFC5880-2-02 RFC5880-6.3-01
def test_every_selector_finds_the_session(pb, sessions, added):
    for selector in (
        pb.SessionSelector(id=added.id),
        pb.SessionSelector(name="extra"),
        pb.SessionSelector(peer=pb.SessionPeer(remote="192.0.2.60")),
        pb.SessionSelector(peer=pb.SessionPeer(remote="192.0.2.60", local=OURS4, port="wan0")),
    ):
        got = sessions.GetSession(pb.GetSessionRequest(session=selector), timeout=5).session
        assert got.id == added.id and got.status.local_discr != 0


def test_pages_and_filters(pb, sessions, added):
    everything = sessions.ListSessions(pb.ListSessionsRequest(), timeout=5)
    assert everything.total == len(everything.sessions) == 3 and not everything.next_page_token
    seen, token = [], ""
    while True:
        page = sessions.ListSessions(pb.ListSessionsRequest(page_size=1, page_token=token), timeout=5)
        assert len(page.sessions) == 1 and page.total == 3
        seen.append(page.sessions[0].id)
        token = page.next_page_token
        if not token:
            break
    assert seen == [s.id for s in everything.sessions] == sorted(seen)
    for selection, expected in (
        (pb.SessionFilter(states=[pb.SESSION_STATE_UP]), {PEER4, PEER6}),
        (pb.SessionFilter(remote="192.0.2.0/24"), {PEER4, "192.0.2.60"}),
        (pb.SessionFilter(remote=PEER6), {PEER6}),
        (pb.SessionFilter(origin=pb.ORIGIN_API), {"192.0.2.60"}),
        (pb.SessionFilter(name_contains="xtr"), {"192.0.2.60"}),
        (pb.SessionFilter(port="wan0", states=[pb.SESSION_STATE_INIT]), set()),
    ):
        answer = sessions.ListSessions(pb.ListSessionsRequest(filter=selection), timeout=5)
        assert {s.spec.remote for s in answer.sessions} == expected
    for wrong in (
        pb.ListSessionsRequest(page_token="nonsense"),
        pb.ListSessionsRequest(page_size=10_001),
        pb.ListSessionsRequest(filter=pb.SessionFilter(remote="nonsense")),
        pb.ListSessionsRequest(filter=pb.SessionFilter(port="wan1")),
    ):
        assert refused(sessions.ListSessions, wrong)[0] == grpc.StatusCode.INVALID_ARGUMENT


# req: RFC5880-6.8.16-01 RFC5880-6.8.16-02 RFC5880-2-03
def test_admin_down_and_up_are_told_to_watchers_and_the_peer(pb, up_stage, sessions, channel):
    peer, selector = up_stage.peers[PEER6], pb.SessionSelector(peer=pb.SessionPeer(remote=PEER6))
    stream = pb.WatchServiceStub(channel).Watch(pb.WatchRequest(filter=pb.SessionFilter(remote=PEER6)), timeout=30)
    kinds = [next(stream).kind, next(stream).kind]
    assert kinds == [pb.WATCH_KIND_SNAPSHOT, pb.WATCH_KIND_SNAPSHOT_END]
    start = time.time()
    request = pb.SetAdminStateRequest(sessions=[selector], admin_down=True)
    sessions.SetAdminState(request, timeout=5)
    told = peer.wire.wait_control(peer.remote, lambda c: c.state == 0, since=start, what="AdminDown")
    assert told.control.diag == 7
    sessions.SetAdminState(pb.SetAdminStateRequest(sessions=[selector], admin_down=False), timeout=5)
    states, last = [], 0
    for event in stream:
        if event.kind != pb.WATCH_KIND_CHANGED:
            continue
        assert event.sequence > last
        last = event.sequence
        if event.session.status.state != event.previous_state:
            states.append(event.session.status.state)
        if states and states[-1] == pb.SESSION_STATE_UP:
            break
    assert states[0] == pb.SESSION_STATE_ADMIN_DOWN
    stream.cancel()
    peer.wait_up()


@pytest.fixture
def spoken_to(pb, up_stage, sessions):
    """A session of the API that is Up, and its peer."""
    remote = "192.0.2.70"
    up_stage.add_address(f"{remote}/24")
    peer = HandmadePeer(up_stage.lab, up_stage.theirs, remote, OURS4, detect_mult=50, discriminator=0x7E57_0070)
    spec = pb.SessionSpec(remote=remote, desired_min_tx_interval_us=100_000, required_min_rx_interval_us=100_000)
    added = sessions.AddSessions(pb.AddSessionsRequest(sessions=[spec]), timeout=5).sessions[0]
    selector = pb.SessionSelector(id=added.id)
    peer.wait_up()
    yield peer, selector
    sessions.DeleteSessions(pb.DeleteSessionsRequest(sessions=[selector]), timeout=5)
    peer.close()


# req: RFC5880-6.8.12-02
def test_an_update_keeps_the_session_up(pb, up_stage, sessions, spoken_to):
    peer, selector = spoken_to
    peer.settle(3)  # the Poll Sequence of coming Up is over
    start = time.time()
    update = pb.UpdateSessionRequest(session=selector, spec=pb.SessionSpec(detect_mult=7))
    assert sessions.UpdateSession(update, timeout=5).session.spec.detect_mult == 7
    peer.wire.wait_control(OURS4, lambda c: c.detect_mult == 7, since=start)
    peer.settle(1)
    sent = [f.control for f in peer.sent_since(start) if f.destination == peer.local]
    assert {c.detect_mult for c in sent[-5:]} == {7}
    assert not any(c.poll for c in sent)
    assert up_stage.daemon.session(peer.local)["status"].get("down_count", 0) == 0


def test_what_the_file_owns_is_not_updated(pb, up_stage, sessions):
    update = pb.UpdateSessionRequest(
        session=pb.SessionSelector(peer=pb.SessionPeer(remote=PEER4)), spec=pb.SessionSpec(detect_mult=7)
    )
    code, details = refused(sessions.UpdateSession, update)
    assert code == grpc.StatusCode.FAILED_PRECONDITION and "configuration" in details
    assert up_stage.daemon.state(PEER4) == "Up"


def test_health_and_reflection(channel):
    raw = {"request_serializer": lambda octets: octets, "response_deserializer": lambda octets: octets}
    health = channel.unary_unary("/grpc.health.v1.Health/Check", **raw)
    assert health(b"", timeout=5) == b"\x08\x01"  # status: SERVING
    reflection = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", **raw)
    list_services = b"\x3a\x01*"
    answer = next(reflection(iter([list_services]), timeout=5))
    for service in (b"SessionService", b"WatchService", b"DaemonService", b"ConfigService"):
        assert b"tocsin.v1." + service in answer


def test_lists_of_the_daemon(pb, channel):
    daemon = pb.DaemonServiceStub(channel)
    version = daemon.GetVersion(pb.GetVersionRequest(), timeout=5)
    assert version.version and "DPDK" in version.dpdk and version.max_sessions == 1000
    port = daemon.ListPorts(pb.ListPortsRequest(), timeout=5).ports[0]
    assert port.name == "wan0" and port.link_up and port.rx_packets > 0 and port.tx_packets > 0
    assert {n.address for n in daemon.ListNeighbors(pb.ListNeighborsRequest(), timeout=5).neighbors} >= {PEER4, PEER6}
    pages, token = [], ""
    while not pages or token:
        answer = daemon.ListNeighbors(pb.ListNeighborsRequest(port="wan0", page_size=1, page_token=token), timeout=5)
        assert len(answer.neighbors) == 1 and answer.total == 2
        pages.append(answer.neighbors[0].address)
        token = answer.next_page_token
    assert pages == [PEER4, PEER6]
    worker = daemon.ListWorkers(pb.ListWorkersRequest(), timeout=5).workers[0]
    assert worker.heartbeat > 0 and worker.sessions_up == 2
    assert len(worker.late_tx.counts) == len(worker.late_tx.bounds_us) + 1
    assert worker.rx_cycles > 0 and worker.tx_cycles > 0 and worker.control_cycles > 0


def test_a_port_says_how_packets_come_to_their_worker(pb, channel):
    (port,) = pb.DaemonServiceStub(channel).ListPorts(pb.ListPortsRequest(), timeout=5).ports
    assert (port.rx_queues, port.tx_queues) == (1, 1)
    assert (port.steering, port.steering_reason) == ("one queue", "there is one worker")


def test_what_a_worker_costs_is_told_of_the_last_seconds(pb, channel):
    daemon = pb.DaemonServiceStub(channel)

    def loaded():
        answer = daemon.ListWorkers(pb.ListWorkersRequest(), timeout=5)
        return answer if answer.workers[0].load.span_ms >= 1900 else None

    answer = wait_until(loaded, 10, "two seconds of load")
    load = answer.workers[0].load
    assert load.span_ms <= 11_000 and 0 < load.busy < 1
    # Two sessions at 100 ms, with jitter.
    assert 10 < load.rx_packets_per_second < 40 and 10 < load.tx_packets_per_second < 40
    assert 0 < load.rx_cycles_per_packet < answer.cycles_per_second / 100
    assert 0 < load.tx_cycles_per_packet < answer.cycles_per_second / 100
    assert load.loop_gap_p50_us <= load.loop_gap_p99_us <= load.loop_gap_p999_us
    assert load.late_tx_p999_us > 0


def test_config_check_over_the_api(pb, channel):
    config = pb.ConfigServiceStub(channel)
    answer = config.CheckConfig(pb.CheckConfigRequest(toml="[dataplane]\nmax_sessions = 0\n"), timeout=5)
    assert any(f.path == "dataplane.max_sessions" and f.line == 2 for f in answer.faults)


def test_many_that_are_refused_in_several_requests_of_a_stream(stage):
    daemon = stage.start()
    # One request has a thousand lines, and each gets an answer.
    lines = "".join(f'{{"remote": "192.0.2.7", "detect_mult": 3, "port": "wan0", "name": "x{i}"}}\n' for i in range(3001))
    added = subprocess.run(
        daemon.ctl_command("session", "add", "--from", "-"), input=lines, capture_output=True, text=True, timeout=60, check=False
    )
    assert added.returncode == 5, added.stderr
    assert "1 session added, 3000 refused" in added.stdout
    assert daemon.process.running() and list(daemon.sessions()) == ["192.0.2.7"]
