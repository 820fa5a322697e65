"""The steps of scripts/demo, once everything is installed and built."""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from lab import Bird, Frr, Lab, LabError, Tocsind, wait_until  # noqa: E402
from lab.bird import BirdNeighbor  # noqa: E402
from lab.frr import FrrPeer  # noqa: E402
from lab.namespace import remove_dead_runs, run  # noqa: E402

MS, MULTIPLIER = 100, 3
DETECTION_MS = MS * MULTIPLIER
ALLOWED_LATE_MS = 10
FRR4, FRR6 = "192.0.2.2", "2001:db8:1::2"
BIRD4, BIRD6 = "198.51.100.2", "2001:db8:2::2"
EVERYBODY = (FRR4, FRR6, BIRD4, BIRD6)


class Demo:
    def __init__(self, lab):
        self.lab = lab
        self.results = []
        self.start = time.monotonic()

    def step(self, text):
        print(f"\n\033[1m[{time.monotonic() - self.start:5.1f} s] {text}\033[0m" if sys.stdout.isatty()
              else f"\n[{time.monotonic() - self.start:5.1f} s] {text}", flush=True)  # fmt: skip

    def result(self, good, text):
        self.results.append((good, text))
        print(("  ok    " if good else "  FAIL  ") + text, flush=True)

    def build_lab(self):
        self.step("Three network namespaces: FRR -- tocsind -- BIRD, a bridge on each path")
        left, right = self.lab.network("left"), self.lab.network("right")
        self.frr_port = left.attach("frr", "f0", [f"{FRR4}/24", f"{FRR6}/64"])
        self.bird_port = right.attach("bird", "b0", [f"{BIRD4}/24", f"{BIRD6}/64"])
        wan0 = self.wan0 = left.attach("tocsin", "t0", silent=True)
        wan1 = right.attach(wan0.namespace, "t1", silent=True)
        timers = {"desired_min_tx_interval": f"{MS}ms", "required_min_rx_interval": f"{MS}ms",
                  "detect_mult": MULTIPLIER}  # fmt: skip
        self.daemon = Tocsind(
            self.lab,
            wan0.namespace,
            [(wan0, "wan0", ["192.0.2.1/24", "2001:db8:1::1/64"]), (wan1, "wan1", ["198.51.100.1/24", "2001:db8:2::1/64"])],
            [
                {"name": name, "remote": remote, "port": port} | timers
                for name, remote, port in (
                    ("frr-4", FRR4, "wan0"), ("frr-6", FRR6, "wan0"),
                    ("bird-4", BIRD4, "wan1"), ("bird-6", BIRD6, "wan1"),
                )
            ],
        )  # fmt: skip
        print(f"tocsind is running: {self.daemon.ctl('version').stdout.splitlines()[1].strip()}")
        self.frr = Frr(self.lab, self.frr_port, [
            FrrPeer("192.0.2.1", None, MS, MS, MULTIPLIER), FrrPeer("2001:db8:1::1", FRR6, MS, MS, MULTIPLIER),
        ])  # fmt: skip
        self.bird = Bird(self.lab, self.bird_port, [
            BirdNeighbor("198.51.100.1", BIRD4), BirdNeighbor("2001:db8:2::1", BIRD6),
        ], MS, MS, MULTIPLIER)  # fmt: skip

    def all_up(self):
        ours = {remote: self.daemon.state(remote) for remote in EVERYBODY}
        frr = [self.frr.status("192.0.2.1"), self.frr.status("2001:db8:1::1")]
        bird = [self.bird.state("198.51.100.1"), self.bird.state("2001:db8:2::1")]
        return set(ours.values()) == {"Up"} and set(frr) == {"up"} and set(bird) == {"Up"}

    def bring_up(self):
        self.step("Four sessions come Up: IPv4 and IPv6, with FRR and with BIRD")
        start = time.monotonic()
        wait_until(self.all_up, 30, "all sessions to be Up on all sides", 0.05)
        # The Poll Sequences of the faster timers end before anybody looks at the tables.
        time.sleep(1)
        self.result(True, f"4 sessions Up, seen from both sides, after {time.monotonic() - start - 1:.1f} s")

    def show(self):
        print("\ntocsinctl session list")
        print(self.daemon.ctl("session", "list").stdout)
        print("FRR: show bfd peers brief")
        print(self.frr.vtysh("show bfd peers brief").strip())
        print("\nBIRD: show bfd sessions")
        print("\n".join(line for line in self.bird.birdc("show", "bfd", "sessions").splitlines() if "BIRD" not in line))

    def carriers(self):
        ports = (self.frr_port, self.wan0)
        return [p.namespace.run("cat", f"/sys/class/net/{p.name}/carrier").stdout.strip() for p in ports]

    def cut(self):
        self.step("The path to FRR is cut in the middle; both interfaces keep their carrier")
        with self.daemon.watch("--state-only") as watch:
            time.sleep(0.5)
            cut = self.frr_port.cut()
            wait_until(lambda: self.frr.status("192.0.2.1") != "up", 5, "FRR to see the cut", 0.005)
            frr_saw = time.time()
            events = [watch.wait(remote, "Down", since=cut) for remote in (FRR4, FRR6)]
            self.result(self.carriers() == ["1", "1"], "both interfaces still have their carrier: only BFD can see it")
            for remote, event in zip((FRR4, FRR6), events):
                down, last_rx = int(event["last_change_us"]), int(event["last_rx_us"])
                took = (down - last_rx) / 1000
                self.result(
                    DETECTION_MS <= took <= DETECTION_MS + ALLOWED_LATE_MS,
                    f"tocsind: {remote} Down {took:.1f} ms after its last packet, {down / 1000 - cut * 1000:.1f} ms "
                    f"after the cut; the watcher was told {event['seen_at'] * 1000 - down / 1000:.1f} ms later "
                    f"({event['session']['status']['diag_name']})",
                )
            self.result(
                (frr_saw - cut) * 1000 < DETECTION_MS + 100,
                f"FRR: 192.0.2.1 down {(frr_saw - cut) * 1000:.0f} ms after the cut (asked again and again by vtysh)",
            )
            others = [self.daemon.session(remote)["status"] for remote in (BIRD4, BIRD6)]
            self.result(
                all(s["state"] == "SESSION_STATE_UP" and s["down_count"] == 0 for s in others),
                "the sessions with BIRD noticed nothing",
            )
        self.show()

    def heal(self):
        self.step("The path is healed")
        healed = self.frr_port.heal()
        wait_until(self.all_up, 30, "all sessions to be Up again", 0.02)
        self.result(True, f"all 4 sessions Up again on all sides {time.time() - healed:.1f} s later")
        time.sleep(1)
        self.show()

    def shut_down(self):
        self.step("tocsind is stopped: its peers are told")
        status = self.daemon.stop()
        self.result(status == 0, f"tocsind ended with status {status}")
        frr = self.frr.show()["192.0.2.1"]
        self.result(
            frr["status"] == "down" and frr["diagnostic"] == "neighbor signaled session down",
            f"FRR: 192.0.2.1 {frr['status']}, {frr['diagnostic']}",
        )

    def summary(self):
        self.step("Summary")
        for good, text in self.results:
            print(("  ok    " if good else "  FAIL  ") + text)
        return bool(self.results) and all(good for good, _ in self.results)

    def keep(self):
        ctl = f"{self.daemon.ctl_command()[0]} --socket unix:{self.daemon.socket}"
        hub = f"ip -n {self.frr_port.network.hub.name} link set {self.frr_port.hub_end}"
        self.lab.keep()
        self.step("Everything is still running. Try:")
        print(f"""
  {ctl} session list
  {ctl} session show frr-4
  {ctl} watch
  {ctl} worker list
  {ctl} session admin-down bird-4
  {ctl} session admin-up bird-4
  vtysh --vty_socket {self.lab.folder}/frr-frr -c 'show bfd peers'
  birdc -s {self.lab.folder}/bird-bird/bird.ctl show bfd sessions
  ip netns exec {self.frr_port.namespace.name} tcpdump -ni f0 udp port 3784
  ip netns exec {self.daemon.namespace.name} curl -s http://127.0.0.1:9466/metrics

Cut the path to FRR and heal it:
  {hub} nomaster
  {hub} master {self.frr_port.network.bridge}

Its log is {self.daemon.log}.
Change {self.daemon.file}, then:
  {ctl} reload

End it all:
  scripts/demo --stop
""")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--stop", action="store_true")
    options = parser.parse_args()
    if options.stop:
        ended = remove_dead_runs(kept=True)
        print(f"ended {ended} kept run(s)" if ended else "nothing was left running")
        return 0
    with Lab() as lab:
        demo = Demo(lab)
        try:
            demo.build_lab()
            demo.bring_up()
            demo.show()
            demo.cut()
            demo.heal()
            if not options.keep:
                demo.shut_down()
        except (LabError, KeyboardInterrupt) as error:
            demo.result(False, str(error) or 'interrupted')
        good = demo.summary()
        if options.keep and good:
            demo.keep()
    if not options.keep:
        left = [line for line in run("ip", "netns").stdout.splitlines() if lab.id in line]
        print("cleaned up" if not left else f"left behind: {left}")
        good = good and not left
    print("\nEverything happened as it should." if good else "\nSomething did not happen; see FAIL above.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
